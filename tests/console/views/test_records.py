from dataclasses import replace
from urllib.parse import quote

import pytest

from console.kafka import groups
from console.kafka.errors import NotFound
from console.kafka.records import Start
from tests.console.fake_kafka import CONFIGS, DOCUMENT, HOSTILE, RECORD


def get(cast, path="", **headers):
    return cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/orders.placed/{path}", headers=headers)


@pytest.mark.parametrize(
    ("query", "start"),
    [
        ("", (None, Start("newest"))),
        ("?start=oldest&partition=3", (3, Start("oldest"))),
        ("?start=offset&offset=9223372036854775807", (None, Start("offset", value=2**63 - 1))),
        ("?start=timestamp&time=2026-11-22T14:06:31.874", (None, Start("timestamp", value=1_795_356_391_874))),
        ("?start=timestamp&time=2026-11-22+14:06", (None, Start("timestamp", value=1_795_356_360_000))),
        ("?start=before&positions=0:5,1:7", (None, Start("before", positions=((0, 5), (1, 7))))),
        ("?start=after&positions=0:5", (None, Start("after", positions=((0, 5),)))),
    ],
)
def test_an_address_says_from_where_records_are_read(cast, kafka, query, start):
    assert get(cast, query).status_code == 200
    assert kafka.asked[-1] == start


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?start=offset&offset=abc", "An offset is a whole number."),
        ("?start=offset&offset=-1", "greater than or equal to 0"),
        ("?start=offset&offset=9223372036854775808", "less than or equal to"),
        ("?start=timestamp&time=yesterday", "A time looks like"),
        ("?start=timestamp&time=1969-12-31 23:59:59.999", "Times begin at 1970-01-01"),
        ("?start=before&positions=x", "cannot be read"),
        ("?start=before&positions=0:99999999999999999999", "cannot be read"),
        ("?start=evil", "evil is not one"),
        ("?partition=-4", "greater than or equal to 0"),
    ],
)
def test_a_wrong_value_is_said_at_its_place_and_nothing_is_read(cast, kafka, query, words):
    answer = get(cast, query)
    assert answer.status_code == 200 and words in answer.content.decode()
    assert not kafka.asked


def test_choosing_an_offset_first_asks_for_it(cast, kafka):
    text = get(cast, "?start=offset").content.decode()
    assert 'id="offset"' in text and "Type an offset" in text and not kafka.asked


def test_older_and_newer_have_addresses(cast, kafka):
    kafka.older, kafka.newer = ((3, 84002117),), ((3, 84002118),)
    text = get(cast, "?start=offset&offset=5&partition=3").content.decode()
    assert "?start=before&amp;partition=3&amp;positions=3%3A84002117" in text
    assert "?start=after&amp;partition=3&amp;positions=3%3A84002118" in text


def test_every_record_has_an_address(cast, kafka):
    address = f"/clusters/{cast.cluster.pk}/topics/orders.placed/records/3/84002117/"
    assert address in get(cast).content.decode()
    text = cast.viewer.get(address).content.decode()
    assert "9223372036854775807" in text and "0.1000000000000000055511151231257827" in text
    assert "/records/3/84002117/previous/" in text and "/records/3/84002117/next/" in text


def test_an_unfolding_row_gets_the_record_alone(cast, kafka):
    text = get(cast, "records/3/84002117/", **{"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith('<div class="record">') and "<html" not in text


def test_a_record_that_is_not_there_is_not_found(cast, kafka):
    answer = get(cast, "records/0/1/")
    assert answer.status_code == 404 and "there is no record at offset 1" in answer.content.decode().lower()
    assert get(cast, "records/0/9223372036854775808/").status_code == 404


def test_null_empty_and_tombstones_are_named(cast, kafka):
    kafka.records = [replace(RECORD, key=None, value=None), replace(RECORD, key=b"", value=b"", offset=2)]
    text = get(cast).content.decode()
    assert "no key" in text and "tombstone" in text and text.count(">empty<") == 2


@pytest.mark.parametrize("path", ["", "records/3/84002117/", "records/3/84002117/?all=1"])
@pytest.mark.parametrize("part", ["key", "value", "headers", "json"])
def test_hostile_text_is_only_text(cast, kafka, path, part):
    hostile = HOSTILE.encode()
    quoted = hostile.replace(b"\x07", b"\\u0007")
    changes = {"key": hostile, "value": hostile, "headers": [(HOSTILE, hostile)]}
    changes["json"] = b'{"' + quoted + b'":["' + quoted + b'"]}'
    kafka.records = [replace(RECORD, **{("value" if part == "json" else part): changes[part]})]
    text = get(cast, path).content.decode()
    assert "<script>window" not in text and "<img src=x" not in text
    assert "\u202e" not in text and "\x07" not in text
    assert "U+202E" in text or (part == "headers" and not path)


def test_the_bytes_can_be_saved_and_are_never_interpreted(cast, kafka):
    answer = get(cast, "records/3/84002117/value.bin")
    assert answer.content == DOCUMENT
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.placed-3-84002117.value"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert get(cast, "records/3/84002117/evil.bin").status_code == 404


def test_long_values_are_folded_before_they_reach_a_browser(cast, kafka):
    kafka.records = [replace(RECORD, value=b"x" * 5_000_000)]
    assert len(get(cast).content) < 100_000
    text = get(cast, "records/3/84002117/").content.decode()
    assert len(text) < 100_000 and "Folded" in text and "?all=1" in text
    assert 1_000_000 < len(get(cast, "records/3/84002117/?all=1").content) < 1_300_000


def test_a_compacted_topic_of_the_built_in_cluster_says_that_compaction_comes_later(cast, kafka):
    assert "Compaction comes with a later version" not in get(cast).content.decode()
    kafka.configs = [replace(CONFIGS[0], value="compact", source="topic"), *CONFIGS[1:]]
    assert "Compaction comes with a later version" in get(cast).content.decode()


def test_a_topic_whose_settings_are_refused_still_has_its_pages(cast, kafka, monkeypatch):
    from console.kafka import configs
    from console.kafka.errors import NotAuthorized

    def refuse(spec, name):
        raise NotAuthorized("DescribeConfigs on topic orders.placed is not allowed")

    monkeypatch.setattr(configs, "topic_configs", refuse)
    assert get(cast).status_code == 200
    assert "DescribeConfigs on topic orders.placed is not allowed" in get(cast, "configs/").content.decode()


def test_the_tail_page_names_its_socket_and_partition(cast, kafka):
    text = get(cast, "live/?partition=3").content.decode()
    assert f'data-socket="/clusters/{cast.cluster.pk}/topics/orders.placed/live/socket?partition=3"' in text
    assert 'live/socket"' in get(cast, "live/?partition=99").content.decode()


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("records/3/first/", "records/3/10/"),
        ("records/3/last/", "records/3/21/"),
        ("records/3/13/previous/", "records/3/10/?from=13"),
        ("records/3/21/previous/", "records/3/20/"),
        ("records/3/10/next/?key_as=long", "records/3/20/?key_as=long&from=10"),
        ("records/3/10/previous/", "records/3/10/?edge=previous"),
        ("records/3/21/next/", "records/3/21/?edge=next"),
        ("records/3/99/next/", "records/3/21/?edge=next"),
    ],
)
def test_one_comes_from_record_to_record_over_gaps(cast, kafka, path, to):
    kafka.records = [replace(RECORD, offset=offset) for offset in (10, 20, 21)]
    answer = get(cast, path)
    assert (answer.status_code, answer.url) == (302, f"/clusters/{cast.cluster.pk}/topics/orders.placed/{to}")
    assert get(cast, to).status_code == 200


def test_a_step_over_a_gap_and_one_beyond_the_end_are_said(cast, kafka):
    assert "9 offsets between" in get(cast, "records/3/84002117/?from=84002107").content.decode()
    assert "it is the newest of this partition" in get(cast, "records/3/84002117/?edge=next").content.decode()
    text = get(cast, "records/0/last/").content.decode()
    assert "This partition holds no record now" in text


def test_a_place_without_a_record_leads_on(cast, kafka):
    answer = get(cast, "records/3/5/")
    assert answer.status_code == 404
    assert "/records/3/5/previous/" in answer.content.decode() and "/records/3/5/next/" in answer.content.decode()
    assert get(cast, "records/3/evil/").status_code == get(cast, "records/3/5/evil/").status_code == 404


LONG = (42).to_bytes(8, "big")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", '42</span> <span class="u">Long</span>'),
        ("?value_as=long", '42</span> <span class="u">Long</span>'),
        ("?value_as=double", '2.08e-322</span> <span class="u">Double</span>'),
        ("?value_as=hex", "00 00 00 00 00 00 00 2a"),
        ("?value_as=base64", "AAAAAAAAACo="),
        ("?value_as=integer", "not an Integer: 8 bytes, not 4"),
        ("?value_as=json", "not JSON"),
        ("?value_as=text", "U+0000"),
        ("?value_as=evil", "“evil” is no way to read bytes"),
    ],
)
def test_values_are_read_as_the_address_says(cast, kafka, query, expected):
    kafka.records = [replace(RECORD, value=LONG)]
    assert expected in get(cast, query).content.decode()
    if "evil" not in query:
        text = get(cast, f"records/3/84002117/{query}").content.decode()
        assert expected.split("<")[0].split("U+")[0].removeprefix("not").rstrip() in text


def test_what_the_readings_are_is_kept_in_every_link(cast, kafka):
    kafka.older = ((3, 84002117),)
    text = get(cast, "?key_as=integer&value_as=hex&partition=3").content.decode()
    rest = "partition=3&amp;key_as=integer&amp;value_as=hex"
    assert f"/records/3/84002117/?{rest}" in text and f"?start=oldest&amp;{rest}" in text
    assert f"/live/?{rest}" in text and "key_as=integer&amp;value_as=hex&amp;partition=3&amp;start=before" in text
    assert "live/socket?key_as=integer" in get(cast, "live/?key_as=integer&value_as=evil").content.decode()


def test_wrong_readings_of_every_kind_of_bytes_are_no_errors(cast, kafka):
    bodies = [None, b"", b"x", b"\xff" * 4, LONG, DOCUMENT, b"[" * 100_000, b"x" * 2_000_000]
    for kind in ("text", "json", "integer", "long", "double", "hex", "base64"):
        kafka.records = [replace(RECORD, key=body, value=body, offset=number) for number, body in enumerate(bodies)]
        assert get(cast, f"?key_as={kind}&value_as={kind}").status_code == 200
        for number in range(len(bodies)):
            answer = get(cast, f"records/3/{number}/?key_as={kind}&value_as={kind}")
            assert answer.status_code == 200 and len(answer.content) < 150_000


def test_gaps_between_rows_and_a_log_that_begins_later_are_said(cast, kafka, monkeypatch):
    from console.kafka import records

    kafka.records = [replace(RECORD, offset=offset) for offset in (30, 33, 34)]
    page = records.RecordPage(kafka.records, [records.PartitionRange(3, 30, 40, 30, 35)], 0, None, None, True)
    monkeypatch.setattr(records, "read", lambda *given, **asked: page)
    text = get(cast, "?start=offset&offset=5").content.decode()
    assert "2 offsets hold no record" in text and "Partition 3 begins at 30 now" in text


def test_a_viewer_is_told_why_not_to_produce_again(cast, kafka):
    text = get(cast, "records/3/84002117/").content.decode()
    assert "This needs the role operator, and you are viewer." in text and "?from=3/84002117" not in text
    path = f"/clusters/{cast.cluster.pk}/topics/orders.placed/records/3/84002117/"
    assert "produce/?from=3/84002117" in cast.operator.get(path).content.decode()


@pytest.mark.parametrize("path", ["records/3/first/", "records/3/84002117/next/"])
@pytest.mark.parametrize(("role", "status"), [("viewer", 302), ("learner", 404), ("stranger", 404), ("nobody", 302)])
def test_who_may_view_may_step(cast, kafka, path, role, status):
    answer = getattr(cast, role).get(f"/clusters/{cast.cluster.pk}/topics/orders.placed/{path}")
    assert answer.status_code == status
    assert ("/login/" in answer.headers.get("Location", "")) == (role == "nobody")


def test_an_empty_topic_leads_to_its_first_record_whom_it_may(cast, kafka):
    kafka.records, kafka.detail = [], replace(kafka.detail, records=0)
    first = "Produce the first one"
    here = f"/clusters/{cast.cluster.pk}/topics/orders.placed/"
    assert first in cast.operator.get(here).content.decode()
    assert first not in cast.viewer.get(here).content.decode()


def test_reading_begins_where_a_group_goes_on(cast, kafka, monkeypatch):
    asked = []

    def positions(spec, group, topic):
        asked.append((group, topic))
        return ((0, 691), (3, 84002117))

    monkeypatch.setattr(groups, "positions", positions)
    text = get(cast, "?start=group&group=fraud-scoring&partition=3").content.decode()
    assert asked == [("fraud-scoring", "orders.placed")] and "cust-11907" in text
    assert kafka.asked[-1][-1] == Start("after", positions=((0, 691), (3, 84002117)))
    assert "Type the name of a group" in get(cast, "?start=group").content.decode() and len(asked) == 1


def test_a_group_whose_place_is_not_known_is_said_at_its_field(cast, kafka, monkeypatch):
    def positions(spec, group, topic):
        raise NotFound(f"group {group} has no commit in {topic}")

    monkeypatch.setattr(groups, "positions", positions)
    answer = get(cast, f"?start=group&group={quote(HOSTILE)}")
    text = answer.content.decode()
    assert answer.status_code == 200 and "has no commit in orders.placed" in text and 'aria-invalid="true"' in text
    assert "<script>window" not in text


def test_a_record_tells_its_time_with_the_date_how_long_ago_and_as_it_is_kept(cast, kafka):
    long_ago = 1_600_000_000_123
    kafka.records = [replace(RECORD, timestamp_ms=long_ago)]
    text = get(cast, "records/3/84002117/").content.decode()
    assert "2020-09-13 12:26:40.123" in text and " ago; " in text and "1\u202f600\u202f000\u202f000\u202f123" in text
    kafka.records = [replace(RECORD, timestamp_ms=2**62)]
    assert str(2**62) in get(cast, "records/3/84002117/").content.decode()  # no calendar has it
