"""What a member makes of the coordinator's answers: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, and of commits.

Invariants:
- An answer to an earlier turn is dropped.
- An error either leads to another try (a new member id, a new generation, another
  coordinator, a moment later) or is said to every poll; none is passed over.

Not here: what is asked next (group_membership.py).
Spec: KIP-345 (FENCED_INSTANCE_ID ends a consumer), KIP-394 (MEMBER_ID_REQUIRED), KIP-814 (skip_assignment).
"""

from engine.client.cluster_metadata import error_code
from engine.client.coordinator import MOVED
from engine.client.errors import RETRIABLE, ClientError, NotAllowed, Refused
from engine.client.group_assignment import assign, subscribers_of, topics_of
from engine.client.group_membership import JOIN, SYNC, TOPICS, Membership
from engine.client.group_messages import decode_assignment
from engine.client.group_stages import IN_FLIGHT_STAGES, Stage
from engine.client.requests import Request
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.join_group import JoinGroupResponse
from engine.wire.messages.leave_group import LeaveGroupResponse
from engine.wire.messages.metadata import MetadataResponse
from engine.wire.messages.sync_group import SyncGroupResponse
from engine.wire.primitives import Malformed, Message

FENCED = "another consumer has joined the group with the same group.instance.id"


def on_ended(member: Membership, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
    """Take what came of a request of the member's."""
    kind, turn = request.part
    if isinstance(answer, LeaveGroupResponse) and not answer.error_code:
        member.consumer.effects.observe("left", member.coordinator.identity.group_id)
    if turn != member.turn:
        return
    member.asking = False
    if kind in (JOIN, SYNC):
        member.coordinator.identity.line_busy = False
    if isinstance(answer, ClientError):
        _on_error(member, request, answer, now_ms)
    elif isinstance(answer, JoinGroupResponse):
        _on_joined(member, answer, now_ms)
    elif isinstance(answer, MetadataResponse):
        _on_topics(member, answer, now_ms)
    elif isinstance(answer, SyncGroupResponse):
        _on_synced(member, answer, now_ms)
    else:  # LeaveGroup, whatever it says: we are out
        member.left(now_ms)


def _on_error(member: Membership, request: Request, error: ClientError, now_ms: int) -> None:
    kind = request.part[0]
    if kind == TOPICS:
        _later(member, now_ms)
        return
    moved = member.coordinator.on_trouble(request, error, now_ms)
    if kind not in (JOIN, SYNC):
        member.left(now_ms)
    elif moved:
        _join_later(member, now_ms)
    else:
        member.fail(error, now_ms)


def _later(member: Membership, now_ms: int) -> None:
    member.retry_at_ms = now_ms + member.coordinator.cluster.backoff_ms(member.attempts)
    member.attempts += 1


def _join_later(member: Membership, now_ms: int) -> None:
    member.begin_join()
    _later(member, now_ms)


def _join_again(member: Membership, now_ms: int) -> None:
    """At once, unless that has been tried already."""
    member.begin_join()
    if member.attempts:
        _later(member, now_ms)
    else:
        member.attempts = 1


# ---- joining


def _on_joined(member: Membership, answer: JoinGroupResponse, now_ms: int) -> None:
    identity = member.coordinator.identity
    code = error_code(answer.error_code)
    if code == ErrorCode.MEMBER_ID_REQUIRED:
        identity.member_id = answer.member_id
        member.begin_join()
        return
    if code != ErrorCode.NONE:
        obey(member, code, now_ms)
        return
    identity.member_id, identity.generation_id = answer.member_id, answer.generation_id
    member.attempts = 0
    member.protocol_name = answer.protocol_name or ""
    member.stop_counting()
    if member.protocol_name not in member.consumer.config.assignors:
        why = f"the group uses the assignor {member.protocol_name!r}, which this consumer has not"
        member.fail(NotAllowed(why), now_ms)
    elif answer.leader != answer.member_id:
        member.send_sync([], now_ms)
    else:
        _begin_assigning(member, answer, now_ms)


def _begin_assigning(member: Membership, answer: JoinGroupResponse, now_ms: int) -> None:
    try:
        member.subscribers = subscribers_of(answer)
    except Malformed as damaged:
        member.fail(NotAllowed(f"a member of the group says what cannot be read: {damaged}"), now_ms)
        return
    member.skips_assignment = answer.skip_assignment
    member.heartbeats.begin(now_ms)
    member.stage = Stage.ASSIGNING


def _on_topics(member: Membership, answer: MetadataResponse, now_ms: int) -> None:
    metadata = member.coordinator.cluster.metadata
    metadata.absorb(answer, now_ms, every_topic=False)
    topics = topics_of(member.subscribers)
    member.watch(topics)  # we are to notice when they grow
    member.counted = {topic: metadata.partition_count(topic) or 0 for topic in topics}
    assignments = []
    if not member.skips_assignment:
        assignments = assign(member.protocol_name, member.subscribers, member.counted)
    member.subscribers = []
    member.send_sync(assignments, now_ms)


def _on_synced(member: Membership, answer: SyncGroupResponse, now_ms: int) -> None:
    code = error_code(answer.error_code)
    if code != ErrorCode.NONE:
        obey(member, code, now_ms)
        return
    try:
        coming = decode_assignment(bytes(answer.assignment))
    except Malformed as damaged:
        member.fail(NotAllowed(f"the leader of the group assigns what cannot be read: {damaged}"), now_ms)
        return
    member.coming = [place for place in coming if place[0] in member.topics]
    if len(member.coming) < len(coming):
        member.rejoin = "the subscription has changed"
    identity = member.coordinator.identity
    identity.may_commit = True
    member.heartbeats.begin(now_ms)
    member.stage = Stage.SYNCED
    places = tuple(member.coming)
    member.consumer.effects.observe("assignment", identity.generation_id, identity.member_id, places)


# ---- what codes ask of a member


def heed(member: Membership, code: ErrorCode, now_ms: int) -> None:
    """Do what an error asks for that was the answer to a heartbeat or a commit."""
    waits = member.stage in (Stage.JOINING, Stage.SYNCING)  # for an answer that will say what there is to do
    passing = code == ErrorCode.REBALANCE_IN_PROGRESS or (code in RETRIABLE and code not in MOVED)
    if not (waits and passing):
        obey(member, code, now_ms)


def obey(member: Membership, code: ErrorCode, now_ms: int) -> None:
    """Do what an error of the coordinator asks for."""
    joining = member.stage in IN_FLIGHT_STAGES
    if code in MOVED:
        member.coordinator.lost(code.name, now_ms)
        if joining:
            _join_later(member, now_ms)
    elif code == ErrorCode.REBALANCE_IN_PROGRESS:
        if joining:
            _join_again(member, now_ms)
        else:
            member.rejoin = "the group is rebalancing"
    elif code in (ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION):
        _lose(member, joining, code == ErrorCode.ILLEGAL_GENERATION, now_ms)
    elif code == ErrorCode.FENCED_INSTANCE_ID:
        member.fail(Refused(code, FENCED), now_ms)
    elif code in RETRIABLE:
        if joining:
            _join_later(member, now_ms)
    else:
        member.fail(Refused(code, f"group {member.coordinator.identity.group_id}"), now_ms)


def _lose(member: Membership, joining: bool, keep_member_id: bool, now_ms: int) -> None:
    member.lose(keep_member_id=keep_member_id)
    if member.leaving:
        member.left(now_ms)
    elif joining:
        _join_again(member, now_ms)
    elif member.stage is not Stage.OUT:
        member.stage = Stage.UNJOINED
