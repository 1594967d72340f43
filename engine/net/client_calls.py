"""What a client can be asked, as methods to await: each makes one call of engine.client.calls and gives its result.

Not here: how a call is carried out (engine/client), sockets and the loop (client_shell.py).
"""

from abc import ABC, abstractmethod
from typing import Any

from engine.client.calls import (
    Assign,
    Call,
    Commit,
    Committed,
    Fetch,
    Fetched,
    GetMetadata,
    ListOffsets,
    Offset,
    OffsetFound,
    Pause,
    Place,
    Poll,
    Produce,
    Produced,
    ProducerRecord,
    Seek,
    Send,
    SendEverywhere,
    SentAs,
    Unsubscribe,
)
from engine.client.errors import ClientError, NotProduced
from engine.client.requests import ANY, CONTROLLER, Target
from engine.wire.messages.metadata import MetadataResponse
from engine.wire.primitives import Message


class ClientCalls(ABC):
    """The calls of a client; `call` is whoever can await one."""

    @abstractmethod
    async def call(self, call: Call) -> Any:
        """Await any call of engine.client.calls; raises its ClientError."""

    async def send(
        self,
        message: Message,
        *,
        node: int | None = None,
        leader: Place | None = None,
        controller: bool = False,
        timeout_ms: int = 60_000,
        repeatable: bool = True,
        version_max: int = 0x7FFF,
    ) -> Any:
        """Send any request in the highest common version, to a node, a leader, the controller or anybody."""
        target: Target = ANY
        if node is not None:
            target = ("node", node)
        elif leader is not None:
            target = ("leader", *leader)
        elif controller:
            target = CONTROLLER
        return await self.call(Send(message, target, timeout_ms, repeatable, version_max))

    async def send_everywhere(self, message: Message, *, timeout_ms: int = 60_000) -> dict[int, Any]:
        """Send a request to every node: {node id: answer or ClientError}."""
        answers: dict[int, Any] = await self.call(SendEverywhere(message, timeout_ms))
        return answers

    async def metadata(self, topics: list[str] | None = None, *, timeout_ms: int = 60_000) -> MetadataResponse:
        """Describe these topics, or all, and the nodes. Creates nothing."""
        names = tuple(topics) if topics is not None else None
        answer: MetadataResponse = await self.call(GetMetadata(names, timeout_ms))
        return answer

    async def list_offsets(
        self, positions: list[tuple[str, int, int]], *, read_committed: bool = False, timeout_ms: int = 60_000
    ) -> dict[Place, OffsetFound | ClientError]:
        """Look up offsets by (topic, partition, timestamp), or by EARLIEST, LATEST, MAX_TIMESTAMP."""
        found: dict[Place, OffsetFound | ClientError]
        found = await self.call(ListOffsets(tuple(positions), read_committed, timeout_ms))
        return found

    async def fetch(self, positions: list[tuple[str, int, int]], **settings: Any) -> dict[Place, Fetched]:
        """Read once from (topic, partition, offset); the settings are those of `Fetch`."""
        found: dict[Place, Fetched | ClientError] = await self.call(Fetch(tuple(positions), **settings))
        return {place: _as_fetched(place, result) for place, result in found.items()}

    async def produce(self, *records: ProducerRecord) -> list[Produced | NotProduced]:
        """Send records; a result for each."""
        return list(await self.call(Produce(records)))

    async def produce_again(self, records: list[ProducerRecord], sent_as: SentAs) -> list[Produced | NotProduced]:
        """Send a batch once more that may be written already, as the brokers know it: it is written once."""
        return list(await self.call(Produce(tuple(records), sent_as)))

    async def assign(self, positions: list[tuple[str, int, int | None]]) -> None:
        """Consume these partitions from now on."""
        await self.call(Assign(tuple(positions)))

    async def seek(self, topic: str, partition: int, offset: int) -> None:
        """Go on elsewhere."""
        await self.call(Seek(topic, partition, offset))

    async def pause(self, places: list[Place], *, paused: bool = True) -> None:
        """Stop fetching partitions, or go on."""
        await self.call(Pause(tuple(places), paused))

    async def poll(self, *, wait_ms: int = 500, bytes_max: int = 8 << 20) -> tuple[Fetched, ...]:
        """Take what was fetched."""
        fetched: tuple[Fetched, ...] = await self.call(Poll(wait_ms, bytes_max))
        return fetched

    # ---- the group
    async def unsubscribe(self, *, timeout_ms: int = 5_000) -> None:
        """Commit (if auto.commit), give up all partitions and leave the group."""
        await self.call(Unsubscribe(timeout_ms))

    async def commit(self, offsets: dict[Place, Offset] | None = None, *, timeout_ms: int = 60_000) -> None:
        """Commit offsets, or the positions behind what was polled; try until it is done, refused or late."""
        await self.call(Commit(_offsets(offsets), True, timeout_ms))

    async def commit_once(self, offsets: dict[Place, Offset] | None = None, *, timeout_ms: int = 60_000) -> None:
        """Commit without trying again: what Kafka calls asynchronous. Put it into a task not to wait for it."""
        await self.call(Commit(_offsets(offsets), False, timeout_ms))

    async def committed(
        self, places: list[Place], *, timeout_ms: int = 60_000
    ) -> dict[Place, Offset | ClientError | None]:
        """Look up what the group has committed."""
        found: dict[Place, Offset | ClientError | None] = await self.call(Committed(tuple(places), timeout_ms))
        return found


def _as_fetched(place: Place, result: Fetched | ClientError) -> Fetched:
    if isinstance(result, Fetched):
        return result
    return Fetched(*place, -1, -1, -1, -1, -1, b"", (), result)


def _offsets(offsets: dict[Place, Offset] | None) -> tuple[tuple[str, int, Offset], ...] | None:
    return None if offsets is None else tuple((*place, offset) for place, offset in offsets.items())
