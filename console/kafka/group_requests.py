"""What clusters are asked about groups: who there is, their members, how far they have come.

Requests go to the node that lists a group, which is its coordinator, many groups in each.
Offsets are asked for by topic name (OffsetFetch and OffsetCommit up to version 9).

Invariants:
- A node or a group that does not answer is a reason beside the others, never an error of the page, unless no node
  answers.
- Nothing is made by asking: no coordinator is looked up, which would create `__consumer_offsets`.

Not here: lag (group_offsets.py), pages (groups.py).
Spec: KIP-709 (several groups in one OffsetFetch), KIP-848 (ConsumerGroupDescribe).
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from typing import Any, NamedTuple

from console.kafka.beside import MANY, beside, taken
from console.kafka.connection import Session
from console.kafka.errors import ClusterUnreachable, translated
from engine.client.calls import Place
from engine.client.cluster_metadata import error_code
from engine.client.errors import ClientError
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.consumer_group_describe import ConsumerGroupDescribeRequest
from engine.wire.messages.consumer_protocol import decode_consumer_protocol_assignment
from engine.wire.messages.describe_groups import DescribeGroupsRequest
from engine.wire.messages.list_groups import ListGroupsRequest
from engine.wire.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics
from engine.wire.primitives import Malformed, Message

GROUPS_IN_REQUEST = 200
BY_NAME = 9  # the last version of OffsetFetch and OffsetCommit that names topics
CLASSIC, CONSUMER = "classic", "consumer"  # types of groups that commit offsets
ASSIGNMENT_VERSION = Struct(">h")
ASSIGNMENT_VERSION_MAX = 3


class Listed(NamedTuple):
    """A group as its coordinator lists it."""

    name: str
    node: int  # the coordinator
    state: str  # empty where an old cluster does not list states
    type: str  # "classic" | "consumer" | "share" ...
    protocol_type: str


class Missing(NamedTuple):
    """A node whose groups are not known."""

    node: int
    reason: str


class Member(NamedTuple):
    """Somebody who reads in a group."""

    member_id: str
    client_id: str
    instance_id: str | None
    host: str
    places: list[Place] | None  # None where the assignment cannot be read


class Described(NamedTuple):
    """What the coordinator says of a group, or why it says nothing."""

    state: str = ""
    protocol: str = ""  # the assignor
    members: tuple[Member, ...] = ()
    error: str | None = None


class Committed(NamedTuple):
    """How far a group has come in one partition."""

    offset: int
    leader_epoch: int
    metadata: str


class Commits(NamedTuple):
    """All commits of a group, or why they are not known."""

    places: dict[Place, Committed]
    error: str | None = None


async def list_groups(session: Session) -> tuple[dict[str, Listed], tuple[Missing, ...]]:
    """All groups of all nodes by name, and the nodes that do not tell."""
    answers = await session.send_everywhere(ListGroupsRequest())
    if not answers:
        raise ClusterUnreachable("the cluster names no brokers")

    def put_together() -> tuple[dict[str, Listed], tuple[Missing, ...]]:
        found: dict[str, Listed] = {}
        missing: list[Missing] = []
        for node, answer in answers.items():
            if isinstance(answer, ClientError):
                missing.append(Missing(node, str(answer)))
                continue
            if answer.error_code:
                missing.append(Missing(node, error_code(answer.error_code).name))
            for group in taken(answer.groups):
                kind = (group.group_type or CLASSIC).lower()
                found[group.group_id] = Listed(group.group_id, node, group.group_state, kind, group.protocol_type)
        return found, tuple(missing)

    errors = [answer for answer in answers.values() if isinstance(answer, ClientError)]
    if len(errors) == len(answers):
        raise translated(errors[0])
    told = [answer for answer in answers.values() if not isinstance(answer, ClientError)]
    return await beside(sum(len(answer.groups) for answer in told), put_together)


async def describe(session: Session, groups: Iterable[Listed]) -> dict[str, Described]:
    """Members and assignments of these groups."""
    groups = list(groups)
    classic = [group for group in groups if group.type == CLASSIC]
    consumer = [group for group in groups if group.type == CONSUMER]
    answers = [
        *await _in_batches(session, classic, lambda batch: DescribeGroupsRequest([group.name for group in batch])),
        *await _in_batches(session, consumer, lambda batch: ConsumerGroupDescribeRequest([one.name for one in batch])),
    ]

    def put_together() -> dict[str, Described]:
        found = {group.name: Described(group.state) for group in groups}
        for names, answer in answers:
            if isinstance(answer, ClientError):
                found.update(dict.fromkeys(names, Described(error=str(answer))))
                continue
            for group in taken(answer.groups):
                found[group.group_id] = _described(group)
        return found

    return await beside(_things_in(answers, "members"), put_together)


def _things_in(answers: list[tuple[list[str], Any]], of_a_group: str) -> int:
    """How much they say, roughly: to count what is long would be long itself."""
    groups = [group for _, answer in answers if not isinstance(answer, ClientError) for group in answer.groups[:MANY]]
    return len(groups) + sum(len(getattr(group, of_a_group)) for group in groups)


async def committed(
    session: Session, groups: Iterable[Listed], wanted: tuple[str, list[int]] | None = None
) -> dict[str, Commits]:
    """What these groups committed: everywhere, or in one topic's partitions."""
    topics = None if wanted is None else [OffsetFetchRequestTopics(wanted[0], partition_indexes=wanted[1])]
    asked = [group for group in groups if group.type in (CLASSIC, CONSUMER)]

    def request(batch: Sequence[Listed]) -> OffsetFetchRequest:
        return OffsetFetchRequest(groups=[OffsetFetchRequestGroup(group.name, topics=topics) for group in batch])

    answers = await _in_batches(session, asked, request)

    def put_together() -> dict[str, Commits]:
        found: dict[str, Commits] = {}
        for names, answer in answers:
            if isinstance(answer, ClientError):
                found.update(dict.fromkeys(names, Commits({}, str(answer))))
                continue
            for group in taken(answer.groups):
                found[group.group_id] = _commits(group)
        return found

    return await beside(_things_in(answers, "topics"), put_together)


async def _in_batches(
    session: Session, groups: Sequence[Listed], request: Callable[[Sequence[Listed]], Message]
) -> list[tuple[list[str], Any]]:
    """Ask each coordinator for its groups, some hundred at a time: [(names, answer or ClientError)]."""
    by_node: dict[int, list[Listed]] = {}
    for group in groups:
        by_node.setdefault(group.node, []).append(group)

    async def ask(node: int, batch: Sequence[Listed]) -> tuple[list[str], Any]:
        names = [group.name for group in batch]
        try:
            return names, await session.send(request(batch), node=node, version_max=_version_max(request(batch)))
        except ClientError as error:
            return names, error

    batches = [
        ask(node, mine[start : start + GROUPS_IN_REQUEST])
        for node, mine in by_node.items()
        for start in range(0, len(mine), GROUPS_IN_REQUEST)
    ]
    return list(await asyncio.gather(*batches))


def _version_max(message: Message) -> int:
    return BY_NAME if isinstance(message, OffsetFetchRequest) else 0x7FFF


def _described(group: Any) -> Described:
    """Of either kind of group."""
    if group.error_code:
        code = error_code(group.error_code)
        gone = code is ErrorCode.GROUP_ID_NOT_FOUND
        return Described(error="the group is gone" if gone else group.error_message or code.name)
    if hasattr(group, "assignor_name"):
        members = tuple(
            Member(one.member_id, one.client_id, one.instance_id, _host(one), _places(one.assignment))
            for one in group.members
        )
        return Described(group.group_state, group.assignor_name, members)
    members = tuple(
        Member(
            one.member_id,
            one.client_id,
            one.group_instance_id,
            _host(one),
            assignment(one.member_assignment) if group.protocol_type == "consumer" else None,
        )
        for one in group.members
    )
    return Described(group.group_state, group.protocol_data, members)


def _host(member: Any) -> str:
    """As Java says it, without the empty name before the slash."""
    host: str = member.client_host
    return host.removeprefix("/")


def _places(assigned: Any) -> list[Place]:
    return [(topic.topic_name, index) for topic in assigned.topic_partitions for index in topic.partitions]


def assignment(data: bytes) -> list[Place] | None:
    """The partitions of a classic consumer's assignment; none if it is empty, None if it is something else."""
    if not data:
        return []
    try:
        if len(data) < ASSIGNMENT_VERSION.size:
            raise Malformed("an assignment begins with its version")
        version = min(ASSIGNMENT_VERSION.unpack_from(data)[0], ASSIGNMENT_VERSION_MAX)
        decoded, _ = decode_consumer_protocol_assignment(memoryview(data), ASSIGNMENT_VERSION.size, version)
    except (Malformed, KeyError, IndexError):
        return None
    return [(topic.topic, index) for topic in decoded.assigned_partitions for index in topic.partitions]


def _commits(group: Any) -> Commits:
    if group.error_code:
        return Commits({}, error_code(group.error_code).name)
    places = {
        (topic.name, one.partition_index): Committed(
            one.committed_offset, one.committed_leader_epoch, one.metadata or ""
        )
        for topic in group.topics
        for one in topic.partitions
        if one.committed_offset >= 0 and not one.error_code
    }
    return Commits(places)
