"""Connections to the web server, bounded in number and in how long a request may take to come.

daphne keeps a connection for as long as a byte comes now and then, and any number of them. Here a request has
so many seconds, and one more for each BYTES_A_SECOND that came; who is slower is told so and closed. One address has so
many connections, proxies any number; when there are as many as there may be at all, the one closes that has waited
longest for a request of its client.

*Invariants*: a connection whose request is being answered, or that is a WebSocket, is never closed by this.
*Not here*: how long bodies may be (bodies.py), idle connections (Twisted closes them after a minute), WebSockets
(daphne's own handshake and pings).
"""

import time
from collections import Counter
from ipaddress import ip_address, ip_network
from typing import Any

from daphne.http_protocol import HTTPFactory
from daphne.ws_protocol import WebSocketProtocol
from django.conf import settings
from twisted.internet.task import LoopingCall
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory

BYTES_A_SECOND = 500
CLOSING_S = 5.0  # what was said last may take so long to go out
LOOK_S = 1.0
TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
PROXIES = [ip_network(proxy, strict=False) for proxy in settings.PROXIES]


class BoundedConnection(ProtocolWrapper):  # type: ignore[misc]  # Twisted's types are not ours to mend
    """One connection, and since when a request has been on its way."""

    address = ""
    asked_s: float | None = None  # None: nothing comes, or the request is whole
    came_bytes = 0
    closed_s: float | None = None
    request: Any = None  # the last one (bodies.py)

    def makeConnection(self, transport: Any) -> None:
        """Whoever connects has something to ask."""
        self.address = transport.getPeer().host
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
        """Look how long a request has been coming."""
        if self.closed_s is not None:
            if now_s - self.closed_s > CLOSING_S:
                self.abortConnection()
        elif self.asked_s is not None and now_s - self.asked_s > settings.REQUEST_S + self.came_bytes / BYTES_A_SECOND:
            self.closed_s = now_s
            if self.came_bytes:
                self.transport.write(TOO_SLOW)
            self.loseConnection()


class BoundedFactory(WrappingFactory):  # type: ignore[misc]
    """All connections of the web server."""

    protocol = BoundedConnection

    def __init__(self, server: Any) -> None:
        super().__init__(HTTPFactory(server))
        self.by_address: Counter[str] = Counter()
        self.looking = LoopingCall(self._look)

    def startFactory(self) -> None:
        """It listens now."""
        super().startFactory()
        self.looking.start(LOOK_S, now=False)

    def buildProtocol(self, addr: Any) -> ProtocolWrapper | None:
        """A connection comes; None closes it."""
        own = self.by_address[addr.host]
        if own >= settings.CONNECTIONS_PER_ADDRESS_MAX and not is_proxy(addr.host):
            return None
        if len(self.protocols) >= settings.CONNECTIONS_MAX and not self._make_room():
            return None
        return super().buildProtocol(addr)

    def registerProtocol(self, p: BoundedConnection) -> None:
        """It is there."""
        super().registerProtocol(p)
        self.by_address[p.address] += 1

    def unregisterProtocol(self, p: BoundedConnection) -> None:
        """It is gone."""
        super().unregisterProtocol(p)
        self.by_address[p.address] -= 1
        if not self.by_address[p.address]:
            del self.by_address[p.address]

    def _look(self) -> None:
        now_s = time.monotonic()
        for connection in list(self.protocols):
            connection.close_if_slow(now_s)

    def _make_room(self) -> bool:
        """Close who has been silent or slow for longest; the first of those that ask nothing."""
        # A dict keeps the order in which they came; who asks nothing now has waited since some time after that.
        waiting = [connection for connection in self.protocols if connection.waits]
        for connection in sorted(waiting, key=lambda one: one.asked_s or 0.0)[:1]:
            connection.abortConnection()
        return bool(waiting)


def is_proxy(host: str) -> bool:
    """Whether many people come from this address."""
    address = ip_address(host)
    return any(address in network for network in PROXIES)
