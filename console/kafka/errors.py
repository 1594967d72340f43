"""How a Kafka cluster can disappoint the console: few kinds, each with a sentence for people.

Whatever goes wrong below this package is raised as one of these.
Not here: what a page does with them (middleware.py).
"""

from engine.client.errors import (
    AuthenticationFailed,
    ClientError,
    Closed,
    Disconnected,
    Refused,
    TimedOut,
    Unreachable,
    Unsupported,
)
from engine.wire.error_codes import ErrorCode

MISSING = (
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.INVALID_TOPIC_EXCEPTION,
    ErrorCode.RESOURCE_NOT_FOUND,
)
FORBIDDEN = (
    ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ErrorCode.GROUP_AUTHORIZATION_FAILED,
    ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    ErrorCode.DELEGATION_TOKEN_AUTHORIZATION_FAILED,
)


class KafkaError(Exception):
    """Any of the kinds below; `str(error)` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClusterUnreachable(KafkaError):
    """No answer in time, or no connection: the page says so with the reason (503)."""


class SignInRefused(KafkaError):
    """The cluster does not sign this console in (502). No page tries again by itself: that could lock the user out."""


class NotFound(KafkaError):
    """The topic, partition or record is not there (404)."""


class NotAuthorized(KafkaError):
    """The cluster refuses this to the user of the connection (403)."""


class KafkaRefused(KafkaError):
    """The cluster understood and said no; `code` is the protocol's name of the error, `message` the cluster's words."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message


def refused(code: ErrorCode, message: str | None = None) -> KafkaError:
    """Turn an error code of the cluster into the kind that pages tell apart."""
    if code in MISSING:
        return NotFound(message or "it is not there")
    if code in FORBIDDEN:
        return NotAuthorized(message or code.name)
    return KafkaRefused(code.name, message)


def translated(error: ClientError) -> KafkaError:
    """Turn what the client says into the kind that pages tell apart."""
    if isinstance(error, Refused):
        return refused(error.code, error.message)
    if isinstance(error, Unsupported):
        return KafkaRefused("UNSUPPORTED_VERSION", error.reason)
    if isinstance(error, AuthenticationFailed):
        return SignInRefused(error.reason)
    assert isinstance(error, (Unreachable, TimedOut, Disconnected, Closed)), f"no page knows {error!r}"
    return ClusterUnreachable(error.reason)
