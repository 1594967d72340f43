"""Bodies of requests, bounded while they come.

daphne takes a body whole, onto the disk, before Django sees the first line of its request: without a bound anybody
could fill it. Here whoever is not signed in may send UNKNOWN_BYTES_MAX, others BODY_BYTES_MAX. What is longer is read
to its end without being kept, for a browser shows an answer only then, and Django is told; after DRAINED_BYTES_MAX the
connection is closed.

*Invariants*: no more than BODY_BYTES_MAX of a request is kept, and of somebody unknown no more than comes while they
are looked up; that happens once, in a thread, and only for a long body; no client says what only this says; the loop,
which serves everybody, takes no form apart.
*Not here*: the words of the refusal (console/middleware.py), how long a body may take to come (connections.py),
answers (answers.py).
"""

from http.cookies import CookieError, SimpleCookie
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connections
from django.utils import timezone
from twisted.internet import threads

from console.middleware import BODY_DROPPED
from console.models import ConsoleSession
from console.project.answers import PacedRequest
from console.services import tokens

# With what stands around the fields of a form.
UNKNOWN_BYTES_MAX = settings.GUEST_UPLOAD_MAX_MEMORY_SIZE + (16 << 10)
BODY_BYTES_MAX = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + (256 << 10)
DRAINED_BYTES_MAX = 256 << 20


class BoundedRequest(PacedRequest):
    """One request, of which only so much is kept."""

    came_bytes = 0
    bytes_max = BODY_BYTES_MAX
    looking_up: Any = None  # who sends it, once it is long
    dropped = False
    is_whole = False

    def __init__(self, *given: Any, **more: Any) -> None:
        # Twisted would parse the form too, on the loop, for nobody: a form full of line ends took it twenty seconds.
        super().__init__(*given, parsePOSTFormSubmission=False, **more)
        self.channel.transport.request = self

    def handleContentChunk(self, data: bytes) -> None:
        """Keep some more of the body, or only count it."""
        self.came_bytes += len(data)
        if self.came_bytes > DRAINED_BYTES_MAX:
            self.channel.loseConnection()
            return
        if self.came_bytes > UNKNOWN_BYTES_MAX and self.looking_up is None:
            headers = self.requestHeaders
            self.looking_up = threads.deferToThread(
                bytes_max_of, headers.getRawHeaders(b"Cookie", []), headers.getRawHeaders(b"Authorization", [])
            )
            self.looking_up.addCallback(self._bound)
        if self.came_bytes > self.bytes_max:
            self._drop()
        elif not self.dropped:
            self.content.write(data)

    def process(self) -> None:
        """The body is whole: hand the request on, as soon as it is known who sends it."""
        self.is_whole = True
        self.channel.transport.request_is_whole()
        if self.looking_up is None:
            self._hand_on(None)
        else:
            self.looking_up.addCallback(self._hand_on)

    def _bound(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        if self.came_bytes > bytes_max:
            self._drop()

    def _drop(self) -> None:
        if not self.dropped:
            self.dropped = True
            self.content.close()
            self.content = BytesIO()

    def _hand_on(self, _: object) -> None:
        if self.channel is None:  # gone meanwhile
            return
        self.requestHeaders.removeHeader(BODY_DROPPED)
        if self.dropped:
            self.requestHeaders.setRawHeaders(BODY_DROPPED, [str(self.bytes_max)])
            for name in ("Content-Length", "Transfer-Encoding"):
                self.requestHeaders.removeHeader(name)
        super().process()


def bytes_max_of(cookies: list[bytes], authorization: list[bytes]) -> int:
    """How long a body may be that comes with these headers; for use in a thread."""
    try:
        known = any(map(_has_session, cookies)) or any(map(_has_token, authorization))
    except DatabaseError:
        known = True  # nobody knows: Django will say so, and a bound there is
    finally:
        connections.close_all()
    return BODY_BYTES_MAX if known else UNKNOWN_BYTES_MAX


def _has_session(header: bytes) -> bool:
    try:
        morsel = SimpleCookie(header.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return False
    key = morsel.value if morsel is not None else ""
    living = ConsoleSession.objects.filter(expire_date__gt=timezone.now(), user__is_active=True)
    return bool(key) and living.filter(session_key=key).exists()


def _has_token(header: bytes) -> bool:
    scheme, _, value = header.decode("latin-1").partition(" ")
    try:
        return scheme.lower() == "bearer" and tokens.owner_of(value.strip()) is not None
    except tokens.TokenRefused:
        return False
