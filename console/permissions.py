"""The one door to a cluster: the first line of every view, API view and socket.

*Invariants*: who has no role on a cluster cannot tell it from one that is not there (404); who has too small a
role is told so (403).
*Not here*: whether somebody is signed in (LoginRequiredMiddleware, AuthMiddlewareStack).
"""

import uuid

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from console.models import Cluster, Membership, Role, User

VIEW = Role.VIEW
EDIT = Role.EDIT
OWN = Role.OWN


def cluster_for(user: AbstractBaseUser | AnonymousUser, cluster_id: uuid.UUID, *, needs: Role) -> Cluster:
    """Return the cluster if this user's role is at least `needs`; else Http404 or PermissionDenied."""
    cluster = clusters_of(user).filter(pk=cluster_id).first()
    if cluster is None:
        raise Http404("no such cluster for you")
    role = role_on(user, cluster)
    if role < needs:
        raise PermissionDenied(f"this needs the role {Role(needs).label}, and you are {Role(role).label}")
    return cluster


def clusters_of(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Cluster]:
    """All clusters that this user may see."""
    if not isinstance(user, User) or not user.is_active:
        return Cluster.objects.none()
    if user.is_superuser:
        return Cluster.objects.all()
    return Cluster.objects.filter(memberships__user=user)


def role_on(user: AbstractBaseUser | AnonymousUser, cluster: Cluster) -> Role:
    """The role of a user on a cluster that they see."""
    if isinstance(user, User) and user.is_superuser:
        return Role.OWN
    return Role(Membership.objects.get(user_id=user.pk, cluster=cluster).role)
