import json
from dataclasses import replace

import pytest

from console.kafka.errors import ClusterUnreachable, KafkaRefused
from console.models import AuditEntry, Result, User
from console.services import audit
from console.services.audit import Actor, Refusal, TooOften, writing

pytestmark = pytest.mark.django_db


def actor() -> Actor:
    return Actor(User.objects.get(username="otto"), "otto", "browser", "127.0.0.1")


def only_entry() -> AuditEntry:
    return AuditEntry.objects.get()


def test_an_intent_is_there_before_anything_is_done_and_its_result_after(cast):
    with writing(actor(), "topic.create", "orders", cluster=cast.cluster, after={"partitions": 6}) as note:
        assert only_entry().result == Result.INTENDED and only_entry().finished_at is None
        note.after = {"partitions": 6, "id": "x"}
    entry = only_entry()
    assert (entry.result, entry.after, entry.user_name) == (Result.DONE, {"partitions": 6, "id": "x"}, "otto")
    assert entry.finished_at is not None


@pytest.mark.parametrize(
    ("error", "result", "reason"),
    [
        (KafkaRefused("TOPIC_ALREADY_EXISTS", "it is there"), Result.REFUSED, "TOPIC_ALREADY_EXISTS: it is there"),
        (ClusterUnreachable("no answer"), Result.UNKNOWN, "no answer"),
        (Refusal("two tabs"), Result.REFUSED, "two tabs"),
        (ZeroDivisionError("ours"), Result.FAILED, "ZeroDivisionError: ours"),
        (KeyboardInterrupt(), Result.FAILED, "KeyboardInterrupt: "),
    ],
)
def test_what_went_wrong_is_noted_and_passed_on(cast, error, result, reason):
    with pytest.raises(type(error)), writing(actor(), "topic.create", "orders", cluster=cast.cluster):
        raise error
    assert (only_entry().result, only_entry().reason) == (result, reason)


def test_an_entry_outlives_its_people_and_clusters(cast):
    with writing(actor(), "topic.create", "orders", cluster=cast.cluster):
        pass
    cast.cluster.delete()
    User.objects.filter(username="otto").delete()
    entry = only_entry()
    assert (entry.cluster, entry.user) == (None, None)
    assert (entry.cluster_name, entry.user_name) == ("orders-eu", "otto")


def test_hostile_and_huge_text_costs_little(cast):
    with writing(actor(), "topic.configure", "\ud800" * 500, cluster=cast.cluster, after={"x": ["y" * 10**6]}):
        pass
    entry = only_entry()
    assert len(entry.target) == 300 and len(entry.after["x"][0]) == 2000


def test_many_things_in_one_entry_cost_little_and_names_are_text_that_pages_can_show(cast):
    many = {"\ud800" * 400 + str(number): "y" * 3000 for number in range(600)}
    with writing(actor(), "topic.configure", "t", cluster=cast.cluster, before=list(many), after=many):
        pass
    entry = only_entry()
    assert len(json.dumps(entry.after)) < 100_000 and len(json.dumps(entry.before)) < 100_000
    assert entry.after["…"] == "600 in all" and entry.before[-1] == "… 600 in all"
    assert cast.owner.get(f"/audit/{entry.pk}/").status_code == 200


def test_a_guest_makes_a_bounded_number_of_entries_and_then_nothing_is_done(cast, monkeypatch):
    monkeypatch.setattr(audit, "GUEST_ENTRIES_AN_HOUR", 3)
    guest = Actor(None, "guest 1234", is_guest=True)
    done = []

    def write(who):
        with writing(who, "topic.create", "orders", cluster=cast.cluster):
            done.append(who.name)

    for _ in range(3):
        write(guest)
    with pytest.raises(TooOften):
        write(guest)
    write(replace(guest, name="guest 5678"))
    for _ in range(4):
        write(actor())
    assert done == ["guest 1234"] * 3 + ["guest 5678"] + ["otto"] * 4
    assert AuditEntry.objects.count() == len(done)
