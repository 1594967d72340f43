"""Resets: where each partition goes, and that nothing moves unless it is as the review showed it."""

import threading

import pytest

from console.kafka import groups as kafka_groups
from console.kafka.connection import ConnectionSpec
from console.kafka.group_offsets import Bounds
from console.services import groups
from console.services.groups import Move, ResetRefused, Wish, check_unchanged, planned
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster
from tests.console.kafka.group_data import commit, member

LOG = Bounds(10, 100)


@pytest.mark.parametrize(
    ("wish", "before", "after", "note"),
    [
        (Wish("t", None, "earliest"), 50, 10, ""),
        (Wish("t", None, "latest"), 50, 100, ""),
        (Wish("t", None, "latest"), None, 100, ""),
        (Wish("t", None, "offset", 60), 50, 60, ""),
        (Wish("t", None, "offset", 101), 50, 100, "the end"),
        (Wish("t", None, "offset", 9), 50, 10, "the beginning"),
        (Wish("t", None, "shift", 20), 50, 70, ""),
        (Wish("t", None, "shift", -2000), 50, 10, "the beginning"),
        (Wish("t", None, "shift", 2**63 - 1), 50, 100, "the end"),
        (Wish("t", None, "shift", 1), None, None, "nothing is committed"),
    ],
)
def test_a_partition_goes_where_it_is_asked_to_and_stays_in_its_log(wish, before, after, note):
    move = planned(0, wish, before, LOG, None)
    assert (move.before, move.after) == (before, after) and note in move.note


def test_a_time_is_looked_up_and_one_that_is_too_late_is_the_end():
    wish = Wish("t", None, "time", 1_700_000_000_000)
    assert planned(0, wish, 50, LOG, 42).after == 42
    late = planned(0, wish, 50, LOG, None)
    assert late.after == 100 and "no record is that young" in late.note


def test_a_partition_that_tells_no_offsets_stays():
    move = planned(0, Wish("t", None, "earliest"), 5, Bounds(None, None, "no leader"), None)
    assert move.after is None and not move.changes and "no leader" in move.note


def test_repeats_and_skips_are_counted_and_an_unknown_begin_counts_neither():
    assert (Move(0, 50, 10).repeats, Move(0, 50, 10).skips) == (40, 0)
    assert (Move(0, 50, 70).repeats, Move(0, 50, 70).skips) == (0, 20)
    assert (Move(0, None, 70).repeats, Move(0, None, 70).skips, Move(0, None, 70).changes) == (0, 0, True)
    assert not Move(0, 5, 5).changes


@pytest.mark.parametrize(
    ("before", "bounds", "words"),
    [
        ({0: 51}, LOG, "stood at 50 in the review and stands at 51 now"),
        ({}, LOG, "stands at no commit now"),
        ({0: 50}, Bounds(61, 100), "60 is not in it any more"),
        ({0: 50}, Bounds(10, 59), "60 is not in it any more"),
        ({0: 50}, Bounds(None, None, "no leader"), "does not tell its offsets now"),
    ],
)
def test_what_is_not_as_it_was_shown_is_refused(before, bounds, words):
    with pytest.raises(ResetRefused, match=words):
        check_unchanged("t", {0: Move(0, 50, 60)}, before, {("t", 0): bounds})
    check_unchanged("t", {0: Move(0, 50, 60)}, {0: 50}, {("t", 0): LOG})


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("resets"), durability="pagecache") as broker:
        yield Cluster(broker.bootstrap)


@pytest.fixture
def spec(cluster) -> ConnectionSpec:
    return ConnectionSpec(cluster.bootstrap)


@pytest.fixture
def topic(cluster) -> str:
    name = cluster.topic(2)
    for index in range(2):
        cluster.produce(name, *[b"v"] * 20, partition=index)
    return name


def offsets(spec, group: str) -> list[int | None]:
    return [one.committed for one in kafka_groups.describe_group(spec, group).partitions]


def apply(spec, group: str, topic: str, moves, *, skips_seen: bool = True) -> int:
    return groups.reset(spec, group, topic, moves, skips_seen=skips_seen, who="olga")


def test_what_was_reviewed_is_committed(cluster, spec, topic):
    commit(cluster, ["g"], [topic], {0: 4, 1: 16})
    review = groups.review(spec, "g", Wish(topic, None, "offset", 10))
    assert (review.repeats, review.skips, offsets(spec, "g")) == (6, 6, [4, 16])
    with pytest.raises(ResetRefused, match="tick"):
        apply(spec, "g", topic, review.moves, skips_seen=False)
    assert offsets(spec, "g") == [4, 16]
    assert apply(spec, "g", topic, review.moves) == 2
    assert offsets(spec, "g") == [10, 10]
    with pytest.raises(ResetRefused, match="nothing would change"):
        apply(spec, "g", topic, groups.review(spec, "g", Wish(topic, None, "offset", 10)).moves)


def test_of_two_operators_at_once_one_is_told_why_not(cluster, spec, topic):
    commit(cluster, ["both"], [topic], {0: 5, 1: 5})
    plans = [groups.review(spec, "both", Wish(topic, None, "offset", target)).moves for target in (8, 12)]
    results: list[object] = []

    def operate(moves) -> None:
        try:
            results.append(apply(spec, "both", topic, moves))
        except ResetRefused as refused:
            results.append(str(refused))

    threads = [threading.Thread(target=operate, args=(moves,)) for moves in plans]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (done,) = [one for one in results if one == 2]
    (told,) = [one for one in results if isinstance(one, str)]
    assert done == 2 and "somebody else moved it" in told
    assert offsets(spec, "both") in ([8, 8], [12, 12])
    assert not groups._locks


def test_a_group_with_members_is_not_reset(cluster, spec, topic):
    commit(cluster, ["busy"], [topic], {0: 5, 1: 5})
    review = groups.review(spec, "busy", Wish(topic, None, "earliest"))
    with member(cluster, "busy", topic):
        assert groups.reset_state(spec, "busy").members
        with pytest.raises(ResetRefused, match="the group has a member"):
            apply(spec, "busy", topic, review.moves)
        assert offsets(spec, "busy") == [5, 5]
    assert apply(spec, "busy", topic, review.moves) == 2


def test_records_deleted_meanwhile_refuse_the_reset(cluster, spec, topic):
    commit(cluster, ["late"], [topic], {0: 9})
    review = groups.review(spec, "late", Wish(topic, (0,), "earliest"))
    cluster.delete_records(topic, 0, 3)
    with pytest.raises(ResetRefused, match="0 is not in it any more"):
        apply(spec, "late", topic, review.moves)
    assert offsets(spec, "late") == [9]


def test_what_is_not_there_is_said(cluster, spec, topic):
    commit(cluster, ["here"], [topic], {0: 1})
    with pytest.raises(ResetRefused, match="there is no topic nowhere"):
        groups.review(spec, "here", Wish("nowhere", None, "earliest"))
    with pytest.raises(ResetRefused, match="has 2 partitions, from 0; there is no 7"):
        groups.review(spec, "here", Wish(topic, (0, 7), "earliest"))
