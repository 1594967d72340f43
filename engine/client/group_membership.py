"""Being a member of a classic consumer group: joining, assigning if we lead, revoking, leaving.

A rebalance begins inside of a poll, as in Java's consumer: whoever polls is done with what
it was given before. Then what was processed is committed, partitions are given up (all of
them, or with the cooperative assignor only those that go elsewhere: KIP-429), and only
then JoinGroup is sent. The stages of one turn, in order:

UNJOINED, COMMITTING, REVOKING, JOINING, (ASSIGNING), SYNCING, SYNCED, ADDING, STABLE

Invariants:
- Nothing of a partition is handed out from the beginning of its revocation on.
- An answer to a question of an earlier turn changes nothing.
- Who does not poll for max.poll.interval.ms leaves (a static member without a word) and hands out nothing more.

Not here: heartbeats (heartbeats.py), where the coordinator is (coordinator.py), commits
(commits.py), the stages' answers (group_answers.py).
Spec: KIP-62, KIP-345, KIP-394, KIP-429, KIP-814.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.client import group_messages
from engine.client.admin import metadata_request
from engine.client.calls import Acknowledge, Change, Place, Rebalanced, Subscribe, Unsubscribe
from engine.client.commits import Commits
from engine.client.consumer import Consumer
from engine.client.coordinator import Coordinator
from engine.client.errors import ClientError
from engine.client.group_assignment import topics_of
from engine.client.group_stages import IN_FLIGHT_STAGES, STABLE, WAITING_STAGES, Stage, Then
from engine.client.heartbeats import Heartbeats
from engine.client.requests import ANY, NEVER, Request
from engine.core.groups.assignors.subscriber import Subscriber
from engine.core.groups.subscription import CONSUMER
from engine.wire.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from engine.wire.messages.leave_group import LeaveGroupRequest, MemberIdentity
from engine.wire.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

OWNER = "membership"
JOIN, TOPICS, SYNC, LEAVE = "join", "topics", "sync", "leave"  # what was asked
ANY_VERSION = 0x7FFF
JOIN_GRACE_MS = 5_000  # a coordinator may answer so much later than the rebalance timeout
COMMIT_WAIT_MS = 5_000  # a rebalance waits so long for the commit before it, at most


@dataclass(slots=True, eq=False)
class Membership:
    """Our place in the group."""

    coordinator: Coordinator
    consumer: Consumer
    commits: Commits
    heartbeats: Heartbeats
    stage: Stage = Stage.OUT
    then: Then = Then.JOIN
    turn: int = 0
    topics: tuple[str, ...] = ()
    listens: bool = False
    owned: list[Place] = field(default_factory=list)
    memory: list[Place] = field(default_factory=list)  # what we owned last: the sticky assignor's
    going: list[Place] = field(default_factory=list)  # being revoked
    coming: list[Place] = field(default_factory=list)  # what the last SyncGroup said
    rejoin: str = ""  # why this generation will not do; empty if it does
    reason: str = ""  # why we join, as the coordinator is told
    protocol_name: str = ""
    subscribers: list[Subscriber] = field(default_factory=list)  # if we lead, until we have assigned
    skips_assignment: bool = False
    counted: dict[str, int] | None = None  # if we lead: the partitions that were assigned
    recounted: int = -1  # the version of the metadata in which that was looked at last
    watched: tuple[str, ...] = ()  # topics whose metadata is kept fresh for the group
    asking: bool = False
    attempts: int = 0
    retry_at_ms: int = 0
    wait_until_ms: int = 0  # for a commit or a listener
    polled_ms: int = 0
    events: int = 0
    awaited: int = 0  # the last event to which somebody was to listen
    heard: int = 0  # the last event that was acknowledged
    leaving: dict[int, bool] = field(default_factory=dict)  # calls until we are out: whether still somebody asks
    leave_by_ms: int = 0
    next_subscription: Subscribe | None = None  # came while we leave

    # ---- calls
    def subscribe(self, call: Subscribe, now_ms: int) -> None:
        """Want these topics, from the next poll on."""
        if self.leaving:
            self.next_subscription = call
            return
        identity = self.coordinator.identity
        identity.subscribed, identity.failure = True, None
        topics = tuple(dict.fromkeys(call.topics))
        if self.stage is Stage.OUT:
            self.stage, self.polled_ms = Stage.UNJOINED, now_ms
        elif topics != self.topics:
            self.rejoin = "the subscription has changed"
        self.topics, self.listens = topics, call.listens
        self.watch(topics)

    def unsubscribe(self, number: int, call: Unsubscribe, now_ms: int) -> None:
        """Give up everything and leave."""
        self.consumer.note_processed()
        self.leaving[number] = True
        self.next_subscription = None
        self.leave_by_ms = max(self.leave_by_ms, now_ms + call.timeout_ms)
        if self.coordinator.identity.failure is not None:
            self.left(now_ms)
        if len(self.leaving) != 1:
            return
        self.then = Then.LEAVE
        if self.stage in IN_FLIGHT_STAGES:
            self._break_off("leaving the group")
        if self.stage is Stage.REVOKING:  # the others follow when whoever listens is done with these
            self.consumer.hold(list(self.consumer.positions), held=True)
        else:
            self.start_revocation(list(self.consumer.positions), Then.LEAVE, now_ms)

    def acknowledge(self, call: Acknowledge) -> None:
        """Whoever listens is done with an event."""
        self.heard = max(self.heard, min(call.number, self.events))

    # ---- time
    def next_deadline_ms(self) -> int:
        """When something is due."""
        next_ms = NEVER
        if self.retry_at_ms and not self.asking and self.stage in (Stage.JOINING, Stage.ASSIGNING):
            next_ms = self.retry_at_ms
        if self.stage in WAITING_STAGES:
            next_ms = min(next_ms, self.wait_until_ms)
        if self.leaving:
            next_ms = min(next_ms, self.leave_by_ms)
        elif not self.consumer.polls and self._is_member():
            next_ms = min(next_ms, self.polled_ms + self.consumer.config.max_poll_interval_ms)
        return next_ms

    def _is_member(self) -> bool:
        return self.stage not in (Stage.OUT, Stage.UNJOINED, Stage.LEAVING)

    def advance(self, now_ms: int) -> None:
        """Go as far as can be gone now."""
        if self.leaving and now_ms >= self.leave_by_ms:
            self.left(now_ms)
        identity = self.coordinator.identity
        if self.coordinator.failure is not None and identity.subscribed and not self.leaving:
            self.fail(self.coordinator.failure, now_ms)
        if identity.failure is not None:
            self.consumer.fail_polls(identity.failure)
            return
        self._watch_polls(now_ms)
        if self.stage is STABLE and not self.rejoin:
            found = self.consumer.cluster.metadata
            if self.counted is not None and self.recounted != found.version:
                self.recounted = found.version
                if any((found.partition_count(topic) or 0) != count for topic, count in self.counted.items()):
                    self.rejoin = "the partitions of a topic have changed"
            if not self.rejoin:
                return  # what nearly every event finds: nothing to do
        while self._step(now_ms):
            pass

    def _watch_polls(self, now_ms: int) -> None:
        """Leave the group if nobody polls, so that others read what we do not."""
        if self.consumer.polls:
            self.polled_ms = now_ms
            return
        late = now_ms >= self.polled_ms + self.consumer.config.max_poll_interval_ms
        if late and self._is_member() and not self.leaving:
            self._send_leave("nobody polls", now_ms)
            self.lose(keep_member_id=False)
            self.stage = Stage.UNJOINED

    def _step(self, now_ms: int) -> bool:
        """Do what the stage asks; say whether there may be more to do."""
        before = self.stage
        inside_poll = bool(self.consumer.polls)
        all_heard = not self.listens or self.heard >= self.awaited  # else events would pile up at who does not listen
        is_heard = all_heard or now_ms >= self.wait_until_ms
        match self.stage:
            case Stage.UNJOINED if inside_poll and all_heard:
                self.begin_join()
            case Stage.STABLE if self.rejoin and inside_poll and all_heard:
                self._prepare(now_ms)
            case Stage.COMMITTING if not self.commits.waiting or now_ms >= self.wait_until_ms:
                self._revoke(now_ms)
            case Stage.REVOKING if is_heard:
                self._give_up(now_ms)
                return True
            case Stage.JOINING | Stage.ASSIGNING if not self.asking and now_ms >= self.retry_at_ms:
                self.retry_at_ms = 0
                self._ask(now_ms)
                return False
            case Stage.SYNCED if inside_poll:
                self._apply(now_ms)
            case Stage.ADDING if is_heard:
                self.consumer.hold(self.owned, held=False)
                self.stage = Stage.STABLE
        return self.stage is not before

    # ---- giving up
    def _prepare(self, now_ms: int) -> None:
        kept = self.consumer.config.cooperative
        going = [place for place in self.owned if not kept or place[0] not in self.topics]
        if self.owned:
            self.start_revocation(going, Then.JOIN, now_ms)
        else:
            self.begin_join()

    def start_revocation(self, places: list[Place], then: Then, now_ms: int) -> None:
        """Hand out nothing more of some partitions, and commit what was processed."""
        self.going, self.then, self.stage = places, then, Stage.COMMITTING
        self.consumer.hold(places, held=True)
        wait_ms = min(COMMIT_WAIT_MS, self.consumer.config.max_poll_interval_ms // 2)
        self.wait_until_ms = now_ms + wait_ms
        self.commits.commit_processed(wait_ms, now_ms, repeated=True)

    def _revoke(self, now_ms: int) -> None:
        self.stage = Stage.REVOKING
        if self.going and self.coordinator.identity.subscribed:
            self.tell(Change.REVOKED, self.going)
            self.wait_until_ms = now_ms + self.consumer.config.max_poll_interval_ms

    def _give_up(self, now_ms: int) -> None:
        self.consumer.drop(self.going)
        self.owned = [place for place in self.owned if place not in self.going]
        self.going = []
        if self.then is Then.JOIN:
            self.begin_join()
        elif self.then is Then.ADD:
            self._add(now_ms)
        elif self.owned:  # it was a revocation for less when somebody unsubscribed
            self.start_revocation(list(self.owned), Then.LEAVE, now_ms)
        else:
            self.stage = Stage.LEAVING
            if not self._send_leave("the consumer unsubscribed", now_ms):
                self.left(now_ms)

    def _send_leave(self, reason: str, now_ms: int) -> bool:
        """Send LeaveGroup, unless we are static, or nobody knows us."""
        self.turn += 1
        identity = self.coordinator.identity
        self._break_off(reason)
        self.heartbeats.stop()
        if not identity.member_id or identity.instance_id is not None or self.coordinator.peer is None:
            return False
        message = LeaveGroupRequest(identity.group_id, members=[MemberIdentity(identity.member_id, None, reason)])
        timeout_ms = self.coordinator.cluster.config.request_timeout_ms
        self.coordinator.send(OWNER, message, (LEAVE, self.turn), timeout_ms, now_ms, ANY_VERSION)
        return True

    def _break_off(self, reason: str) -> None:
        """What waits for an answer must not keep what comes next back."""
        self.turn += 1
        self.asking = False
        if self.coordinator.identity.line_busy and self.coordinator.peer is not None:
            self.coordinator.give_up_lane(reason)
        self.coordinator.identity.line_busy = False

    def left(self, now_ms: int) -> None:
        """We are out; what waited for that is answered."""
        self.lose(keep_member_id=False)
        self.consumer.drop(list(self.consumer.positions))
        self.stage, self.then, self.rejoin = Stage.OUT, Then.JOIN, ""
        self.topics = ()
        self.stop_counting()
        identity = self.coordinator.identity
        identity.subscribed, identity.failure = False, None
        for number in [number for number, is_asked in self.leaving.items() if is_asked]:
            self.consumer.effects.results.append((number, None))
        self.leaving.clear()
        self.leave_by_ms = 0
        subscription, self.next_subscription = self.next_subscription, None
        if subscription is not None:
            self.subscribe(subscription, now_ms)

    # ---- topics
    def watch(self, topics: Iterable[str]) -> None:
        """Keep what is known of these topics fresh, besides those that we read, and no others for the group's sake."""
        interest = self.consumer.cluster.interest
        for topic in self.watched:
            interest.pop(topic, None)
        self.watched = tuple(dict.fromkeys([*self.topics, *topics]))
        interest.update(dict.fromkeys(self.watched))

    def stop_counting(self) -> None:
        """We do not lead any more: what others read is theirs to watch."""
        self.counted = None
        self.watch(())

    # ---- losing
    def lose(self, *, keep_member_id: bool) -> None:
        """Our generation went on without us: somebody else may have our partitions."""
        self._break_off("this member has lost its generation")
        identity = self.coordinator.identity
        identity.generation_id, identity.may_commit = -1, False
        if not keep_member_id:
            identity.member_id = ""
        self.heartbeats.stop()
        lost, self.owned, self.memory, self.going, self.coming = self.owned, [], [], [], []
        if lost:
            self.consumer.drop(lost)
            self.tell(Change.LOST, lost)

    def fail(self, error: ClientError, now_ms: int) -> None:
        """The group will not have us: every poll says so until somebody subscribes anew; who leaves has left."""
        if self.leaving:
            self.left(now_ms)
            return
        self.lose(keep_member_id=False)
        self.coordinator.identity.failure = error
        self.stage = Stage.OUT

    def tell(self, change: Change, places: list[Place]) -> None:
        """Hand an event over."""
        self.events += 1
        self.awaited = self.events if self.listens else self.awaited
        self.consumer.effects.results.append((0, Rebalanced(self.events, change, tuple(places), self.listens)))
        self.consumer.effects.observe("rebalanced", change.value, tuple(places))

    # ---- joining
    def begin_join(self) -> None:
        """Send JoinGroup next."""
        self.turn += 1
        self.reason = self.rejoin or "nothing was joined before"
        self.stage, self.asking, self.rejoin = Stage.JOINING, False, ""
        self.coordinator.identity.may_commit = False
        self.heartbeats.stop()

    def _ask(self, now_ms: int) -> None:
        if self.stage is Stage.ASSIGNING:
            names = tuple(topics_of(self.subscribers))
            deadline_ms = now_ms + self.coordinator.cluster.config.request_timeout_ms
            request = Request(metadata_request(names), ANY, deadline_ms, OWNER, part=(TOPICS, self.turn))
            self.coordinator.cluster.send(request, now_ms)
        elif self.coordinator.peer is None:
            self.coordinator.find(now_ms)
            return
        else:
            self._send_join(now_ms)
        self.asking = True

    def _send_join(self, now_ms: int) -> None:
        identity, config = self.coordinator.identity, self.consumer.config
        protocols = []
        for assignor in config.assignors:
            owned = self.memory if assignor == group_messages.STICKY else self.owned
            said = group_messages.encode_subscription(assignor, self.topics, owned, identity.generation_id)
            protocols.append(JoinGroupRequestProtocol(assignor, said))
        message = JoinGroupRequest(
            identity.group_id, config.session_timeout_ms, config.max_poll_interval_ms, identity.member_id,
            identity.instance_id, CONSUMER, protocols, self.reason,
        )  # fmt: skip
        identity.line_busy = True
        request_timeout_ms = self.coordinator.cluster.config.request_timeout_ms
        timeout_ms = max(request_timeout_ms, config.max_poll_interval_ms + JOIN_GRACE_MS)  # it waits for the others
        self.coordinator.send(OWNER, message, (JOIN, self.turn), timeout_ms, now_ms, ANY_VERSION)

    def send_sync(self, assignments: list[SyncGroupRequestAssignment], now_ms: int) -> None:
        """Bring the assignment if we lead, and ask for ours."""
        identity = self.coordinator.identity
        self.stage = Stage.SYNCING
        if self.coordinator.peer is None:  # lost while topics were asked for
            self.begin_join()
            return
        message = SyncGroupRequest(
            identity.group_id, identity.generation_id, identity.member_id, identity.instance_id, CONSUMER,
            self.protocol_name, assignments,
        )  # fmt: skip
        self.asking = identity.line_busy = True
        timeout_ms = self.coordinator.cluster.config.request_timeout_ms
        self.coordinator.send(OWNER, message, (SYNC, self.turn), timeout_ms, now_ms, ANY_VERSION)

    # ---- what the assignment brings
    def _apply(self, now_ms: int) -> None:
        going = [place for place in self.owned if place not in self.coming]
        if going:
            self.rejoin = "partitions were given up for others"
            self.start_revocation(going, Then.ADD, now_ms)
        else:
            self._add(now_ms)

    def _add(self, now_ms: int) -> None:
        added = [place for place in self.coming if place not in self.owned]
        self.owned = self.memory = sorted(self.coming)
        self.consumer.add(added, held=self.listens)
        self.stage = Stage.ADDING if self.listens else Stage.STABLE
        self.wait_until_ms = now_ms + self.consumer.config.max_poll_interval_ms
        self.tell(Change.ASSIGNED, added)
