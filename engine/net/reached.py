"""How far a connection to a peer came, and why it came no further, in words.

Not here: connecting (client_shell.py), TLS (tls.py).
"""

import errno
from dataclasses import dataclass

from engine.net.tls import Handshake

REASONS = {
    errno.ENOENT: "is not there: nothing listens",
    errno.ECONNREFUSED: "refuses the connection: nothing listens there",
    errno.EHOSTUNREACH: "cannot be reached: no route to the host",
    errno.ENETUNREACH: "cannot be reached: no route to its network",
    errno.ECONNRESET: "reset the connection",
    errno.ETIMEDOUT: "does not answer: the connection timed out",
    errno.EACCES: "may not be connected to from this machine",
}


@dataclass(slots=True)
class Reached:
    """How far the last connection to a peer came: for those who test one."""

    addresses: tuple[str, ...] = ()  # of its name
    address: str = ""  # that was connected to
    handshake: Handshake | None = None
    found_ms: int = 0  # how long each step took
    connected_ms: int = 0
    trusted_ms: int = 0
