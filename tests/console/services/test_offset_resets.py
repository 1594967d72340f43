"""Resets: nothing moves unless it is as the review showed it."""

import threading

import pytest

from console.kafka import group_offsets
from console.kafka import groups as kafka_groups
from console.kafka.connection import ConnectionSpec, Session
from console.kafka.group_offsets import Bounds
from console.kafka.group_resets import Move, Wish
from console.services import offset_resets
from console.services.offset_resets import ResetFailed, ResetIncomplete, ResetRefused, check_unchanged
from engine.client.errors import ClientError
from engine.wire.error_codes import ErrorCode
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster
from tests.console.kafka.group_data import commit, member

LOG = Bounds(10, 100)


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
    return offset_resets.reset(spec, group, topic, moves, skips_seen=skips_seen)


def test_what_was_reviewed_is_committed(cluster, spec, topic):
    commit(cluster, ["g"], [topic], {0: 4, 1: 16})
    review = offset_resets.review(spec, "g", Wish(topic, None, "offset", 10))
    assert (review.repeats, review.skips, offsets(spec, "g")) == (6, 6, [4, 16])
    with pytest.raises(ResetRefused, match="tick"):
        apply(spec, "g", topic, review.moves, skips_seen=False)
    assert offsets(spec, "g") == [4, 16]
    assert apply(spec, "g", topic, review.moves) == 2
    assert offsets(spec, "g") == [10, 10]
    with pytest.raises(ResetRefused, match="nothing would change"):
        apply(spec, "g", topic, offset_resets.review(spec, "g", Wish(topic, None, "offset", 10)).moves)


def test_an_error_of_one_partition_at_a_time_is_not_read_as_the_end(cluster, spec, topic, monkeypatch):
    commit(cluster, ["timed"], [topic], {0: 4, 1: 4})
    time_ms = 1_000
    asked_before = Session.list_offsets

    async def half(session, positions):
        found = await asked_before(session, positions)
        return {
            place: ClientError("partition 1 has no leader") if (*place, time_ms) in positions and place[1] == 1 else one
            for place, one in found.items()
        }

    monkeypatch.setattr(Session, "list_offsets", half)
    review = offset_resets.review(spec, "timed", Wish(topic, None, "time", time_ms))
    assert [move.after for move in review.moves] == [0, None]
    assert [move.partition for move in review.staying] == [1] and "no leader" in review.moves[1].note


def test_of_two_operators_at_once_one_is_told_why_not(cluster, spec, topic):
    commit(cluster, ["both"], [topic], {0: 5, 1: 5})
    plans = [offset_resets.review(spec, "both", Wish(topic, None, "offset", target)).moves for target in (8, 12)]
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


def test_a_group_with_members_is_not_reset(cluster, spec, topic):
    commit(cluster, ["busy"], [topic], {0: 5, 1: 5})
    review = offset_resets.review(spec, "busy", Wish(topic, None, "earliest"))
    with member(cluster, "busy", topic):
        assert offset_resets.reset_state(spec, "busy").members
        with pytest.raises(ResetRefused, match="the group has a member"):
            apply(spec, "busy", topic, review.moves)
        assert offsets(spec, "busy") == [5, 5]
    assert apply(spec, "busy", topic, review.moves) == 2


def test_records_deleted_meanwhile_refuse_the_reset(cluster, spec, topic):
    commit(cluster, ["late"], [topic], {0: 9})
    review = offset_resets.review(spec, "late", Wish(topic, (0,), "earliest"))
    cluster.delete_records(topic, 0, 3)
    with pytest.raises(ResetRefused, match="0 is not in it any more"):
        apply(spec, "late", topic, review.moves)
    assert offsets(spec, "late") == [9]


def test_what_is_not_there_is_said(cluster, spec, topic):
    commit(cluster, ["here"], [topic], {0: 1})
    with pytest.raises(ResetRefused, match="there is no topic nowhere"):
        offset_resets.review(spec, "here", Wish("nowhere", None, "earliest"))
    with pytest.raises(ResetRefused, match="has 2 partitions, from 0; there is no 7"):
        offset_resets.review(spec, "here", Wish(topic, (0, 7), "earliest"))


def test_a_reset_of_which_half_was_taken_is_not_said_to_have_changed_nothing(cluster, spec, topic, monkeypatch):
    commit(cluster, ["half"], [topic], {0: 5, 1: 5})
    moves = offset_resets.review(spec, "half", Wish(topic, None, "latest")).moves

    async def half(session, group, wanted):
        return dict(zip(wanted, (ErrorCode.NONE, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), strict=True))

    monkeypatch.setattr(group_offsets, "commit", half)
    with pytest.raises(ResetIncomplete, match="1 of 2 partitions were reset; partition 1 was not"):
        apply(spec, "half", topic, moves)
    assert issubclass(ResetIncomplete, ResetFailed) and not issubclass(ResetIncomplete, ResetRefused)
