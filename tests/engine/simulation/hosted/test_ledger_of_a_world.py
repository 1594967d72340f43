"""The delivery ledger says what happened: lost, again, never; checked against what brokers and clients did."""

from engine.simulation.hosted import copies
from engine.simulation.hosted.inside import records
from tests.engine.simulation.hosted.worlds import begin, consumer, producer, until


def partition(timeline, index=0, topic="orders"):
    return timeline.world.past.ledger.summary()["partitions"][f"{topic}-{index}"]


def totals(timeline, group="readers"):
    found = {}
    for name, one in timeline.world.past.ledger.summary()["partitions"].items():
        if name.startswith("orders"):
            for what, count in one["groups"].get(group, {}).items():
                found[what] = found.get(what, 0) + count
    return found


def test_a_record_goes_from_appended_to_committed():
    timeline = begin()
    consumer(timeline, commit="after")
    timeline.act({"do": "produce", "topic": "orders", "value": "one", "partition": 0})
    ledger = timeline.world.past.ledger
    until(timeline, {"seen": "appended", "topic": "orders"})
    assert ledger.record("orders", 0, 0) == (True, False, False, False, {}, None)
    until(timeline, {"seen": "synced", "topic": "orders"})
    assert ledger.record("orders", 0, 0)[:4] == (True, False, True, True)
    until(timeline, {"seen": "acknowledged"})
    until(timeline, {"seen": "processed"})
    assert ledger.record("orders", 0, 0) == (True, True, True, True, {"readers": (1, 1, False)}, None)
    until(timeline, {"seen": "committed", "offset": 1})
    assert ledger.record("orders", 0, 0).groups == {"readers": (1, 1, True)}


def test_what_acks_1_promised_is_lost_with_the_power_and_the_ledger_says_so():
    timeline = begin()
    timeline.act({"do": "slow disk", "by_ms": 5_000})
    timeline.act({"do": "produce", "topic": "orders", "value": "gone", "partition": 0, "acks": "1", "count": 2})
    until(timeline, {"seen": "acknowledged"})
    timeline.act({"do": "kill", "loses": "unsynced"})
    timeline.act({"do": "slow disk", "by_ms": 0})
    timeline.act({"do": "start"})
    ledger = timeline.world.past.ledger
    assert (ledger.lost_count, ledger.lost_acknowledged) == (2, 2)
    assert [(one.topic, one.partition, one.offset, one.acknowledged) for one in ledger.lost] == [
        ("orders", 0, 0, True),
        ("orders", 0, 1, True),
    ]


def test_with_acks_all_nothing_that_was_acknowledged_is_lost():
    timeline = begin()
    timeline.act({"do": "slow disk", "by_ms": 5_000})
    timeline.act({"do": "produce", "topic": "orders", "value": "never promised", "partition": 0, "acks": "all"})
    until(timeline, {"seen": "appended", "topic": "orders"})
    timeline.run(3)
    timeline.act({"do": "kill", "loses": "unsynced"})
    timeline.act({"do": "start"})
    timeline.run(50)
    ledger = timeline.world.past.ledger
    assert (ledger.lost_count, ledger.lost_acknowledged, ledger.unsure) == (1, 0, 1)


def retried(idempotent):
    """A producer that does not wait for a slow disk, and sends again what the broker has already."""
    timeline = begin()
    timeline.act({"do": "slow disk", "by_ms": 3_000})
    producer(timeline, limit=2, idempotent=idempotent, request_timeout_ms=2_000, partition=0)
    until(timeline, {"seen": "appended", "topic": "orders"})
    until(timeline, {"seen": "duplicate"} if idempotent else {"seen": "appended", "first": {"ge": 2}})
    timeline.act({"do": "slow disk", "by_ms": 0})
    timeline.run(400)
    return timeline


def test_a_producer_that_is_retried_without_idempotence_leaves_its_records_twice_in_the_log():
    timeline = retried(idempotent=False)
    found, ledger = partition(timeline), timeline.world.past.ledger
    assert (found["end"], found["written again"]) == (4, 2)
    made_by = [record["value"] for record in records(timeline.world, "orders", 0, 0, 4)]
    first = [made_by.index(one) for one in made_by]
    assert sorted({*made_by}) == ["p1 1", "p1 2"]
    told = [ledger.record("orders", 0, offset).copy_of for offset in range(4)]
    assert told == [None if first[offset] == offset else first[offset] for offset in range(4)]
    head = timeline.head
    timeline.jump(head // 2)
    timeline.jump(head)
    assert partition(timeline) == found, "a fact, however often one looked"


def test_with_idempotence_they_are_there_once():
    timeline = retried(idempotent=True)
    found = partition(timeline)
    assert (found["end"], found["written again"]) == (2, 0)


def test_batches_of_idempotent_producers_are_not_taken_apart(monkeypatch):
    looked = []
    monkeypatch.setattr(copies, "decode_records", lambda batch: looked.append(batch) or [])
    retried(idempotent=True)
    assert not looked
    retried(idempotent=False)
    assert len(looked) == 4


def test_a_copy_that_is_lost_is_no_copy_any_more():
    timeline = begin()
    timeline.act({"do": "slow disk", "by_ms": 60_000})
    producer(timeline, limit=1, idempotent=False, request_timeout_ms=2_000, partition=0)
    while partition(timeline)["written again"] < 1:
        timeline.run(1)
    timeline.act({"do": "slow disk", "by_ms": 0})
    timeline.act({"do": "kill", "loses": "unsynced"})
    timeline.act({"do": "start"})
    timeline.run(50, until_us=timeline.world.now_us + 10_000)
    assert (partition(timeline)["written again"], timeline.world.past.ledger.lost_count) == (0, 2)


def test_who_commits_after_the_work_processes_again_what_it_did_not_commit():
    """Lesson 8: crash at each of the places; only after the work, before the commit, something comes twice."""
    for at, again in (("before poll", 0), ("after poll", 0), ("after work", 1), ("after commit", 0)):
        timeline = begin()
        consumer(timeline, commit="after", session_timeout_ms=6_000, crash={"at": at, "after": 1, "down_ms": 100})
        until(timeline, {"seen": "rebalanced"})
        timeline.act({"do": "produce", "topic": "orders", "value": "work", "partition": 0})
        until(timeline, {"seen": "dies"}, 200)
        until(timeline, {"seen": "rebalanced"})
        until(timeline, {"seen": "committed", "offset": 1}) if totals(timeline)["committed"] < 1 else None
        timeline.run(100)
        found = totals(timeline)
        assert (at, found["processed"], found["processed again"]) == (at, 1, again)


def test_who_commits_before_the_work_never_processes_what_it_had_when_it_died():
    timeline = begin()
    consumer(timeline, commit="before", session_timeout_ms=6_000, crash={"at": "after commit", "down_ms": 100})
    until(timeline, {"seen": "rebalanced"})
    timeline.act({"do": "produce", "topic": "orders", "value": "never worked on", "partition": 0})
    until(timeline, {"seen": "dies"})
    until(timeline, {"seen": "rebalanced"})
    timeline.run(300)
    assert totals(timeline)["committed, never processed"] == 1


def test_a_reader_without_a_group_has_a_ledger_of_its_own():
    timeline = begin()
    timeline.act({"do": "add", "actor": {"kind": "consumer", "name": "alone", "topic": "orders"}})
    timeline.act({"do": "produce", "topic": "orders", "value": "one", "partition": 1, "count": 3})
    until(timeline, {"seen": "processed"})
    assert totals(timeline, "(alone)")["processed"] == 3


def test_a_full_disk_refuses_and_the_producer_is_told():
    timeline = begin()
    timeline.act({"do": "full disk", "spare_bytes": 10})
    timeline.act({"do": "produce", "topic": "orders", "value": "too much", "partition": 0})
    until(timeline, {"seen": "not acknowledged"})
    assert timeline.world.past.ledger.refused == 1
    timeline.act({"do": "full disk", "full": False})
    timeline.act({"do": "produce", "topic": "orders", "value": "fits", "partition": 0})
    until(timeline, {"seen": "acknowledged"})


def test_the_partitioners_of_clients_disagree_and_sticky_ignores_keys():
    spread = {}
    for name in ("java", "librdkafka", "sticky"):
        timeline = begin()
        producer(timeline, keys="round", key_count=9, partitioner=name, limit=40, rate=200, linger_ms=0)
        until(timeline, {"seen": "acknowledged", "record": 40})
        spread[name] = [partition(timeline, index)["end"] for index in range(3)]
    assert spread["java"] != spread["librdkafka"]
    assert all(sum(counts) == 40 for counts in spread.values())


def test_another_producer_of_the_same_name_writes_records_of_its_own():
    timeline = begin()
    for _ in range(2):
        producer(timeline, limit=5, acks="1", partition=0)
        timeline.run(300, until_us=timeline.world.now_us + 2_000_000)
        timeline.act({"do": "remove", "name": "p1"})
    assert (partition(timeline)["end"], partition(timeline)["written again"]) == (10, 0)


def test_a_header_that_is_no_declared_producers_is_none_and_harms_nobody():
    timeline = begin()
    for header in ("p1:²", "p1:" + "9" * 900, "nobody:7", "p1:", ":", "p1:-1"):
        timeline.act({"do": "produce", "topic": "orders", "partition": 0, "headers": {"sandbox.record": header}})
        timeline.run(50)
    producer(timeline, "p1", limit=1, partition=0)
    timeline.act({"do": "produce", "topic": "orders", "partition": 0, "headers": {"sandbox.record": "p1:²"}})
    timeline.run(200)
    assert partition(timeline)["written again"] == 0
    assert timeline.world.past.ledger.of("orders", 0).written == {}
