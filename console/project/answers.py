"""Answers, sent no faster than they are taken.

daphne hands a connection whatever the application gives: a file for a slow line stood in memory whole, and as its
request counted as answered by then, Twisted cut the rest of it off a minute later. Here an application that gives an
answer in pieces waits until each has gone out, and a request is answered once all has.

*Invariants*: of an answer no more than the application's last piece is kept here; whoever gave that waits for nobody.
*Not here*: requests (bodies.py), how long a piece may take to go out (connections.py).
"""

import asyncio
import time
from typing import Any

from daphne.http_protocol import WebRequest
from daphne.server import Server

BODY = "http.response.body"


class PacedRequest(WebRequest):  # type: ignore[misc]  # daphne has no types
    """One request, and what of its answer has not gone out."""

    piece_bytes = 0  # of what was given last
    stuck_s: float | None = None  # since when it does not go out
    is_complete = False  # there is nothing more to give

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.has_room = asyncio.Event()
        self.has_room.set()

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Take a part of the answer."""
        if self.finished or self.channel is None:
            return
        if self.producer is None:
            self.registerProducer(self, streaming=True)
        if message["type"] != BODY:
            super().handle_reply(message)
            return
        self.piece_bytes = len(message.get("body", b""))
        super().handle_reply({**message, "more_body": True})
        self.is_complete = not message.get("more_body", False)
        self._end_if_all_is_out()

    def pauseProducing(self) -> None:
        """The client does not keep up (Twisted says so)."""
        self.stuck_s = time.monotonic()
        self.has_room.clear()

    def resumeProducing(self) -> None:
        """All has gone out."""
        self.stopProducing()
        self._end_if_all_is_out()

    def stopProducing(self) -> None:
        """Nobody takes anything more, or all is taken: nobody waits."""
        self.stuck_s = None
        self.has_room.set()

    def finish(self) -> None:
        """It is answered."""
        if self.producer is not None:
            self.unregisterProducer()
        super().finish()

    def connectionLost(self, reason: Any) -> None:
        """Its client is gone."""
        self.stopProducing()
        super().connectionLost(reason)

    def _end_if_all_is_out(self) -> None:
        if self.is_complete and self.stuck_s is None and not self.finished and self.channel is not None:
            super().handle_reply({"type": BODY})


class PacedServer(Server):  # type: ignore[misc]
    """daphne, whose applications wait for their clients."""

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        """Pass on what an application gives; come back when it may give more."""
        await super().handle_reply(protocol, message)
        if message.get("more_body") and isinstance(protocol, PacedRequest):
            await protocol.has_room.wait()
