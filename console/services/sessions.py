"""Sessions of people: which there are, and ending them.

*Invariants*: an ended session opens no page from the next request on, and its live sockets close within a minute
(they look again every 20 s); a session's use is written at most once a minute.
*Not here*: the table (models/session.py), signing in (views/accounts.py).
"""

import time
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.utils import timezone

from console.models import ConsoleSession, User
from console.models.session import ADDRESS, AGENT, SIGNED_IN_AT

USE_WRITTEN_EVERY_S = 60
LISTED_MAX = 100
_REMEMBERED_MAX = 10_000
_written: dict[str, float] = {}  # session keys, and when this process last wrote their use


def begun(session: SessionBase, *, address: str, agent: str) -> None:
    """Note where a new session is; what has expired is swept out."""
    session[ADDRESS] = address[:100]
    session[AGENT] = agent.encode("utf-8", "backslashreplace").decode()[:300]
    session[SIGNED_IN_AT] = timezone.now().isoformat()
    ConsoleSession.objects.filter(expire_date__lt=timezone.now()).delete()


def used(key: str) -> None:
    """Note that a session is in use, at most once a minute."""
    now = time.monotonic()
    if now - _written.get(key, -USE_WRITTEN_EVERY_S) < USE_WRITTEN_EVERY_S:
        return
    if len(_written) >= _REMEMBERED_MAX:
        _written.clear()
    _written[key] = now
    at = timezone.now()
    old = at - timedelta(seconds=USE_WRITTEN_EVERY_S)
    ConsoleSession.objects.filter(session_key=key, last_used_at__lt=old).update(last_used_at=at)


def of(user: User) -> list[ConsoleSession]:
    """Those that still open something, last used first."""
    living = ConsoleSession.objects.filter(user=user, expire_date__gt=timezone.now())
    return list(living.order_by("-last_used_at", "-signed_in_at")[:LISTED_MAX])


def end(user: User, name: str) -> bool:
    """End one session of this person by the name it has on pages; False if it has ended already."""
    return bool(_ended(session for session in of(user) if session.name == name))


def end_others(user: User, key: str | None) -> int:
    """End all sessions of a person but this one; return how many."""
    return _ended(ConsoleSession.objects.filter(user=user).exclude(session_key=key or ""))


def end_all(user: User) -> int:
    """End every session of a person; return how many."""
    return _ended(ConsoleSession.objects.filter(user=user))


def _ended(sessions: Iterable[ConsoleSession]) -> int:
    keys = [session.session_key for session in sessions]
    ConsoleSession.objects.filter(session_key__in=keys).delete()
    return len(keys)
