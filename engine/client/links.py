"""What a client knows of one link to a broker: its connection, what was sent on it, what waits for it.

Not here: what happens to them (connection.py).
"""

from collections import deque
from dataclasses import dataclass, field

from engine.client.authentication import Authentication
from engine.client.requests import Request
from engine.core.connection.reply_order import Connection

Versions = dict[int, tuple[int, int]]


@dataclass(slots=True)
class InFlight:
    """A request that was sent and is not answered. `request` is None for ApiVersions and SASL of our own."""

    request: Request | None
    api_key: int
    version: int
    correlation_id: int
    sent_ms: int
    deadline_ms: int  # then the broker counts as gone


@dataclass(slots=True, eq=False)
class BrokerConnection(Connection):
    """One connection to a broker."""

    lane: str = ""
    in_flight: deque[InFlight] = field(default_factory=deque)
    correlation_id: int = 0
    versions: Versions | None = None  # what both of us speak; None while that is being asked
    features: list[tuple[str, int]] = field(default_factory=list)  # finalized levels
    ready: bool = False  # requests may be sent
    authentication: Authentication | None = None  # while signing in
    sign_in_again_ms: int | None = None  # before what is sent from then on
    answers: int = 0  # to requests of others


@dataclass(slots=True, eq=False)
class Link:
    """One broker address and what waits for it."""

    peer: str
    lane: str
    connection: BrokerConnection | None = None
    connecting: bool = False
    connect_deadline_ms: int = 0
    waiting: deque[Request] = field(default_factory=deque)
