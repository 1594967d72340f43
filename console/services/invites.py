"""Invite links: made by an administrator, shown once, accepted once.

*Invariants*: used, expired, revoked and unknown links are one answer; a link is used up in the same transaction that
makes its person, so that two who follow it at once do not both come in.
*Not here*: pages (views/invites.py).
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from console.models import Cluster, Invite, InvitedRole, Membership, Role, User
from console.services import accounts
from console.services.audit import Refusal
from console.services.secret_values import digest, new_secret

LISTED_MAX = 100


class InviteRefused(Refusal):
    """The link opens nothing, or nothing was made."""


def create(by: User, note: str, *, roles: Mapping[Cluster, Role], is_learner: bool, days: int) -> tuple[Invite, str]:
    """Make a link; return it with its secret, which nobody can look up later."""
    if is_learner and roles:
        raise InviteRefused("learners are members of no cluster: choose learner, or roles on clusters")
    if not is_learner and not roles:
        raise InviteRefused("choose a role on at least one cluster, or learner")
    secret = new_secret()
    with transaction.atomic():
        invite = Invite.objects.create(
            digest=digest(secret),
            note=note,
            is_learner=is_learner,
            made_by=by,
            expires_at=timezone.now() + timedelta(days=days),
        )
        for cluster, role in roles.items():
            InvitedRole.objects.create(invite=invite, cluster=cluster, role=role)
    return invite, secret


def find(secret: str) -> Invite:
    """The open invite of a link; InviteRefused in the same words whatever is wrong with it."""
    invite = Invite.objects.filter(digest=digest(secret)).first()
    if invite is None or not invite.is_open(timezone.now()):
        raise InviteRefused("this link opens nothing (any more): ask for a new one")
    return invite


def accept(secret: str, name: str, password: str) -> User:
    """Make the person whom the link invites, with the roles that it gives."""
    with transaction.atomic():
        invite = find(secret)
        user = accounts.create(name, "learner" if invite.is_learner else "person", password)
        for invited in invite.roles.all():
            Membership.objects.create(user=user, cluster_id=invited.cluster_id, role=invited.role)
        taken = Invite.objects.filter(pk=invite.pk, used_at=None).update(used_at=timezone.now(), used_by=user)
        assert taken == 1, "two used one invite within transactions that exclude each other"
    return user


def revoke(invite: Invite) -> None:
    """Close a link that nobody has used."""
    closed = Invite.objects.filter(pk=invite.pk, used_at=None, revoked_at=None).update(revoked_at=timezone.now())
    if not closed:
        raise InviteRefused("this link is closed already")


def open_ones() -> list[Invite]:
    """Links by which somebody can still come in."""
    there = Invite.objects.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())
    return list(there.select_related("made_by").prefetch_related("roles__cluster")[:LISTED_MAX])
