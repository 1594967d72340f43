"""The one door to a cluster: the first line of every view, API view and socket.

*Invariants*: who has no role on a cluster cannot tell it from one that is not there (404); who has too small a
role is told so (403); a read-only connection refuses every change of its cluster, whoever asks; a token never opens
more than its owner may at that moment, nor more than the token says; a guest may do everything in the clusters of
their own sandboxes, manages no connection to them, and sees no other.
*Not here*: whether somebody is signed in (LoginRequiredMiddleware, AuthMiddlewareStack).
"""

import uuid

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from console.guests import Guest
from console.models import Cluster, Membership, Role, User

VIEW = Role.VIEWER
OPERATE = Role.OPERATOR
ADMINISTER = Role.ADMIN


def cluster_for(
    user: AbstractBaseUser | AnonymousUser, cluster_id: uuid.UUID, *, needs: Role, changes_cluster: bool | None = None
) -> Cluster:
    """Return the cluster if this user's role is at least `needs`; else Http404 or PermissionDenied.

    Whoever needs more than VIEW is taken to change the cluster; `changes_cluster` says otherwise (what is changed
    is the console's own: the connection, its members).
    """
    cluster = clusters_of(user).filter(pk=cluster_id).first()
    if cluster is None:
        raise Http404("no such cluster for you")
    if changes_cluster is False and needs >= ADMINISTER and isinstance(user, Guest):
        raise Http404("a guest manages no connection")
    refusal = refusal_of(role_on(user, cluster), cluster, needs=needs, changes_cluster=changes_cluster)
    if refusal:
        raise PermissionDenied(refusal)
    return cluster


def refusal_of(role: Role, cluster: Cluster, *, needs: Role, changes_cluster: bool | None = None) -> str:
    """Why somebody of this role may not do it, for the words beside a switched-off button; "" if they may."""
    if role < needs:
        return f"this needs the role {needs.label}, and you are {role.label}"
    changes = needs > VIEW if changes_cluster is None else changes_cluster
    if changes and cluster.read_only:
        return "this connection is read-only: nothing in the cluster is changed from here"
    return ""


def clusters_of(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Cluster]:
    """All clusters that this user may see."""
    if isinstance(user, Guest):  # whoever signs in later takes their sandboxes along, and this door is shut
        return Cluster.objects.filter(sandbox__guest=user.key, sandbox__owner=None)
    if not isinstance(user, User) or not user.is_active:
        return Cluster.objects.none()
    clusters = Cluster.objects.all() if user.is_superuser else Cluster.objects.filter(memberships__user=user)
    if user.token is not None and not user.token.every_cluster:
        return clusters.filter(pk__in=user.token.clusters.values("pk"))
    return clusters


def listed_clusters_of(user: AbstractBaseUser | AnonymousUser) -> QuerySet[Cluster]:
    """Those that lists name: sandboxes have a list of their own, and looking at all clusters must not wake them."""
    return clusters_of(user).filter(unix_path="")


def role_on(user: AbstractBaseUser | AnonymousUser, cluster: Cluster) -> Role:
    """The role of a user on a cluster that they see; who came by a token has at most the token's."""
    if isinstance(user, Guest):
        return Role.ADMIN  # what is in there is theirs to delete
    assert isinstance(user, User), "only people see clusters"
    own = Role.ADMIN if user.is_superuser else _membership_role(user, cluster)
    return own if user.token is None else min(own, Role(user.token.role))


def manages(user: AbstractBaseUser | AnonymousUser, cluster: Cluster) -> bool:
    """Whether they manage the connection to it and its members, and read its log: of a sandbox's a guest does not."""
    return not isinstance(user, Guest) and role_on(user, cluster) >= ADMINISTER


def _membership_role(user: User, cluster: Cluster) -> Role:
    role = Membership.objects.filter(user_id=user.pk, cluster=cluster).values_list("role", flat=True).first()
    if role is None:  # it was taken away this moment
        raise Http404("no such cluster for you")
    return Role(role)


def administers_installation(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether this is an administrator of the installation, in person: no token is."""
    return isinstance(user, User) and user.is_active and user.is_superuser and user.token is None


def check_administrator(user: AbstractBaseUser | AnonymousUser) -> None:
    """The first line of every page of the installation; PermissionDenied for anybody else."""
    if not administers_installation(user):
        raise PermissionDenied("this is for administrators of this installation")
