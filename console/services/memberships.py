"""Roles of people on a cluster.

*Invariants*: a learner has none; who manages the members does not take the role admin from themselves by accident.
*Not here*: who may (permissions.py), what a role allows (permissions.py).
"""

from django.db import IntegrityError, transaction

from console.models import Cluster, Membership, Role, User
from console.services.audit import Refusal


class MembershipRefused(Refusal):
    """Nothing was changed, and why."""


def person(name: str) -> User:
    """Whoever is called that."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise MembershipRefused(f"there is no person called {name}")
    return user


def add(cluster: Cluster, user: User, role: Role) -> Membership:
    """Give somebody a role who has none yet."""
    with transaction.atomic():
        user.refresh_from_db()
        if user.is_learner:
            raise MembershipRefused(f"learners have sandboxes and no role on a cluster, and {user.username} is one")
        if user.is_superuser:
            raise MembershipRefused(
                f"as an administrator of this installation {user.username} may do everything here already"
            )
        try:
            with transaction.atomic():
                return Membership.objects.create(user=user, cluster=cluster, role=role)
        except IntegrityError:
            raise MembershipRefused(f"there is a role of {user.username} already: change that one") from None


def change(by: User, membership: Membership, role: Role) -> None:
    """Give a member another role."""
    if role < membership.role:
        _check_not_self(by, membership)
    membership.role = role
    membership.save(update_fields=["role"])


def remove(by: User, membership: Membership) -> None:
    """Take a member's role away."""
    _check_not_self(by, membership)
    membership.delete()


def _check_not_self(by: User, membership: Membership) -> None:
    if membership.user_id == by.pk and not by.is_superuser:
        raise MembershipRefused("that is your own role: another admin of this cluster has to take it away")
