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


class TimedOut(ClientError):
    """The time of the call was up before there was an answer."""


class Disconnected(ClientError):
    """The connection was lost while the answer was awaited: it may have been carried out."""


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
