"""Who comes to sandboxes: people with an account, and guests, who are known by their session.

*Invariants*: whoever a sandbox does not belong to cannot tell it from one that is not there (404); a guest's key is
random and stands in the session alone.
*Not here*: how many sandboxes somebody may have (sandboxes.py, limits.py).
"""

import secrets
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from console import guests
from console.guests import guest_of, guests_welcome
from console.models import User
from console.networks import network_of
from sandbox.models import Sandbox
from sandbox.services.sandboxes import SandboxRefused

__all__ = ["guest_of", "guests_welcome"]  # of all that comes to sandboxes

MADE_AN_HOUR = 10  # by guests of one address
DAY_S, HOUR_S = 86_400, 3_600


def sandboxes_of(user: Any, guest: str) -> QuerySet[Sandbox]:
    """The sandboxes of somebody, those that are over among them."""
    if isinstance(user, User) and user.is_active:
        return Sandbox.objects.filter(owner=user)
    return Sandbox.objects.filter(guest=guest, owner=None) if guest else Sandbox.objects.none()


def sandbox_for(user: Any, guest: str, sandbox_id: UUID) -> Sandbox:
    """The sandbox, if it is this visitor's; else Http404."""
    found = sandboxes_of(user, guest).select_related("cluster", "parent").filter(pk=sandbox_id).first()
    if found is None:
        raise Http404("no such sandbox for you")
    return found


def limits_for(user: Any) -> str:
    """Which row of limits.TABLE somebody's sandboxes have."""
    if not isinstance(user, User):
        return "guest"
    return "own" if user.is_superuser else "member"


def admit_guest(session: Any, address: str) -> str:
    """The key of this guest, made if need be; SandboxRefused when too many come from there."""
    now_s, address = timezone.now().timestamp(), network_of(address)
    began: dict[str, float] = cache.get(f"sandbox-guests:{address}", {})
    began = {one: at_s for one, at_s in began.items() if now_s - at_s < DAY_S}
    guest = guest_of(session)
    if guest not in began and len(began) >= settings.GUESTS_A_DAY:
        raise SandboxRefused(_too_many(began))
    made: int = cache.get(f"sandboxes-made:{address}", 0)
    if made >= MADE_AN_HOUR:
        raise SandboxRefused(f"{made} sandboxes were made from your address this hour, and that is the limit.")
    guest = guest or secrets.token_hex(16)
    cache.set(f"sandbox-guests:{address}", {guest: now_s, **began}, DAY_S)
    cache.set(f"sandboxes-made:{address}", made + 1, HOUR_S)
    session[guests.KEY] = guest
    return guest


def _too_many(began: dict[str, float]) -> str:
    """Why, and what one can do."""
    free = datetime.fromtimestamp(min(began.values()) + DAY_S + 60, UTC)  # the minute is over then
    day = "" if free.date() == timezone.now().date() else " tomorrow"
    many = "1 guest has" if len(began) == 1 else f"{len(began)} guests have"
    return (
        f"{many} begun here from your address within a day, and that is the limit. Sign in if you have an account, or "
        f"come back after {free:%H:%M} UTC{day}. Who began goes on in the browser they began in."
    )
