"""What can go wrong for a client: the results of calls that did not succeed.

They travel as values in `effects.results` and are raised only by the shell.

Invariants:
- Each has one clear sentence for people (`str(error)`).
- `Refused` alone means that a broker understood and said no.

Not here: error codes and their meaning (wire/error_codes.py).
"""

from engine.wire.error_codes import ErrorCode


class ClientError(Exception):
    """A call could not be done; `str(error)` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Unreachable(ClientError):
    """No connection to the broker that the call needs: name not found, refused, no leader ..."""


class NameNotFound(Unreachable):
    """The host's name is not known, or the name server does not answer."""


class AddressNotAllowed(Unreachable):
    """Whoever runs this client does not let it connect there."""


class ConnectionFailed(Unreachable):
    """The address was found, and there is no connection: refused, no route, no answer in time."""


class TlsFailed(Unreachable):
    """There is a connection and no trust: unknown CA, wrong name, expired, or one side does not speak TLS."""


class NotKafka(Unreachable):
    """Something else than Kafka answers there, or nothing does once connected."""


class AuthenticationFailed(ClientError):
    """The broker does not sign us in. It is not tried again by itself: that could lock the user out."""


class TimedOut(ClientError):
    """The time of the call was up before there was an answer."""


class Disconnected(ClientError):
    """The connection was lost while the answer was awaited: it may have been carried out."""


class NotSignedIn(Disconnected):
    """The broker hung up at the first request of a client that has no user: as far as one can tell, it wants one."""


class Unsupported(ClientError):
    """The broker and this client have no version of the request in common."""


class Closed(ClientError):
    """The client was closed before the call was done."""


class Refused(ClientError):
    """The broker answered with an error code."""

    def __init__(self, code: ErrorCode, message: str | None = None) -> None:
        super().__init__(f"{code.name}: {message}" if message else code.name)
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type["Refused"], tuple[ErrorCode, str | None]]:
        return Refused, (self.code, self.message)


class CorruptRecord(ClientError):
    """What came is not what was written: its CRC is another. It is fetched again; a seek goes past it."""


class NotProduced(ClientError):
    """A record is not acknowledged. `maybe_written`: it may be in the log all the same.

    `sent_as` then tells by what the broker knows its batch (calls.SentAs), if the producer is idempotent: records
    with the same one were one batch, which may be sent again safely.
    """

    def __init__(
        self,
        reason: str,
        maybe_written: bool,
        code: ErrorCode | None = None,
        sent_as: tuple[int, int, int] | None = None,
    ) -> None:
        super().__init__(reason)
        self.maybe_written = maybe_written
        self.code = code
        self.sent_as = sent_as

    def __reduce__(self) -> tuple[type["NotProduced"], tuple[str, bool, ErrorCode | None, tuple[int, int, int] | None]]:
        return NotProduced, (self.reason, self.maybe_written, self.code, self.sent_as)


class CommitFailed(ClientError):
    """A commit was refused because this member has lost its generation; `code` is the coordinator's."""

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code

    def __reduce__(self) -> tuple[type["CommitFailed"], tuple[ErrorCode, str]]:
        return CommitFailed, (self.code, self.reason)


class NotAllowed(ClientError):
    """A call that makes no sense for this client now, such as a seek in a partition that it does not have."""


class NoOffset(ClientError):
    """A partition has no committed offset, and auto.offset.reset is none."""


# From the least that was reached to the most: where several addresses failed, what got furthest tells most.
STAGES: tuple[type[Unreachable], ...] = (
    Unreachable,
    NameNotFound,
    AddressNotAllowed,
    ConnectionFailed,
    TlsFailed,
    NotKafka,
)


# Codes after which the same request may succeed, at another leader or a moment later (Kafka's RetriableException).
RETRIABLE = frozenset(
    {
        ErrorCode.CORRUPT_MESSAGE,
        ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode.LEADER_NOT_AVAILABLE,
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
        ErrorCode.REQUEST_TIMED_OUT,
        ErrorCode.REPLICA_NOT_AVAILABLE,
        ErrorCode.NETWORK_EXCEPTION,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.NOT_COORDINATOR,
        ErrorCode.NOT_ENOUGH_REPLICAS,
        ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        ErrorCode.NOT_CONTROLLER,
        ErrorCode.KAFKA_STORAGE_ERROR,
        ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        ErrorCode.FENCED_LEADER_EPOCH,
        ErrorCode.UNKNOWN_LEADER_EPOCH,
        ErrorCode.OFFSET_NOT_AVAILABLE,
        ErrorCode.THROTTLING_QUOTA_EXCEEDED,
        ErrorCode.UNKNOWN_TOPIC_ID,
        ErrorCode.INCONSISTENT_TOPIC_ID,
        ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
        ErrorCode.CONCURRENT_TRANSACTIONS,
        ErrorCode.UNSTABLE_OFFSET_COMMIT,
    }
)
