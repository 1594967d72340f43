"""Requests to a cluster: which node gets them, what happens when it cannot, and the metadata they need.

An impatient request fails as soon as every address that could serve it has failed; a
patient one waits, with a backoff, until its deadline. Both learn of new leaders: a
request to a leader that is not known is parked until a Metadata answer comes.

Invariants:
- A request given to `send` comes back in `ended` exactly once, by its deadline at the latest.
- At most one Metadata request of the client's own is on its way.
- Only requests marked `repeatable` are sent twice.

Not here: what the requests are for (admin.py, producer.py, consumer.py).
Spec: KIP-580 (backoff), KIP-899 (back to the bootstrap servers when no known broker answers).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from engine.client.calls import Place
from engine.client.cluster_metadata import ClusterMetadata
from engine.client.config import ClientConfig
from engine.client.connection import Connections
from engine.client.errors import (
    STAGES,
    AuthenticationFailed,
    ClientError,
    Disconnected,
    NotSignedIn,
    Refused,
    TimedOut,
    Unreachable,
)
from engine.client.requests import ANY, CONTROLLER, NEVER, Chance, Finished, Request
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from engine.wire.primitives import Message

IMPATIENT_ATTEMPTS_MAX = 3


class Delayed(NamedTuple):
    """A request that is sent again at a time."""

    at_ms: int
    request: Request


@dataclass(slots=True, eq=False)
class Cluster:
    """The client's way to the brokers."""

    config: ClientConfig
    chance: Chance
    connections: Connections
    metadata: ClusterMetadata = field(default_factory=ClusterMetadata)
    ended: list[Finished] = field(default_factory=list)
    open: dict[int, Request] = field(default_factory=dict)  # sent, parked or delayed: by number
    last_number: int = 0
    parked: list[Request] = field(default_factory=list)  # wait for a Metadata answer
    delayed: list[Delayed] = field(default_factory=list)
    interest: dict[str, None] = field(default_factory=dict)  # topics whose leaders are kept fresh
    asked_topics: dict[str, None] | None = None  # of the Metadata request that is on its way
    wanted_topics: dict[str, None] = field(default_factory=dict)  # to ask for next
    metadata_at_ms: int | None = None  # when to ask next; None: nobody needs it
    metadata_failures: int = 0

    # ---- what the rest of the client calls
    def send(self, request: Request, now_ms: int) -> None:
        """Send a request to its target, as soon as that is known and reachable."""
        self.last_number += 1
        request.number = self.last_number
        self.open[request.number] = request
        peer = self.metadata.nodes.get(request.target[1]) if request.target[0] == "node" else None
        if peer is not None:  # nearly all: the shortest way
            self.connections.send(peer, request, now_ms)
        else:
            self._route(request, now_ms)

    def give_up(self, number: int) -> None:
        """Forget a request: whoever sent it wants no answer any more."""
        request = self.open.pop(number, None)
        if request is not None:
            request.ended = True

    def want_metadata(self, topic: str | None, at_ms: int) -> None:
        """Ask for the cluster's metadata, and for this topic's, at a time or earlier."""
        if topic is not None:
            self.wanted_topics[topic] = None
        self.metadata_at_ms = at_ms if self.metadata_at_ms is None else min(at_ms, self.metadata_at_ms)

    def backoff_ms(self, attempts: int) -> int:
        """How long to wait before attempt number `attempts` + 1 (KIP-580: exponential, +-20 %)."""
        full = min(self.config.backoff_ms_max, self.config.backoff_ms_min << min(attempts, 16))
        return full * (80 + self.chance.randrange(41)) // 100

    def pump(self, now_ms: int) -> None:
        """Handle what connections finished, ask for metadata if it is time, send what waited long enough."""
        while self.connections.finished:
            finished, self.connections.finished = self.connections.finished, []
            for request, answer in finished:
                if request.ended:
                    continue
                if isinstance(answer, ClientError):
                    self._failed(request, answer, now_ms)
                else:
                    self._end(request, answer, now_ms)
        if self.delayed:
            due = [entry for entry in self.delayed if now_ms >= entry.at_ms]
            self.delayed = [entry for entry in self.delayed if now_ms < entry.at_ms]
            for entry in due:
                self._route(entry.request, now_ms)
        if self.metadata_at_ms is not None:
            self._maybe_ask_metadata(now_ms)

    def on_deadline(self, now_ms: int) -> None:
        """End what is late."""
        late = [one for one in self.open.values() if now_ms >= one.deadline_ms] if self.open else []
        for request in late:
            why = f": {request.last_reason}" if request.last_reason else ""
            where = f" from {request.peer}" if request.peer and not request.last_reason else ""
            self._end(request, TimedOut(f"no answer{where} in time{why}"), now_ms)
        if self.parked or self.delayed:
            self.parked = [request for request in self.parked if not request.ended]
            self.delayed = [entry for entry in self.delayed if not entry.request.ended]
        if self.metadata_at_ms is None and now_ms >= self._metadata_ms():
            self.wanted_topics.update(self.interest)
            self.want_metadata(None, now_ms)

    def next_deadline_ms(self) -> int:
        """When `on_deadline` or `pump` has something to do."""
        next_ms = self.connections.next_deadline_ms()
        metadata_ms = self._metadata_ms()
        if metadata_ms < next_ms:
            next_ms = metadata_ms
        if self.open:
            for request in self.open.values():
                if request.deadline_ms < next_ms:
                    next_ms = request.deadline_ms
        if self.delayed:
            next_ms = min(next_ms, *(entry.at_ms for entry in self.delayed))
        return next_ms

    def _metadata_ms(self) -> int:
        """When metadata is to be asked for: because somebody wants it, or because it will be too old."""
        if self.asked_topics is not None:
            return NEVER
        if self.metadata_at_ms is not None:
            return self.metadata_at_ms
        updated_ms = self.metadata.updated_ms
        return updated_ms + self.config.metadata_age_ms_max if self.interest and updated_ms is not None else NEVER

    # ---- where to
    def _route(self, request: Request, now_ms: int) -> None:
        if request.ended:
            return
        peer = self._peer_of(request)
        if peer is not None:
            self.connections.send(peer, request, now_ms)
        else:
            self.parked.append(request)
            self.want_metadata(_topic_of(request), now_ms)

    def _peer_of(self, request: Request) -> str | None:
        kind = request.target[0]
        if kind == "node":
            return self.metadata.nodes.get(request.target[1])
        if kind == "peer":
            return str(request.target[1])
        if request.target == ANY:
            return self._any_peer(request)
        if request.target == CONTROLLER:
            return self.metadata.nodes.get(self.metadata.controller_id)
        assert kind == "leader", f"a target like {request.target}"
        leader = self.metadata.leader(request.target[1], request.target[2])
        return self.metadata.nodes[leader.node_id] if leader is not None else None

    def _any_peer(self, request: Request) -> str:
        # KIP-899: the bootstrap servers stay candidates, in case all known nodes moved.
        candidates = dict.fromkeys([*self.metadata.nodes.values(), *self.config.bootstrap])
        untried = [peer for peer in candidates if peer not in request.failed_peers]
        if not untried:
            request.failed_peers.clear()
            untried = list(candidates)
        ready = [peer for peer in untried if self.connections.is_ready(peer)]
        return (ready or untried)[0]

    def _has_untried_peer(self, request: Request) -> bool:
        candidates = [*self.metadata.nodes.values(), *self.config.bootstrap]
        return any(peer not in request.failed_peers for peer in candidates)

    # ---- how it ends
    def _end(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        request.ended = True
        self.open.pop(request.number, None)
        if request.owner != "metadata":
            self.ended.append((request, answer))
        elif isinstance(answer, MetadataResponse):
            self._take_metadata(answer, now_ms)
        else:
            assert isinstance(answer, ClientError), "Metadata is answered with Metadata"
            self._metadata_failed(answer, now_ms)

    def _failed(self, request: Request, error: ClientError, now_ms: int) -> None:
        final = request.once or (isinstance(error, Disconnected) and not request.repeatable)
        if final or not isinstance(error, (Unreachable, Disconnected)):
            self._end(request, error, now_ms)
            return
        request.attempts += 1
        request.last_reason = error.reason
        request.failed_peers[request.peer] = error
        if request.target == ANY and self._has_untried_peer(request):
            self._route(request, now_ms)
        elif request.patient:
            if request.target != ANY:
                self.want_metadata(_topic_of(request), now_ms)
            self.delayed.append(Delayed(now_ms + self.backoff_ms(request.attempts - 1), request))
        elif isinstance(error, Disconnected) and request.attempts < IMPATIENT_ATTEMPTS_MAX:
            self._route(request, now_ms)  # it had worked before: perhaps the broker was restarted
        elif request.target != ANY and not request.refreshed:
            request.refreshed = True
            self.parked.append(request)  # perhaps somebody else leads by now
            self.want_metadata(_topic_of(request), now_ms)
        else:
            self._end(request, _told_together(list(request.failed_peers.values())), now_ms)

    # ---- metadata of our own
    def _maybe_ask_metadata(self, now_ms: int) -> None:
        if self.metadata_at_ms is None or now_ms < self.metadata_at_ms or self.asked_topics is not None:
            return
        self.asked_topics, self.wanted_topics = self.wanted_topics, {}
        self.metadata_at_ms = None
        message = MetadataRequest(
            topics=[MetadataRequestTopic(name=name) for name in self.asked_topics],
            allow_auto_topic_creation=self.config.create_topics,
        )
        self.send(Request(message, ANY, now_ms + self.config.request_timeout_ms, "metadata"), now_ms)

    def _take_metadata(self, answer: MetadataResponse, now_ms: int) -> None:
        asked, self.asked_topics = self.asked_topics, None
        assert asked is not None, "an answer to our own request"
        self.metadata_failures = 0
        self.metadata.absorb(answer, now_ms, every_topic=False)
        parked, self.parked = self.parked, []
        for request in parked:
            topic = _topic_of(request)
            if request.ended:
                continue
            if self._peer_of(request) is not None or (topic is not None and topic not in asked):
                self._route(request, now_ms)
            else:
                self._unresolved(request, now_ms)

    def _unresolved(self, request: Request, now_ms: int) -> None:
        if request.target[0] == "leader":
            error = self.why_no_leader(request.target[1:])
        else:
            error = Refused(ErrorCode.BROKER_NOT_AVAILABLE, "the cluster does not name this broker")
        request.last_reason = str(error)
        if not request.patient and error.code != ErrorCode.LEADER_NOT_AVAILABLE:
            self._end(request, error, now_ms)
            return
        request.attempts += 1
        self.parked.append(request)
        self.want_metadata(_topic_of(request), now_ms + self.backoff_ms(request.attempts - 1))

    def why_no_leader(self, place: Place) -> Refused:
        """Say why a partition has no leader, as the last Metadata answer has it."""
        name, partition = place
        code = self.metadata.errors.get(name)
        if code is not None:
            return Refused(code, f"topic {name}")
        count = self.metadata.partition_count(name)
        if count is None or not 0 <= partition < count:
            return Refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, f"partition {partition} of topic {name} is not there")
        return Refused(ErrorCode.LEADER_NOT_AVAILABLE, f"partition {partition} of topic {name} has no leader now")

    def _metadata_failed(self, error: ClientError, now_ms: int) -> None:
        asked, self.asked_topics = self.asked_topics, None
        self.wanted_topics.update(asked or {})
        stop = isinstance(error, AuthenticationFailed)
        parked, self.parked = self.parked, []
        for request in parked:
            request.last_reason = error.reason
            if request.patient and not request.ended and not stop:
                self.parked.append(request)
            elif not request.ended:
                self._end(request, error, now_ms)
        if (self.parked or self.interest) and not stop:
            self.want_metadata(None, now_ms + self.backoff_ms(self.metadata_failures))
            self.metadata_failures += 1
        else:
            self.wanted_topics.clear()


def _told_together(errors: list[ClientError]) -> ClientError:
    """Why each address failed, as the kind of failure that got furthest."""
    reason = "; ".join(dict.fromkeys(error.reason for error in errors))
    if any(isinstance(error, NotSignedIn) for error in errors):
        return AuthenticationFailed(reason)
    kinds = [type(error) if isinstance(error, Unreachable) else Unreachable for error in errors]
    return max(kinds, key=STAGES.index)(reason)


def _topic_of(request: Request) -> str | None:
    return request.target[1] if request.target[0] == "leader" else None
