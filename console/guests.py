"""Guests: people without an account, who have sandboxes of their own and may open the pages of their clusters.

*Invariants*: a guest's key is random and stands in their session alone; a page is closed to guests unless its view says
`open_to_guests`; what they see behind it is decided where it is for everybody (permissions.cluster_for). Nobody who is
signed in is a guest.
*Not here*: who gets a key, and the sandboxes (sandbox/services/visitors.py).
"""

import hashlib
import ipaddress
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

KEY = "sandbox_guest"  # in the session
OPEN = "open_to_guests"
NAME_LENGTH = 8
View = TypeVar("View", bound=Callable[..., Any])


class Guest(AnonymousUser):
    """Somebody without an account, known by their key."""

    def __init__(self, key: str) -> None:
        super().__init__()
        assert key, "a guest has a key"
        self.key = key
        # For counting and for the log: says which guest it was, and gives nothing of the key away.
        self.pk = f"guest {hashlib.sha256(key.encode()).hexdigest()[:NAME_LENGTH]}"  # type: ignore[assignment]

    def get_username(self) -> str:
        """What stands for them in the log."""
        return str(self.pk)


def guest_of(session: Any) -> str:
    """The key of a guest; empty for who has none."""
    return str(session.get(KEY, ""))


def visitor(user: AbstractBaseUser | AnonymousUser, session: Any) -> AbstractBaseUser | AnonymousUser:
    """Who comes: the person who is signed in, else the guest of this session, else nobody."""
    if user.is_authenticated:
        return user
    key = guest_of(session)
    return Guest(key) if key else user


def open_to_guests(view: View) -> View:
    """Let guests come as far as this view, which asks permissions.cluster_for like for anybody else."""
    setattr(view, OPEN, True)
    return view


def guests_welcome(address: str) -> bool:
    """Say whether somebody at this address may come without an account."""
    if settings.GUESTS is not None:
        return bool(settings.GUESTS)
    try:
        return not settings.HOSTS_GIVEN and ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
