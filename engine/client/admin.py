"""Calls that are one request to somewhere, or the same request to every node.

Invariants:
- A call gives one result and is forgotten with it.
- What comes for a call that was forgotten is dropped.

Not here: calls that are split by leader (leader_calls.py), who leads what (cluster.py).
"""

from dataclasses import dataclass, field

from engine.client.calls import GetMetadata, Send, SendEverywhere
from engine.client.cluster import Cluster
from engine.client.errors import ClientError
from engine.client.requests import ANY, Request
from engine.core.effects import Effects
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic, MetadataResponse
from engine.wire.primitives import Message

OWNER = "admin"


@dataclass(slots=True, eq=False)
class OpenCall:
    """A call that has no result yet."""

    call: Send | SendEverywhere | GetMetadata
    deadline_ms: int
    requests: dict[int, None] = field(default_factory=dict)  # numbers of its requests on their way
    answers: dict[int, Message | ClientError] = field(default_factory=dict)  # by node


@dataclass(slots=True, eq=False)
class Admin:
    """The open calls of this kind."""

    cluster: Cluster
    effects: Effects
    open: dict[int, OpenCall] = field(default_factory=dict)

    def begin(self, number: int, call: Send | SendEverywhere | GetMetadata, now_ms: int) -> None:
        """Start a call."""
        open_call = self.open[number] = OpenCall(call, now_ms + call.timeout_ms)
        if isinstance(call, Send):
            self._send(number, open_call, call.message, call.target, None, call.repeatable, now_ms)
        elif isinstance(call, GetMetadata):
            self._send(number, open_call, metadata_request(call.topics), ANY, "metadata", True, now_ms)
        else:  # nodes may have come or gone since anybody looked
            self._send(number, open_call, metadata_request(()), ANY, "nodes", True, now_ms)

    def cancel(self, number: int) -> bool:
        """Forget a call; say whether there was one."""
        open_call = self.open.pop(number, None)
        for request_number in open_call.requests if open_call is not None else ():
            self.cluster.give_up(request_number)
        return open_call is not None

    def on_ended(self, request: Request, answer: Message | ClientError | None, now_ms: int) -> None:
        """Take what came of a request."""
        open_call = self.open.get(request.call)
        if open_call is None:
            return
        open_call.requests.pop(request.number, None)
        assert answer is not None, "only Produce may go without an answer"
        if isinstance(answer, MetadataResponse) and isinstance(request.message, MetadataRequest):
            self.cluster.metadata.absorb(answer, now_ms, every_topic=request.message.topics is None)
        if request.part == "nodes" and isinstance(answer, MetadataResponse):
            self._send_to_nodes(request.call, open_call, now_ms)
        elif isinstance(open_call.call, SendEverywhere) and request.part != "nodes":
            open_call.answers[request.part] = answer
            if not open_call.requests:
                self._finish(request.call, dict(sorted(open_call.answers.items())))
        else:
            self._finish(request.call, answer)

    def _send_to_nodes(self, number: int, open_call: OpenCall, now_ms: int) -> None:
        nodes = sorted(self.cluster.metadata.nodes)
        if not nodes:
            self._finish(number, {})
        for node_id in nodes:
            self._send(number, open_call, open_call.call.message, ("node", node_id), node_id, True, now_ms)  # type: ignore[union-attr]

    def _send(
        self,
        number: int,
        open_call: OpenCall,
        message: Message,
        target: tuple[object, ...],
        part: object,
        repeatable: bool,
        now_ms: int,
    ) -> None:
        request = Request(message, target, open_call.deadline_ms, OWNER, number, part, repeatable=repeatable)
        if isinstance(open_call.call, Send):
            request.version_max = open_call.call.version_max
        self.cluster.send(request, now_ms)
        open_call.requests[request.number] = None

    def _finish(self, number: int, result: object) -> None:
        self.cancel(number)
        self.effects.results.append((number, result))


def metadata_request(topics: tuple[str, ...] | None) -> MetadataRequest:
    """Ask for these topics, or for all, without creating any."""
    named = None if topics is None else [MetadataRequestTopic(name=name) for name in topics]
    return MetadataRequest(topics=named, allow_auto_topic_creation=False)
