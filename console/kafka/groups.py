"""Groups as pages show them: a page of the list, one group, the groups of one topic.

The list costs one ListGroups for each node; members, commits and lag are asked for the rows of one page only,
unless the list is sorted by them.

Invariant: a part that the cluster does not tell is None with its reason; the page comes all the same.
Not here: requests (group_requests.py), offsets and times (group_offsets.py), resets (services/offset_resets.py).
"""

import asyncio
from dataclasses import dataclass
from typing import Literal

from console.kafka import group_offsets, topics
from console.kafka.beside import beside, in_order
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import NotFound
from console.kafka.group_offsets import Behind
from console.kafka.group_requests import (
    Commits,
    Described,
    Listed,
    Member,
    Missing,
    committed,
    describe,
    list_groups,
)
from console.kafka.records import Positions
from console.kafka.shared import run_shared, shared
from engine.client.calls import Place

BY_NUMBERS = ("members", "topics", "lag")  # sorting by these asks for the numbers of all groups
BY_NUMBERS_LIMIT_S = 6.0
SortKey = Literal["name", "state", "members", "topics", "lag"]


@dataclass(frozen=True, slots=True)
class GroupSummary:
    """One row of the list of groups."""

    name: str
    state: str
    type: str  # "classic" | "consumer" | "share" ...
    protocol_type: str  # "consumer" for consumers; empty for a group that only commits
    protocol: str  # the assignor that the members agreed on
    members: int | None
    topics: int | None  # committed or assigned
    lag: int | None  # of all partitions with a commit; None without any
    committed: int = 0  # all commits, added up
    problem: str | None = None  # why numbers are missing


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of the list of groups."""

    groups: list[GroupSummary]
    matching: int
    total: int
    states: dict[str, int]  # how many there are of each
    missing: tuple[Missing, ...]  # nodes that do not tell their groups
    page: int  # from 1; the last one if a later one was asked for
    pages: int
    names: list[str]  # of all groups, for the nearest name; only if nothing matches
    age_s: float = 0.0  # of the numbers


@dataclass(frozen=True, slots=True)
class GroupPartition:
    """How far a group is in one partition."""

    topic: str
    index: int
    reader: Member | None
    committed: int | None
    metadata: str
    start: int | None
    end: int | None
    lag: int | None
    behind_ms: int | None  # age of the first unread record against the newest; None where not looked up
    error: str | None  # why offsets are missing
    behind_why: str = ""  # why the time behind of a partition with lag is not known


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """What the page of a group shows."""

    name: str
    state: str
    type: str
    protocol_type: str
    protocol: str
    node: int  # the coordinator
    members: tuple[Member, ...]
    partitions: list[GroupPartition]  # committed or assigned, by topic and index
    problem: str | None  # why members or commits are missing

    @property
    def topics(self) -> list[str]:
        """The topics that it reads or has read."""
        return sorted({partition.topic for partition in self.partitions})

    @property
    def lag(self) -> int | None:
        """Of all partitions with a commit; None without any."""
        return _sum([partition.lag for partition in self.partitions])

    @property
    def committed(self) -> int:
        """All commits, added up."""
        return sum(partition.committed or 0 for partition in self.partitions)

    @property
    def behind_ms(self) -> int | None:
        """The longest time behind of those that are known; None where that says nothing."""
        longest = max((one.behind_ms for one in self.partitions if one.behind_ms is not None), default=None)
        return None if self.untimed and not longest else longest

    @property
    def untimed(self) -> list[GroupPartition]:
        """Partitions with lag whose time behind is not known: the group is `behind_ms` behind at least."""
        return [one for one in self.partitions if one.lag and one.behind_ms is None]

    @property
    def uncommitted(self) -> int:
        """Partitions without a commit, which no lag counts."""
        return sum(one.committed is None for one in self.partitions)

    @property
    def unmeasured(self) -> int:
        """Partitions with a commit whose end is not known, which no lag counts either."""
        return sum(one.committed is not None and one.lag is None for one in self.partitions)


@dataclass(frozen=True, slots=True)
class TopicGroup:
    """A group that has commits in a topic, or members that read it."""

    name: str
    state: str
    members: int  # that are assigned some of it
    assigned: int  # partitions
    committed: int  # partitions
    lag: int | None


@dataclass(frozen=True, slots=True)
class TopicGroups:
    """The groups of a topic, by name."""

    rows: list[TopicGroup]
    searched: int  # how many groups there are
    missing: tuple[Missing, ...]


def group_page(
    spec: ConnectionSpec,
    *,
    query: str = "",
    state: str = "",
    sort: SortKey = "name",
    descending: bool = False,
    page: int = 1,
    page_size: int = 50,
    fresh_s: float = 0.0,
) -> GroupPage:
    """One page of groups whose name contains `query` (case does not matter) and that are in this state."""

    async def read(session: Session) -> GroupPage:
        found, missing = await list_groups(session)

        def choose() -> tuple[dict[str, int], list[Listed]]:
            states: dict[str, int] = {}
            for group in found.values():
                states[group.state] = states.get(group.state, 0) + 1
            wanted = query.casefold()
            chosen = [one for name, one in found.items() if wanted in name.casefold() and state in ("", one.state)]
            chosen = in_order(chosen, lambda group: group.name, reverse=descending and sort == "name")
            return states, in_order(chosen, lambda one: one.state, reverse=descending) if sort == "state" else chosen

        states, listed = await beside(len(found), choose)
        pages = max(1, -(-len(listed) // page_size))
        number = min(max(1, page), pages)
        cut = slice((number - 1) * page_size, number * page_size)
        age_s = 0.0
        if sort in BY_NUMBERS:

            async def of_all(session: Session) -> dict[str, GroupSummary]:
                return {row.name: row for row in await _summaries(session, list(found.values()))}

            summaries = await shared(
                spec, session, "groups", of_all, weigh=lambda rows: len(rows) * 10, fresh_s=fresh_s
            )
            age_s = summaries.age_s
            rows = [summaries.value[group.name] for group in listed if group.name in summaries.value]
            known = {group.name: getattr(group, sort) for group in rows}
            rows.sort(key=lambda row: -1 if known[row.name] is None else known[row.name], reverse=descending)
            rows = rows[cut]
        else:
            rows = await _summaries(session, listed[cut])
        names = [] if listed else list(found)
        return GroupPage(rows, len(listed), len(found), states, missing, number, pages, names, age_s)

    key = ("group page", query, state, sort, descending, page, page_size)
    return run_shared(spec, key, read, fresh_s=fresh_s)


def _weight(rows: dict[str, GroupSummary]) -> int:
    return len(rows) * 10  # a group has members and commits


def describe_group(spec: ConnectionSpec, name: str, *, fresh_s: float = 0.0) -> GroupDetail:
    """One group with members, commits and lag; NotFound if nobody lists it (it is never created by asking)."""

    async def read(session: Session) -> GroupDetail:
        group = await listed_group(session, name)
        described, commits = await _members_and_commits(session, [group])
        return await _detail(session, group, described[name], commits.get(name, Commits({})))

    return run_shared(spec, ("group", name), read, fresh_s=fresh_s)


def groups_of_topic(spec: ConnectionSpec, topic: str) -> TopicGroups:
    """Groups with commits in this topic, or members that read it."""

    async def read(session: Session) -> TopicGroups:
        found, missing = await list_groups(session)
        indexes = [part.partition_index for part in (await topics.one_topic(session, topic)).partitions]
        active = [group for group in found.values() if group.state not in ("Empty", "Dead")]
        described, commits, ends = await asyncio.gather(
            describe(session, active),
            committed(session, found.values(), (topic, indexes)),
            group_offsets.ends(session, [(topic, index) for index in indexes]),
        )
        rows = []
        for name, group in sorted(found.items()):
            places = commits.get(name, Commits({})).places
            members = described[name].members if name in described else ()
            held = [sum(place[0] == topic for place in member.places or ()) for member in members]
            if places or any(held):
                lags = [group_offsets.lag(one.offset, ends.get(place)) for place, one in places.items()]
                readers = sum(map(bool, held))
                rows.append(TopicGroup(name, group.state, readers, sum(held), len(places), _sum(lags)))
        return TopicGroups(rows, len(found), missing)

    return run(spec, read, time_limit_s=BY_NUMBERS_LIMIT_S)


def positions(spec: ConnectionSpec, name: str, topic: str) -> Positions:
    """Where a group goes on: the commit of each partition of a topic that has one. NotFound: why that is not known."""

    async def read(session: Session) -> Positions:
        group = await listed_group(session, name)
        indexes = [part.partition_index for part in (await topics.one_topic(session, topic)).partitions]
        commits = (await committed(session, [group], (topic, indexes))).get(name, Commits({}))
        if commits.error:
            raise NotFound(f"the commits of {name} are not known: {commits.error}")
        if not commits.places:
            raise NotFound(f"group {name} has no commit in {topic}")
        return tuple(sorted((index, one.offset) for (_, index), one in commits.places.items()))

    return run(spec, read)


async def listed_group(session: Session, name: str) -> Listed:
    """A group as its coordinator lists it; NotFound if none does."""
    found, missing = await list_groups(session)
    if name in found:
        return found[name]
    unsure = "".join(f"; broker {node} does not tell its groups: {reason}" for node, reason in missing)
    raise NotFound(f"there is no group {name}{unsure}")


async def _members_and_commits(
    session: Session, listed: list[Listed]
) -> tuple[dict[str, Described], dict[str, Commits]]:
    described, commits = await asyncio.gather(describe(session, listed), committed(session, listed))
    return described, commits


async def _summaries(session: Session, listed: list[Listed]) -> list[GroupSummary]:
    """Rows with their numbers."""
    described, commits = await _members_and_commits(session, listed)
    ends = await group_offsets.ends(session, [place for found in commits.values() for place in found.places])
    return [_summary(group, described[group.name], commits.get(group.name), ends) for group in listed]


def _summary(group: Listed, said: Described, found: Commits | None, ends: dict[Place, int]) -> GroupSummary:
    commits = found or Commits({})
    read = {place[0] for member in said.members for place in member.places or ()} | {
        place[0] for place in commits.places
    }
    lags = [group_offsets.lag(one.offset, ends.get(place)) for place, one in commits.places.items()]
    kind_unknown = found is None
    return GroupSummary(
        name=group.name,
        state=said.state or group.state,
        type=group.type,
        protocol_type=group.protocol_type,
        protocol=said.protocol,
        members=None if said.error or kind_unknown else len(said.members),
        topics=None if commits.error or kind_unknown else len(read),
        lag=_sum(lags),
        committed=sum(one.offset for one in commits.places.values()),
        problem=said.error or commits.error,
    )


async def _detail(session: Session, group: Listed, said: Described, commits: Commits) -> GroupDetail:
    readers = {place: member for member in said.members for place in member.places or ()}
    places = sorted(readers.keys() | commits.places.keys())
    bounds = await group_offsets.bounds(session, places)
    offsets = {place: one.offset for place, one in commits.places.items()}
    lags = {place: group_offsets.lag(offsets.get(place), bounds[place].end) for place in places}
    behind = await group_offsets.behind(
        session, offsets, {place: lag for place, lag in lags.items() if lag is not None}
    )
    partitions = []
    for place in places:
        one, where = commits.places.get(place), bounds[place]
        late = behind.get(place, Behind(0 if lags[place] == 0 else None))
        partitions.append(
            GroupPartition(
                topic=place[0],
                index=place[1],
                reader=readers.get(place),
                committed=one.offset if one else None,
                metadata=one.metadata if one else "",
                start=where.start,
                end=where.end,
                lag=lags[place],
                behind_ms=late.ms,
                error=where.error,
                behind_why=late.why,
            )
        )
    return GroupDetail(
        name=group.name,
        state=said.state or group.state,
        type=group.type,
        protocol_type=group.protocol_type,
        protocol=said.protocol,
        node=group.node,
        members=said.members,
        partitions=partitions,
        problem=said.error or commits.error,
    )


def _sum(numbers: list[int | None]) -> int | None:
    """Of those that are known; None if none is."""
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
