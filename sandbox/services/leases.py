"""Leases in the database: one statement decides, so that two runners never both believe they host a sandbox.

*Invariants*: what `take` and `renew` say is what the database said, with its own condition on the row; of two runners
that wake two sandboxes of one owner, the second counts what the first has claimed.
*Not here*: how long a lease is and when it must be let go (lease.py).
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from sandbox.lease import LEASE_S
from sandbox.lifecycle import State, before
from sandbox.models import Sandbox
from sandbox.services import sandboxes


def take(sandbox_id: UUID, runner: str) -> bool:
    """Host a sandbox from now on, unless another runner does, or it is over."""
    now = timezone.now()
    free = Q(runner="") | Q(runner=runner) | Q(leased_until__lte=now)
    taken = Sandbox.objects.filter(free, id=sandbox_id, state__in=[State.AWAKE, *before(State.AWAKE)])
    return taken.update(runner=runner, leased_until=now + timedelta(seconds=LEASE_S), state=State.AWAKE) == 1


def wake(sandbox: Sandbox, runner: str) -> bool:
    """Take it if its owner may have one more awake: SandboxRefused if not. Counting and claiming are one step."""
    with transaction.atomic():
        sandboxes.lock(sandbox)
        sandboxes.must_have_room(sandbox)
        return take(sandbox.id, runner)


def renew(sandbox_ids: list[UUID], runner: str) -> list[UUID]:
    """Prolong the leases; return those that are still this runner's."""
    now = timezone.now()
    held = Sandbox.objects.filter(id__in=sandbox_ids, runner=runner).exclude(state=State.EXPIRED)
    held.update(leased_until=now + timedelta(seconds=LEASE_S))
    return list(held.values_list("id", flat=True))


def let_go(sandbox_id: UUID, runner: str) -> None:
    """Host it no more: it sleeps on disk."""
    held = Sandbox.objects.filter(id=sandbox_id, runner=runner)
    held.filter(state__in=before(State.ASLEEP)).update(state=State.ASLEEP)
    held.update(runner="", leased_until=None)


def holder(sandbox_id: UUID) -> str:
    """The runner that hosts a sandbox now; empty if none does."""
    now = timezone.now()
    found = Sandbox.objects.filter(id=sandbox_id, leased_until__gt=now).values_list("runner", flat=True).first()
    return found or ""
