"""How often a sign-in may fail, and what the audit log tells of those that did.

A try is counted before the password is looked at and taken back when it was right, so that many at the same moment
are no more than a few. Counts are rows: they hold for all processes, and over a restart.

*Invariants*: counting never locks out somebody who comes from elsewhere; a flood of failures is a bounded number of
audit entries; a name that nobody has is not kept (it may be a password in the wrong field).
*Not here*: which address a request comes from (middleware.ClientAddress), forms and pages (views/accounts.py).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from console.models import AuditEntry, Result, SignInFailure, User
from console.networks import network_of
from console.services import audit
from console.services.secret_values import digest

TRIES = 5  # of one name from one address
TRIES_OF_ADDRESS = 30  # of any name from one address
ENTRIES = 100  # audit entries of failures from everywhere; what is more is only counted
PAUSE_S = 60
UNKNOWN_NAME = "(a name that nobody has)"


@dataclass(frozen=True, slots=True)
class Tries:
    """What remains possible."""

    left: int
    wait_s: int = 0  # while nothing is

    @property
    def allowed(self) -> bool:
        """Whether this try may be made at all."""
        return self.left >= 0


def begin(*, name: str, address: str) -> Tries:
    """Count a try as failed, or refuse it; `left` is how many remain after it, below 0 when it is one too many."""
    now = timezone.now()
    with transaction.atomic():
        counts = {row.key: row for row in SignInFailure.objects.filter(key__in=_keys(name, address), until__gt=now)}
        left = TRIES
        for key, most in zip(_keys(name, address), (TRIES, TRIES_OF_ADDRESS), strict=True):
            row = counts.get(key)
            if row and row.count >= most:
                return Tries(-1, max(1, round((row.until - now).total_seconds())))
            left = min(left, most - (row.count if row else 0) - 1)
        for key in _keys(name, address):
            _count(key)
        return Tries(left, PAUSE_S if left == 0 else 0)


def succeeded(*, name: str, address: str) -> None:
    """It was right: forget the failures of this name from this address, and take back the address's try."""
    of_name, of_address = _keys(name, address)
    with transaction.atomic():
        SignInFailure.objects.filter(key=of_name).delete()
        SignInFailure.objects.filter(key=of_address, count__gt=0).update(count=F("count") - 1)


def failed(*, name: str, address: str) -> None:
    """It was wrong: tell the audit log, once for each name and address while they are counted."""
    key = _keys(name, address)[0]
    row = SignInFailure.objects.filter(key=key).first()
    if row and row.entry_id:
        AuditEntry.objects.filter(pk=row.entry_id).update(after={"tries": row.count}, finished_at=timezone.now())
        return
    user = User.objects.filter(username=name).first()
    actor = audit.Actor(user, user.username if user else UNKNOWN_NAME, audit.BROWSER, address)
    with transaction.atomic():
        everywhere = _count(digest("everywhere"))
    if everywhere.count > ENTRIES:
        if everywhere.entry_id:
            more = {"tries": everywhere.count - ENTRIES}
            AuditEntry.objects.filter(pk=everywhere.entry_id).update(after=more, finished_at=timezone.now())
            return
        actor, key = audit.Actor(None, "(many names)", audit.BROWSER, "many addresses"), everywhere.key
    reason = "name and password do not match"
    entry = audit.noted(actor, "session.refuse", result=Result.REFUSED, after={"tries": 1}, reason=reason)
    SignInFailure.objects.filter(key=key).update(entry_id=entry.pk)


def _count(key: str) -> SignInFailure:
    """One more; the pause begins anew with each, and what is over is swept out."""
    now = timezone.now()
    SignInFailure.objects.filter(until__lte=now).delete()
    until = now + timedelta(seconds=PAUSE_S)
    row, fresh = SignInFailure.objects.get_or_create(key=key, defaults={"count": 1, "until": until})
    if not fresh:
        SignInFailure.objects.filter(key=key).update(count=F("count") + 1, until=until)
        row.refresh_from_db()
    return row


def _keys(name: str, address: str) -> list[str]:
    of_address = network_of(address)
    return [digest(f"{of_address} {name[:150].lower()}"), digest(of_address)]
