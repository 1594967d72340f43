"""Why a connection ended, in words and as the kind of failure that it is.

Not here: who notices the end (connection.py), what the shell knows of TLS (net/tls.py).
"""

from typing import TYPE_CHECKING

from engine.client.config import ClientConfig
from engine.client.errors import AuthenticationFailed, ClientError, Disconnected, NotKafka, NotSignedIn, TlsFailed
from engine.wire.primitives import Malformed

if TYPE_CHECKING:
    from engine.client.links import BrokerConnection

TLS_RECORDS = (b"\x15\x03", b"\x16\x03")  # how an alert and a handshake of TLS begin


def not_kafka(connection: "BrokerConnection", config: ClientConfig, head: bytes, malformed: Malformed) -> ClientError:
    """What came cannot be understood; `head` is how it begins."""
    peer = connection.peer
    known = connection.versions is not None
    if not known and head in TLS_RECORDS and config.tls is None:
        return TlsFailed(f"{peer} speaks TLS, and this connection is in plain")
    words = f"{peer} does not speak Kafka's protocol: {malformed}"
    return Disconnected(words) if known else NotKafka(words)


def why_closed(connection: "BrokerConnection", config: ClientConfig, lost: str) -> ClientError:
    """The other side closed it; `lost` is what TLS says of that."""
    peer = connection.peer
    if lost:
        return Disconnected(lost) if connection.versions is not None else TlsFailed(lost)
    closed = f"{peer} closed the connection"
    if connection.versions is None:
        return NotKafka(f"{closed} before it said which versions it speaks")
    if connection.authentication is not None and config.sasl is not None:
        return AuthenticationFailed(f"{closed} while {config.sasl.user} signed in")
    if not connection.answers and config.sasl is None:
        return NotSignedIn(f"{closed} at the first request: perhaps it wants a user and a password (SASL)")
    return Disconnected(closed)


def why_late(connection: "BrokerConnection", config: ClientConfig, waited_ms: int) -> ClientError:
    """No answer came in time."""
    words = f"{connection.peer} did not answer within {waited_ms / 1000:g} s"
    if connection.versions is None:
        return NotKafka(words)
    if connection.authentication is not None and config.sasl is not None:
        return AuthenticationFailed(f"{words} while {config.sasl.user} signed in")
    return Disconnected(words)
