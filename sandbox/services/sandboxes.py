"""Making sandboxes and ending them.

*Not here*: who may (permissions of the pages), hosting (leases.py, the runner), the world itself.
"""

import secrets
import shutil
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from console.models import Cluster, Membership, Role, User
from console.models.cluster import random_id
from sandbox import places
from sandbox.lifecycle import State, before
from sandbox.limits import limits_of
from sandbox.models import Sandbox

WARNED_BEFORE = timedelta(hours=1)  # pages say from then on when a sandbox ends
SEED_BITS = 48
HEX_DIGITS = 32  # of an id


class SandboxRefused(Exception):
    """There is no sandbox to be had: a sentence for people."""


def make(
    *, name: str, limits: str, owner: User | None = None, guest: str = "", shape: dict[str, Any] | None = None,
    seed: int | None = None,
) -> Sandbox:  # fmt: skip
    """Make a sandbox; its world begins when a runner opens it."""
    assert (owner is None) != (not guest), "a sandbox is a user's or a guest's"
    quota = limits_of(limits)
    with transaction.atomic():
        if room(owner, guest, limits) <= 0:
            raise SandboxRefused(
                f"You have {counted(quota.saved)}, and {quota.saved} is the limit, asleep or awake: end one first."
            )
        sandbox_id = random_id()
        return Sandbox.objects.create(
            id=sandbox_id, name=name[:100], owner=owner, guest=guest, limits=limits,
            shape={"born_ms": int(timezone.now().timestamp() * 1000), **(shape or {})},
            state=State.REQUESTED, seed=secrets.randbits(SEED_BITS) if seed is None else seed,
            expires_at=expiry(limits), cluster=_connection(sandbox_id, name, owner),
        )  # fmt: skip


def room(owner: User | None, guest: str, limits: str) -> int:
    """How many more somebody may make, asleep ones counted; forks are counted with what they are forks of."""
    there = _of(owner, guest).filter(parent=None).exclude(state=State.EXPIRED).count() if owner or guest else 0
    return limits_of(limits).saved - there


def make_fork(parent: Sandbox, events: int, name: str) -> Sandbox:
    """Make the row of a branch; the parent's runner gives it its files."""
    quota = limits_of(parent.limits)
    with transaction.atomic():
        root = parent.parent_id or parent.id
        forks = Sandbox.objects.filter(parent_id=root).exclude(state=State.EXPIRED).count()
        if forks >= quota.forks:
            raise SandboxRefused(f"This sandbox has {forks} forks, and {quota.forks} is the limit: end one first.")
        sandbox_id = random_id()
        return Sandbox.objects.create(
            id=sandbox_id, name=name[:100], owner=parent.owner, guest=parent.guest, limits=parent.limits,
            shape=parent.shape, state=State.REQUESTED, seed=parent.seed, expires_at=parent.expires_at,
            parent_id=root, forked_at=events, cluster=_connection(sandbox_id, name, parent.owner),
        )  # fmt: skip


def running(sandbox: Sandbox) -> list[Sandbox]:
    """What else its owner has awake now, newest first; forks are of their sandbox, so this one's are left out."""
    awake = _of(sandbox.owner, sandbox.guest).filter(state=State.AWAKE, leased_until__gt=timezone.now())
    root = sandbox.parent_id or sandbox.id
    return list(awake.exclude(id=root).exclude(parent_id=root))


def lock(sandbox: Sandbox) -> None:
    """Let nobody else count or claim what its owner has until this transaction ends.

    SQLite lets one transaction write at a time, and all of ours do; other databases lock these rows.
    """
    list(_of(sandbox.owner, sandbox.guest).select_for_update().order_by("id").values_list("id", flat=True))


def in_the_way(sandbox: Sandbox) -> list[Sandbox]:
    """The sandboxes of which one must fall asleep before this one may wake; none if it may."""
    others = running(sandbox)
    families = {one.parent_id or one.id for one in others}
    return others if len(families) >= limits_of(sandbox.limits).running else []


def must_have_room(sandbox: Sandbox) -> None:
    """SandboxRefused when its owner has as many awake as may be."""
    if in_the_way(sandbox):
        most = limits_of(sandbox.limits).running
        raise SandboxRefused(
            f"{counted(most)} of yours {'runs' if most == 1 else 'run'}, and that is the limit at once: "
            f"put one to sleep, nothing of it is lost"
        )


def counted(number: int) -> str:
    """So many sandboxes, in words."""
    return "1 sandbox" if number == 1 else f"{number} sandboxes"


def keep_for(user: User, guest: str) -> int:
    """On signing in a guest keeps what they made, with the limits of members."""
    kept = Sandbox.objects.filter(guest=guest).exclude(state=State.EXPIRED)
    for sandbox in kept:
        Membership.objects.get_or_create(user=user, cluster=sandbox.cluster, defaults={"role": Role.ADMIN})
    return kept.update(owner=user, guest="", limits="member", expires_at=expiry("member"))


def used(sandbox_id: UUID) -> None:
    """Somebody uses it: where that prolongs its life, it does."""
    now = timezone.now()
    sandbox = Sandbox.objects.get(id=sandbox_id)
    sandbox.used_at = now
    if limits_of(sandbox.limits).extendable:
        sandbox.expires_at = expiry(sandbox.limits)
    sandbox.save(update_fields=["used_at", "expires_at"])


def expire_due() -> list[UUID]:
    """End what is over, its files too; what a runner holds is let go by it first. Return what was ended."""
    now = timezone.now()
    due = Sandbox.objects.filter(expires_at__lte=now, state__in=before(State.EXPIRED))
    ended = [sandbox.id for sandbox in due]
    due.update(state=State.EXPIRED)
    free = Sandbox.objects.filter(state=State.EXPIRED).filter(Q(runner="") | Q(leased_until__lte=now))
    for sandbox_id in free.values_list("id", flat=True):
        shutil.rmtree(places.directory(sandbox_id), ignore_errors=True)
    Cluster.objects.filter(sandbox__in=free.filter(expires_at__lte=now - timedelta(days=1))).delete()
    _remove_orphans()
    return ended


def _remove_orphans() -> None:
    """Directories whose row is gone, with its owner or its connection."""
    found = {path.name: path for path in places.home().glob("*") if len(path.name) == HEX_DIGITS and path.is_dir()}
    known = {sandbox_id.hex for sandbox_id in Sandbox.objects.values_list("id", flat=True)}
    for name in found.keys() - known:
        shutil.rmtree(found[name], ignore_errors=True)


def end(sandbox: Sandbox) -> None:
    """End it now: the runner lets go, the next beat removes its files."""
    Sandbox.objects.filter(id=sandbox.id).update(state=State.EXPIRED, expires_at=timezone.now())


def ends_soon(sandbox: Sandbox) -> bool:
    """Say whether its people should be told that it ends."""
    return sandbox.expires_at is not None and sandbox.expires_at - timezone.now() <= WARNED_BEFORE


def expiry(limits: str) -> Any:
    """When a sandbox that is made or used now ends; None: never."""
    lifetime_s = limits_of(limits).lifetime_s
    return None if lifetime_s is None else timezone.now() + timedelta(seconds=lifetime_s)


def _connection(sandbox_id: UUID, name: str, owner: User | None) -> Cluster:
    """The console's connection to a sandbox; its owner may do everything in it."""
    unix_path = str(places.socket_path(sandbox_id))
    cluster = Cluster.objects.create(
        name=f"{name[:70]} {sandbox_id.hex[:8]}", bootstrap=f"{places.BROKER_SOCKET}:9092", unix_path=unix_path
    )
    if owner is not None:
        Membership.objects.create(user=owner, cluster=cluster, role=Role.ADMIN)
    return cluster


def _of(owner: User | None, guest: str) -> Any:
    return Sandbox.objects.filter(owner=owner) if owner is not None else Sandbox.objects.filter(guest=guest)
