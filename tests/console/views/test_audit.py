import json

import pytest

from console.models import AuditEntry, Cluster, User
from console.services import audit_log
from console.services.audit_log import changes, entries_of, page_of, words_of
from tests.console.fake_kafka import HOSTILE

BREAKING = "a\r\nSet-Cookie: x=1\u2028b"


def entry(cluster=None, **fields) -> AuditEntry:
    given = {"user_name": "otto", "via": "browser", "action": "topic.create", "target": "orders", "result": "done"}
    return AuditEntry.objects.create(cluster=cluster, cluster_name=cluster.name if cluster else "", **given | fields)


def text(answer) -> str:
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


@pytest.fixture
def log(cast) -> str:
    return f"/clusters/{cast.cluster.pk}/audit/"


def test_the_log_of_a_cluster_holds_its_entries_only(cast, log):
    other = Cluster.objects.create(name="other", bootstrap="h:1")
    entry(cast.cluster, target="ours")
    entry(other, target="theirs")
    entry(target="of the installation")
    shown = text(cast.admin.get(log))
    assert "ours" in shown and "theirs" not in shown and "of the installation" not in shown
    everything = text(cast.owner.get("/audit/"))
    assert all(words in everything for words in ("ours", "theirs", "of the installation"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?who=otto", {"a", "b"}),
        ("?action=topic.delete", {"b"}),
        ("?action=topic", {"a", "b"}),
        ("?result=refused", {"c"}),
        ("?q=POLICY", {"c"}),
        ("?q=target-a&who=otto", {"a"}),
        ("?since=2030-01-01T00:00", set()),
        ("?until=2030-01-01T00:00", {"a", "b", "c"}),
        ("?since=nonsense&result=x&cluster=y&older=-1&newer=z", {"a", "b", "c"}),
        ("?q=%00&who=%00", {"a", "b", "c"}),
    ],
)
def test_filters_stand_in_the_address(cast, log, query, found):
    for target, more in {
        "a": {}, "b": {"action": "topic.delete"},
        "c": {"user_name": "vera", "action": "member.add", "result": "refused", "reason": "POLICY_VIOLATION"},
    }.items():  # fmt: skip
        entry(cast.cluster, target=f"target-{target}", **more)
    shown = text(cast.admin.get(log + query))
    assert {one for one in "abc" if f"target-{one}" in shown} == found


def test_the_log_of_the_installation_is_filtered_by_cluster(cast):
    entry(cast.cluster, target="ours")
    entry(target="elsewhere")
    shown = text(cast.owner.get(f"/audit/?cluster={cast.cluster.pk}"))
    assert "ours" in shown and "elsewhere" not in shown


def test_pages_hang_on_ids_and_stay_while_entries_are_written(cast):
    made = [entry(target=f"t{number}").pk for number in range(120)][::-1]
    first = page_of(entries_of(None))
    assert [one.pk for one in first.entries] == made[:50] and first.newer is None
    entry(target="meanwhile")
    second = page_of(entries_of(None), older=first.older)
    third = page_of(entries_of(None), older=second.older)
    assert [one.pk for one in (*second.entries, *third.entries)] == made[50:] and third.older is None
    back = page_of(entries_of(None), newer=third.newer)
    assert [one.pk for one in back.entries] == made[50:100]
    assert page_of(entries_of(None), newer=back.newer).entries[-1].pk == made[49]


def test_an_entry_opens_to_what_was_before_and_after(cast, log):
    one = entry(
        cast.cluster, before={"retention.ms": "1", "x": {"y": [1]}}, after={"retention.ms": "2", "x": {"y": [1]}}
    )
    assert [(c.name, c.before, c.after, c.changed) for c in changes(one)] == [
        ("retention.ms", "1", "2", True),
        ("x.y", "[1]", "[1]", False),
    ]
    counted = entry(cast.cluster, before={"retention.ms": "86400000"}, after={"retention.ms": "604800000", "0": 17_000})
    assert ("0", None, "17\u202f000", True) in [(c.name, c.before, c.after, c.changed) for c in changes(counted)]
    shown = text(cast.admin.get(f"{log}{counted.pk}/"))
    assert "1\u202fd" in shown and "604800000" in shown and "7\u202fd" in shown, "as it is, and in words"
    part = text(cast.admin.get(f"{log}{one.pk}/", headers={"HX-Request": "true"}))
    assert "1 of 2 differ" in part and "<html" not in part
    assert "<html" in text(cast.admin.get(f"{log}{one.pk}/"))


def test_an_intent_without_a_result_says_what_was_meant_and_what_to_do(cast, log):
    one = entry(cast.cluster, result="intended", action="records.delete", after={"0": 17})
    listed = text(cast.admin.get(log))
    assert "1 intent has no result" in listed and "no result" in listed
    opened = text(cast.admin.get(f"{log}{one.pk}/"))
    assert "What was meant" in opened and f'href="/clusters/{cast.cluster.pk}/">Look at orders-eu now' in opened
    assert "Delete records of" in opened


def test_a_deed_that_nobody_knows_of_says_so(cast, log):
    one = entry(cast.cluster, result="unknown", reason="no answer within 6 s")
    assert "Nobody knows whether it was done" in text(cast.admin.get(f"{log}{one.pk}/"))


def test_hostile_entries_are_text_and_break_no_line(cast, log):
    hostile = {
        "target": HOSTILE,
        "user_name": HOSTILE[:150],
        "via": HOSTILE,
        "address": HOSTILE[:100],
        "reason": HOSTILE,
    }
    one = entry(cast.cluster, **hostile, before={HOSTILE: HOSTILE}, after={BREAKING: BREAKING})
    for path in (log, f"{log}{one.pk}/", "/audit/"):
        shown = text(cast.owner.get(path))
        assert "<script>window" not in shown and "<img" not in shown and "U+202E" in shown
    lines = text(cast.admin.get(f"{log}download/"))
    assert lines.count("\n") == 1 and lines.isascii() and "\r" not in lines
    assert json.loads(lines)["after"] == {BREAKING: BREAKING}


def test_a_download_has_the_filters_and_a_bound(cast, log, monkeypatch):
    monkeypatch.setattr(audit_log, "LINES_MAX", 3)
    for number in range(5):
        entry(cast.cluster, target=f"t{number}", user_name="vera" if number == 0 else "otto")
    answer = cast.admin.get(f"{log}download/?who=otto")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
    told = [json.loads(line) for line in text(answer).splitlines()]
    assert [line["target"] for line in told] == ["t4", "t3", "t2"]
    assert set(told[0]) == {
        "id", "at", "finished_at", "who", "via", "address", "cluster_id", "cluster", "action", "target", "before",
        "after", "result", "reason",
    }  # fmt: skip


def test_entries_outlive_the_people_and_connections_they_name(cast):
    one = entry(cast.cluster, user=User.objects.get(username="otto"))
    cast.cluster.delete()
    User.objects.get(username="otto").delete()
    shown = text(cast.owner.get(f"/audit/{one.pk}/"))
    assert "otto" in shown and "orders-eu" in shown


@pytest.mark.parametrize(
    ("action", "words"),
    [("topic.create", "Create topic"), ("member.add", "Add member"), ("session.refuse", "Sign in, refused")],
)
def test_actions_are_told_in_words(action, words):
    assert words_of(AuditEntry(action=action)) == words


def test_a_page_and_the_api_name_an_action_alike(cast):
    for action, words in (("topic.alter_configs", "Change settings of"), ("topic.add_partitions", "Add partitions to")):
        assert words_of(entry(action=action)) == words
