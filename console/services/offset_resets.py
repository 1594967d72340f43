"""Resetting the offsets of a group: a review that changes nothing, then the commit of what was reviewed.

Invariants:
- Nothing is committed while the group has members, or unless every partition still stands where the review saw it
  and the log still holds the offset that it goes to; then nothing at all is changed, and a sentence says why.
- Offsets outside of the log are moved to its nearer end, as Kafka's own tool does, and the review says so.
- Resets of one group go one after the other in one process: the second of two operators is refused. Between processes
  only the check just before the commit stands.

Not here: who may (the caller asked permissions.py), the command line (reset_commands.py), addresses and forms.
"""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.kafka import group_offsets, topics
from console.kafka.all_topics import all_topics
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import ClusterUnreachable, NotFound
from console.kafka.group_offsets import Bounds
from console.kafka.group_requests import CLASSIC, CONSUMER, Listed, Member, committed, describe
from console.kafka.group_resets import Move, Wish, planned
from console.kafka.groups import listed_group
from console.models import Result
from console.services.audit import Refusal
from engine.client.calls import Place
from engine.wire.error_codes import ErrorCode

APPLY_LIMIT_S = 6.0
EMPTY = "Empty"
_LOCKS = [threading.Lock() for _ in range(64)]  # a group has one of them, perhaps with others; of this process only
SAID = {
    ErrorCode.UNKNOWN_MEMBER_ID: "the group has members again",
    ErrorCode.ILLEGAL_GENERATION: "the group has members again",
    ErrorCode.REBALANCE_IN_PROGRESS: "the group is rebalancing: it has members again",
    ErrorCode.NON_EMPTY_GROUP: "the group has members again",
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: "the partition is not there any more",
    ErrorCode.GROUP_AUTHORIZATION_FAILED: "the cluster does not allow this console to commit for this group",
    ErrorCode.TOPIC_AUTHORIZATION_FAILED: "the cluster does not allow this console to read this topic",
}


class ResetFailed(Refusal):
    """A reset was not done as it was asked for; `str(error)` says why in a sentence."""


class ResetRefused(ResetFailed):
    """Nothing was changed."""


class ResetIncomplete(ResetFailed):
    """Some partitions were reset and some were not, and why."""

    result = Result.PARTLY


@dataclass(frozen=True, slots=True)
class Review:
    """What a reset would do, computed with the cluster's own offsets; nothing has changed yet."""

    moves: tuple[Move, ...]

    @property
    def repeats(self) -> int:
        """Records that are read again, of all partitions."""
        return sum(move.repeats for move in self.moves)

    @property
    def skips(self) -> int:
        """Records that are never read, of all partitions."""
        return sum(move.skips for move in self.moves)

    @property
    def staying(self) -> list[Move]:
        """What was asked for and cannot be moved, each with its reason."""
        return [move for move in self.moves if move.after is None]

    @property
    def changing(self) -> list[Move]:
        """Where something changes."""
        return [move for move in self.moves if move.changes]


@dataclass(frozen=True, slots=True)
class ResetState:
    """What stands in the way of a reset, and what a reset can be of."""

    state: str
    members: tuple[Member, ...]
    topics: tuple[str, ...]  # with commits
    others: tuple[str, ...]  # of the cluster, without commits
    refusal: str | None  # why it would be refused now


def reset_state(spec: ConnectionSpec, name: str) -> ResetState:
    """Look at a group before anything is asked for."""

    async def read(session: Session) -> ResetState:
        group = await listed_group(session, name)
        described, commits, there = await asyncio.gather(
            describe(session, [group]), committed(session, [group]), all_topics(spec, session)
        )
        found = commits.get(name)
        all_names = there.value.names
        names = {topic for topic, _ in found.places} & all_names if found else set()
        said = described[name]
        refusal = _refusal(group, said.state, said.members, said.error)
        return ResetState(said.state, said.members, tuple(sorted(names)), tuple(sorted(all_names - names)), refusal)

    return run(spec, read)


def review(spec: ConnectionSpec, name: str, wish: Wish) -> Review:
    """Say what a reset would do; ResetRefused if it asks for what is not there."""

    async def read(session: Session) -> Review:
        group = await listed_group(session, name)
        try:
            topic = await topics.one_topic(session, wish.topic)
        except NotFound:
            raise ResetRefused(f"there is no topic {wish.topic}") from None
        there = sorted(part.partition_index for part in topic.partitions)
        chosen = there if wish.partitions is None else sorted(set(wish.partitions))
        unknown = [index for index in chosen if index not in there]
        if unknown:
            raise ResetRefused(f"topic {wish.topic} has {len(there)} partitions, from 0; there is no {unknown[0]}")
        before = await _committed(session, group, wish.topic, chosen)
        places = [(wish.topic, index) for index in chosen]
        bounds = await group_offsets.bounds(session, places)
        found = await group_offsets.at_time(session, places, wish.value) if wish.kind == "time" else {}
        return Review(
            tuple(
                planned(index, wish, before.get(index), bounds[wish.topic, index], found.get((wish.topic, index)))
                for index in chosen
            )
        )

    return run(spec, read)


def reset(spec: ConnectionSpec, name: str, topic: str, moves: Sequence[Move], *, skips_seen: bool) -> int:
    """Commit what a review showed; return for how many partitions. ResetFailed: why not."""
    wanted = {move.partition: move for move in moves if move.changes}
    if not wanted:
        raise ResetRefused("nothing would change")
    if any(move.skips for move in wanted.values()) and not skips_seen:
        raise ResetRefused("records would be skipped; tick that you have seen it")

    async def write(session: Session) -> dict[Place, ErrorCode]:
        group = await listed_group(session, name)
        said = (await describe(session, [group]))[name]
        refusal = _refusal(group, said.state, said.members, said.error)
        if refusal:
            raise ResetRefused(refusal)
        before = await _committed(session, group, topic, sorted(wanted))
        bounds = await group_offsets.bounds(session, [(topic, index) for index in wanted])
        check_unchanged(topic, wanted, before, bounds)
        offsets = {(topic, index): move.after for index, move in wanted.items() if move.after is not None}
        return await group_offsets.commit(session, group, offsets)

    with _LOCKS[hash((spec, name)) % len(_LOCKS)]:
        try:
            answers = run(spec, write, time_limit_s=APPLY_LIMIT_S)
        except ClusterUnreachable as error:
            raise ClusterUnreachable(f"{error.reason}. Perhaps the offsets were reset: look at the group") from error
    failed = {place: code for place, code in answers.items() if code is not ErrorCode.NONE}
    done = len(answers) - len(failed)
    if failed:
        (_, index), code = next(iter(failed.items()))
        words = SAID.get(code, f"the cluster answered {code.name}")
        if not done:
            raise ResetRefused(words)
        raise ResetIncomplete(f"{done} of {len(answers)} partitions were reset; partition {index} was not: {words}")
    return done


def check_unchanged(
    topic: str, wanted: Mapping[int, Move], before: Mapping[int, int], bounds: Mapping[Place, Bounds]
) -> None:
    """Raise ResetRefused unless all is as the review showed it."""
    for index, move in wanted.items():
        if before.get(index) != move.before:
            stood, stands = _words(move.before), _words(before.get(index))
            raise ResetRefused(
                f"partition {index} stood at {stood} in the review and stands at {stands} now: somebody else moved it"
            )
        where = bounds[topic, index]
        if where.start is None or where.end is None:
            raise ResetRefused(f"partition {index} does not tell its offsets now: {where.error}")
        if move.after is None or not where.start <= move.after <= where.end:
            raise ResetRefused(
                f"partition {index} holds {where.start} to {where.end} now, and {move.after} is not in it any more"
            )


def _words(offset: int | None) -> str:
    return "no commit" if offset is None else str(offset)


def _refusal(group: Listed, state: str, members: tuple[Member, ...], error: str | None) -> str | None:
    if error:
        return f"it is not known whether the group has members: {error}"
    if group.type not in (CLASSIC, CONSUMER):
        return f"it is a {group.type} group, which has a tool of its own"
    if members:
        count = "a member" if len(members) == 1 else f"{len(members)} members"
        return f"the group has {count}; the cluster takes a reset only while it is empty"
    if state != EMPTY:
        return f"the group is in the state {state}; the cluster takes a reset only while it is empty"
    return None


async def _committed(session: Session, group: Listed, topic: str, indexes: list[int]) -> dict[int, int]:
    """The commits of one topic; ResetRefused if they are not known, for then nothing can be compared."""
    found = (await committed(session, [group], (topic, indexes))).get(group.name)
    if found is None or found.error:
        raise ResetRefused(f"the commits of the group are not known: {found.error if found else group.type}")
    return {place[1]: one.offset for place, one in found.places.items()}
