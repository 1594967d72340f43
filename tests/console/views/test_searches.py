import random
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from console.kafka.connection import ConnectionSpec
from console.models import AuditEntry, Search, SearchPart
from console.search import jobs, work
from console.templatetags.console_tags import seconds
from console.views import downloads
from tests.console.fake_kafka import HOSTILE
from tests.console.fake_scan import FakeScan
from tests.console.search.batches import random_log
from tests.console.search.test_language import ESCAPES

TOPIC = "orders.placed"


@pytest.fixture
def topic(kafka, monkeypatch) -> FakeScan:
    chance = random.Random(1)
    return FakeScan([random_log(chance, partition, batches=20) for partition in range(4)]).put_in_place(monkeypatch)


def address(cast, path="search/") -> str:
    return f"/clusters/{cast.cluster.pk}/topics/{TOPIC}/{path}"


def begin(cast, query="nee", client=None) -> Search:
    answer = (client or cast.viewer).post(address(cast), {"q": query})
    assert answer.status_code == 302, answer.content.decode()
    return Search.objects.get(pk=answer.url.split("/")[-2])


def finish(search: Search) -> None:
    work.read_on(search, ConnectionSpec("127.0.0.1:9"))


def page(cast, search, client=None, query="", **headers) -> str:
    answer = (client or cast.viewer).get(address(cast, f"search/{search.pk}/{query}"), headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_search_is_begun_read_and_shown(cast, topic):
    search = begin(cast)
    text = page(cast, search)
    assert "not yet" in text and 'hx-trigger="every 1s"' in text and "Cancel" in text
    finish(search)
    text = page(cast, search)
    count = jobs.found_count(search)
    assert f"{count} found" in text and "every 1s" not in text and "Cancel" not in text
    partition, offset = search.hits.values_list("partition", "offset").first()
    assert address(cast, f"records/{partition}/{offset}/") in text
    assert page(cast, search, cast.operator) and not AuditEntry.objects.exists(), "reads are not audited"


def test_progress_comes_alone_until_there_are_new_rows(cast, topic):
    search = begin(cast)
    headers = {"HX-Request": "true", "HX-Target": "progress"}
    text = page(cast, search, query="?shown=0", **headers)
    assert 'id="progress"' in text and 'id="rows"' not in text and "<html" not in text
    finish(search)
    answer = cast.viewer.get(address(cast, f"search/{search.pk}/?shown=0"), headers=headers)
    assert (
        answer.headers["HX-Retarget"] == "#rows" and b'id="rows"' in answer.content and b"<html" not in answer.content
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("key:", "At character 5: After : a text or a number is missing"),
        ("a (b", "At character 3: This bracket is not closed"),
        ("", "Type what to look for"),
        ("partition:99 a", "asks for none of them"),
        (HOSTILE, "At character"),
    ],
)
def test_a_wrong_query_is_kept_and_said(cast, topic, query, words):
    answer = cast.viewer.post(address(cast), {"q": query})
    text = answer.content.decode()
    assert answer.status_code == 409 and words in text and not Search.objects.exists()
    kept = re.search(r'id="q" name="q" value="([^"]*)"', text)
    assert kept and (query == HOSTILE or kept[1] == query) and "<script>window" not in text


@pytest.mark.parametrize("text", ESCAPES, ids=range(len(ESCAPES)))
@pytest.mark.parametrize("path", ["search/", "download/"])
def test_every_escape_is_refused_at_each_door(cast, topic, path, text):
    if path == "search/":
        answer = cast.viewer.post(address(cast), {"q": text})
    else:
        answer = cast.viewer.get(address(cast, path), {"q": text, "format": "jsonl"})
    assert answer.status_code == 409 and b"At character" in answer.content and not Search.objects.exists()


@pytest.mark.parametrize(
    ("field", "name", "text", "query"),
    [
        ("", "", "two words", 'nee "two words"'),
        ("key", "", 'a"b', 'nee key:"a\\"b"'),
        ("field", "ship_to.odd name", "x", 'nee value.ship_to."odd name":"x"'),
        ("field", "n", "-1.5", "nee value.n=-1.5"),
        ("header", "trace.id", "4bf", 'nee header."trace.id":"4bf"'),
        ("since", "", "2026-11-24 14:02", "nee time>=2026-11-24T14:02"),
        ("until", "", "2026-11-24", "nee time<2026-11-24"),
        ("partition", "", "0-3", "nee partition:0-3"),
    ],
)
def test_a_condition_can_be_put_together(cast, topic, field, name, text, query):
    answer = cast.viewer.post(address(cast), {"q": "nee", "add": "1", "field": field, "name": name, "text": text})
    assert answer.status_code == 302
    shown = cast.viewer.get(answer.url)
    assert shown.context["page"].query.text == query and shown.context["page"].query.mistake is None


@pytest.mark.parametrize(
    ("field", "name", "text", "words"),
    [
        ("key", "", "", "Type what to look for"),
        ("field", "", "x", "Which field?"),
        ("since", "", "noon", "A time looks like"),
    ],
)
def test_a_condition_that_is_none_is_said_at_its_field(cast, topic, field, name, text, words):
    answer = cast.viewer.post(address(cast), {"q": "nee", "add": "1", "field": field, "name": name, "text": text})
    assert answer.status_code == 409 and words in answer.content.decode()


def test_chips_say_what_the_query_says_and_take_conditions_out(cast, topic):
    text = cast.viewer.get(address(cast), {"q": "key:a value.n=1"}).content.decode()
    assert "?q=value.n%3D1" in text and "?q=key%3Aa" in text


def test_without_redis_the_page_says_that_search_cannot_run_now(cast, topic):
    topic.no_queue = "Redis does not answer (Connection refused)"
    answer = cast.viewer.post(address(cast), {"q": "nee"})
    text = answer.content.decode()
    assert (
        answer.status_code == 409 and "Search cannot run now: Redis does not answer" in text and 'value="nee"' in text
    )


def test_a_query_is_kept_when_the_cluster_does_not_answer(cast, topic):
    topic.down = "connection refused by 127.0.0.1:9"
    answer = cast.viewer.post(address(cast), {"q": "nee"})
    text = answer.content.decode()
    assert (
        answer.status_code == 409 and "The cluster did not answer: connection refused" in text and 'value="nee"' in text
    )


def test_who_may_cancel(cast, topic):
    search = begin(cast)
    cancel = address(cast, f"search/{search.pk}/cancel/")
    assert cast.stranger.post(cancel).status_code == 404
    answer = cast.operator.post(cancel)
    assert answer.status_code == 403 and "begun by vera" in answer.content.decode()
    assert cast.viewer.get(cancel).status_code == 405
    assert cast.admin.post(cancel).status_code == 302
    assert "cancelled" in page(cast, search) and "Cancelled before anything was found" in page(cast, search)


@pytest.mark.parametrize("path", ["search/", "download/"])
def test_strangers_see_nothing(cast, topic, path):
    search = begin(cast)
    for rest in (path, f"search/{search.pk}/", f"search/{search.pk}/download/?format=csv"):
        assert cast.stranger.get(address(cast, rest)).status_code == 404
        assert cast.learner.get(address(cast, rest)).status_code == 404
        assert cast.nobody.get(address(cast, rest)).status_code == 302


def test_a_search_belongs_to_its_topic(cast, topic):
    search = begin(cast)
    other = f"/clusters/{cast.cluster.pk}/topics/other/search/{search.pk}/"
    assert (
        cast.viewer.get(other).status_code == 404 and cast.viewer.get(other + "download/?format=csv").status_code == 404
    )


def test_every_state_has_its_words(cast, topic):
    search = begin(cast)
    Search.objects.update(seen_at=timezone.now() - timedelta(seconds=20))
    assert "No worker has said anything of this search for 20\u202fs" in page(cast, search)
    part = search.parts.get(partition=2)
    SearchPart.objects.filter(pk=part.pk).update(
        state=jobs.Part.FAILED, position=part.start + 1, reason="TOPIC_AUTHORIZATION_FAILED", damaged=3,
        not_compared=2, gone=4, trouble="Record is corrupt",
    )  # fmt: skip
    Search.objects.update(interruptions=1)
    text = page(cast, search)
    for words in ("Partition 2 was read up to offset", "3 offsets are damaged", "2 records could not be compared"):
        assert words in text
    assert "4 offsets were deleted" in text and "The worker that read it ended 1 time" in text and ">failed<" in text
    finish(search)
    search.refresh_from_db()
    assert "partly done" in page(cast, search)
    nothing = begin(cast, "nowhere-at-all")
    finish(nothing)
    assert "Nothing matches" in page(cast, nothing)


def test_offsets_that_hold_no_record_are_not_called_records(cast, topic):
    search = begin(cast, "nowhere-at-all")
    assert "of " in page(cast, search)
    finish(search)
    records, offsets = (
        sum(len(log.everything()) for log in topic.logs.values()),
        sum(log.end - log.start for log in topic.logs.values()),
    )
    text = page(cast, search)
    assert records < offsets and f"Read {offsets} of {offsets} offsets, {records} records" in text
    assert f"{records} records were read; the other offsets hold none" in text


def test_records_that_went_are_said_and_a_dead_cluster_leaves_the_places(cast, topic):
    search = begin(cast, "not zzz")
    finish(search)
    topic.logs[0].start = topic.logs[0].end
    assert "not in the topic any more" in page(cast, search)
    topic.down = "connection refused by 127.0.0.1:9"
    text = page(cast, search)
    assert "cannot be shown now: connection refused" in text and "not shown" in text


def test_hostile_records_are_only_text(cast, topic, monkeypatch):
    from tests.console.search import batches

    monkeypatch.setattr(batches, "WORDS", [HOSTILE.encode(), b"nee"])
    topic.logs = {0: random_log(random.Random(2), 0, batches=10)}
    search = begin(cast)
    finish(search)
    text = page(cast, search)
    assert "<script>window" not in text and "<img src=x" not in text and "U+202E" in text


def test_found_records_are_saved(cast, topic):
    search = begin(cast)
    finish(search)
    for form, kind in (("jsonl", "application/x-ndjson"), ("csv", "text/csv")):
        answer = cast.viewer.get(address(cast, f"search/{search.pk}/download/?format={form}"))
        body = b"".join(_blocks(answer)).decode()
        assert body.count("\n") >= search.hits.count()
        assert answer.headers["Content-Type"].startswith(kind) and answer.headers["X-Content-Type-Options"] == "nosniff"
        assert re.fullmatch(
            rf'attachment; filename="orders\.placed-\d{{8}}T\d{{6}}Z\.{form}"', answer.headers["Content-Disposition"]
        )
    assert cast.viewer.get(address(cast, f"search/{search.pk}/download/?format=exe")).status_code == 404
    assert not downloads._going


def test_a_topic_is_saved_as_far_as_one_asks_for_it(cast, topic):
    answer = cast.viewer.get(address(cast, "download/"), {"q": "partition:1", "format": "jsonl", "limit": "3"})
    lines = b"".join(_blocks(answer)).decode().splitlines()
    assert len(lines) == 4 and "the limit of this download" in lines[-1]
    for limit in ("0", "x", "1000001", "-1", "9" * 30):
        answer = cast.viewer.get(address(cast, "download/"), {"format": "csv", "limit": limit})
        assert answer.status_code == 409 and "from 1 to" in answer.content.decode()
    topic.down = "connection refused"
    assert cast.viewer.get(address(cast, "download/"), {"format": "csv"}).status_code == 503
    assert not downloads._going


def test_one_person_has_two_downloads_going(cast, topic):
    going = [cast.viewer.get(address(cast, "download/"), {"format": "csv"}) for _ in range(2)]
    answer = cast.viewer.get(address(cast, "download/"), {"format": "csv"})
    assert answer.status_code == 409 and "2 downloads going" in answer.content.decode()
    going[0].close()
    answer = cast.viewer.get(address(cast, "download/"), {"format": "csv"})
    assert answer.status_code == 200
    answer.close()
    going[1].close()
    assert not downloads._going


def test_nothing_is_read_for_a_file_that_nobody_takes_any_more(cast, topic, monkeypatch):
    monkeypatch.setattr("console.search.downloads.BLOCK_BYTES", 1)
    answer = cast.viewer.get(address(cast, "download/"), {"format": "csv", "q": "nee"})
    asked = []
    topic.before_chunk = lambda partition, position: asked.append((partition, position))
    answer.close()
    assert not [*answer.blocks][3:] and len(asked) <= 1


def _blocks(answer):
    from asgiref.sync import async_to_sync

    async def collect():
        return [block async for block in answer.streaming_content]

    try:
        return async_to_sync(collect)()
    finally:
        answer.close()


@pytest.mark.parametrize("number", ["000001" + "9" * 30, "9" * 5000, "-1", "0", "²", "201"])
def test_a_page_that_cannot_be_is_the_first(cast, topic, number):
    search = begin(cast)
    finish(search)
    rows = [re.findall('id="hit-[^"]+', page(cast, search, query=f"?page={asked}")) for asked in (number, 1)]
    assert rows[0] == rows[1] != []


@pytest.mark.parametrize(("length_s", "words"), [(0.42, "0.4 s"), (5, "5 s"), (59.6, "1 min"), (122.0, "2 min 2 s")])
def test_how_long_it_took_is_said_in_minutes_once_there_are_some(length_s, words):
    assert seconds(length_s).replace("\u202f", " ") == words
