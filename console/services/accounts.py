"""People: the first administrator, and how often a sign-in may fail.

*Invariants*: a generated password is returned once and kept only as a hash; counting failures never locks out
somebody who comes from elsewhere.
*Not here*: forms and pages (views/accounts.py).
"""

import secrets

from django.core.cache import cache
from django.db import transaction

from console.models import User

TRIES = 5  # of one name from one address
TRIES_OF_ADDRESS = 30  # of any name from one address
PAUSE_S = 60


def ensure_admin() -> str | None:
    """Make the first administrator, `admin`; return its password, or None when there is an administrator."""
    with transaction.atomic():
        if User.objects.filter(is_superuser=True).exists():
            return None
        password = secrets.token_urlsafe(15)
        User.objects.create_superuser("admin", password=password)
    return password


def sign_in_tries_left(*, name: str, address: str) -> int:
    """How many more tries there are before a pause; 0 while it lasts."""
    keys = _keys(name, address)
    counts = cache.get_many(keys)
    return max(0, min(TRIES - counts.get(keys[0], 0), TRIES_OF_ADDRESS - counts.get(keys[1], 0)))


def sign_in_failed(*, name: str, address: str) -> None:
    """Count one failure; the pause begins anew with each."""
    for key in _keys(name, address):
        cache.set(key, cache.get(key, 0) + 1, PAUSE_S)


def sign_in_succeeded(*, name: str, address: str) -> None:
    """Forget the failures of this name from this address."""
    cache.delete(_keys(name, address)[0])


def _keys(name: str, address: str) -> list[str]:
    # Hex, because a name may hold anything and a key may not.
    return [f"sign-in:{address}:{name[:150].lower().encode().hex()}", f"sign-in:{address}"]
