"""Connections to the web server, bounded in number and in how long a request may take to come, an answer to go.

daphne keeps a connection for as long as a byte comes now and then, and any number of them. Here a request has
so many seconds, and one more for each BYTES_A_SECOND that came; who is slower is told so and closed. A piece of an
answer has as long to go out. When one address that is no proxy has as many connections as it may have, or there are as
many as there may be at all, one closes whose client has asked nothing; if all are at work, the new one does.

*Invariants*: a connection whose request is being answered, or that is a WebSocket, is never closed to make room; what
is closed for that sends what it has.
*Not here*: how long bodies may be (bodies.py), idle connections (Twisted closes them after a minute), WebSockets
(daphne's own handshake and pings).
"""

import time
from typing import Any

from daphne.http_protocol import HTTPFactory
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet.task import LoopingCall
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

from console.middleware import is_proxy
from console.networks import network_of

BYTES_A_SECOND = 500
CLOSING_S = 5.0  # what was said last may take so long to go out
LOOK_S = 1.0
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class BoundedConnection(ProtocolWrapper):  # type: ignore[misc]  # Twisted's types are not ours to mend
    """One connection, and since when a request has been on its way."""

    network = ""
    asked_s: float | None = None  # None: nothing comes, or the request is whole
    came_bytes = 0
    closed_s: float | None = None
    request: Any = None  # the last one (bodies.py)

    def makeConnection(self, transport: Any) -> None:
        """Whoever connects has something to ask."""
        self.network = network_of(address_of(transport.getPeer()))
        self.asked_s = time.monotonic()
        super().makeConnection(transport)

    def dataReceived(self, data: bytes) -> None:
        """Count what comes of a request."""
        if self.asked_s is None and self.waits:
            self.asked_s, self.came_bytes = time.monotonic(), 0
        self.came_bytes += len(data)
        super().dataReceived(data)

    @property
    def waits(self) -> bool:
        """Whether it is its client's turn."""
        request = self.request
        answered = request is None or not request.is_whole or request.finished
        return answered and not isinstance(self.wrappedProtocol, WebSocketProtocol)

    def request_is_whole(self) -> None:
        """It is answered now."""
        self.asked_s = None

    def close_if_slow(self, now_s: float) -> None:
        """Look how long a request has been coming, or an answer going."""
        if self.closed_s is not None:
            if now_s - self.closed_s > CLOSING_S:
                self.abortConnection()
        elif self.asked_s is not None and is_late(self.asked_s, self.came_bytes, now_s):
            if self.came_bytes:
                self.transport.write(TOO_SLOW)
            self.close()
        elif self.answer_is_stuck(now_s):
            self.abortConnection()

    def answer_is_stuck(self, now_s: float) -> bool:
        """Whether its client takes nothing, or too little."""
        request = self.request
        stuck = request is not None and request.stuck_s is not None
        return stuck and is_late(request.stuck_s, request.piece_bytes, now_s)

    def close(self) -> None:
        """End it when what was said last has gone out."""
        self.closed_s = time.monotonic()
        self.loseConnection()


class BoundedFactory(WrappingFactory):  # type: ignore[misc]
    """All connections of the web server."""

    protocol = BoundedConnection

    def __init__(self, server: Any) -> None:
        super().__init__(HTTPFactory(server))
        self.looking = LoopingCall(self._look)

    def startFactory(self) -> None:
        """It listens now."""
        super().startFactory()
        self.looking.start(LOOK_S, now=False)

    def buildProtocol(self, addr: Any) -> ProtocolWrapper | None:
        """A connection comes; None closes it."""
        address = address_of(addr)
        alone = bool(address) and not is_proxy(address)
        if alone and not self._has_room(settings.CONNECTIONS_PER_ADDRESS_MAX, network_of(address)):
            return None
        return super().buildProtocol(addr) if self._has_room(settings.CONNECTIONS_MAX) else None

    def _look(self) -> None:
        now_s = time.monotonic()
        for connection in list(self.protocols):
            connection.close_if_slow(now_s)

    def _has_room(self, most: int, network: str | None = None) -> bool:
        """Whether there may be one more, at all or of a network; at need one closes that waits for its client."""
        there = [one for one in self.protocols if one.closed_s is None and network in (None, one.network)]
        if len(there) < most:
            return True
        # Who asks nothing comes first, then who is slow. A dict keeps the order in which they came.
        waiting = sorted((one for one in there if one.waits), key=lambda one: one.asked_s or 0.0)
        for connection in waiting[:1]:
            connection.close()
        return bool(waiting)


def address_of(peer: Any) -> str:
    """Who connects; "" by a socket in the file system, which is a proxy's."""
    return getattr(peer, "host", "")


def is_late(since_s: float, size_bytes: int, now_s: float) -> bool:
    """Whether something of so many bytes takes too long."""
    return now_s - since_s > settings.REQUEST_S + size_bytes / BYTES_A_SECOND
