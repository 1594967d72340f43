"""API tokens: made by their owner, shown once, checked at each request.

*Invariants*: a token of somebody who may not sign in opens nothing; its use is written at most once a minute; another
password closes no token unless somebody asks for that (programs would stop), and the pages say so.
*Not here*: what it may do (permissions.py narrows its owner's rights), the table and its hash (models/token.py).
"""

from collections.abc import Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from console.models import SCOPES, ApiToken, Cluster, Role, User
from console.permissions import clusters_of
from console.services.audit import Refusal
from console.services.secret_values import digest, new_secret

PREFIX = "odradek_"
LIVING_MAX = 50  # of one person
USE_WRITTEN_EVERY_S = 60


class TokenRefused(Refusal):
    """Nothing was made, or the token opens nothing; and why."""


def scope_of(role: int) -> str:
    """The word for a token's role."""
    return next(word for word, known in SCOPES.items() if known == role)


def create(
    owner: User, name: str, role: Role, *, clusters: Sequence[Cluster] | None, days: int | None
) -> tuple[ApiToken, str]:
    """Make a token for these clusters, or (None) for whichever its owner sees; return it with its value."""
    if owner.is_learner:
        raise TokenRefused("a learner has no cluster that a token could open")
    if clusters is not None:
        if not clusters:
            raise TokenRefused("choose at least one cluster")
        seen = set(clusters_of(owner).values_list("pk", flat=True))
        if any(cluster.pk not in seen for cluster in clusters):
            raise TokenRefused(f"{owner.username} has no role on that cluster")
    value = new_secret(PREFIX)
    now = timezone.now()
    with transaction.atomic():
        ApiToken.objects.filter(owner=owner, revoked_at=None, expires_at__lte=now).update(revoked_at=now)
        if ApiToken.objects.filter(owner=owner, revoked_at=None).count() >= LIVING_MAX:
            raise TokenRefused(f"there are {LIVING_MAX} tokens already: revoke one first")
        try:
            with transaction.atomic():
                token = ApiToken.objects.create(
                    owner=owner,
                    name=name,
                    digest=digest(value),
                    start=value[:12],
                    role=role,
                    every_cluster=clusters is None,
                    expires_at=now + timedelta(days=days) if days else None,
                )
        except IntegrityError:
            raise TokenRefused(f"there is already a token called {name}") from None
        token.clusters.set(clusters or [])
    return token, value


def owner_of(value: str) -> User:
    """The person who comes by this token, narrowed to it; TokenRefused if it opens nothing."""
    token = ApiToken.objects.select_related("owner").filter(digest=digest(value)).first()
    now = timezone.now()
    if token is None:
        raise TokenRefused("this token is not known here")
    if not token.is_alive(now):
        raise TokenRefused("this token was revoked" if token.revoked_at else "this token has expired")
    if not token.owner.is_active:
        raise TokenRefused("the owner of this token may not sign in")
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - timedelta(seconds=USE_WRITTEN_EVERY_S))
    if token.last_used_at is None or (now - token.last_used_at).total_seconds() >= USE_WRITTEN_EVERY_S:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    token.owner.token = token
    return token.owner


def of(owner: User) -> list[ApiToken]:
    """Those not revoked, newest first."""
    return list(ApiToken.objects.filter(owner=owner, revoked_at=None).prefetch_related("clusters"))


def living(owner: User) -> QuerySet[ApiToken]:
    """Those that still open something, or will when their owner may sign in again."""
    return ApiToken.objects.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()), owner=owner, revoked_at=None)


def revoke_all(owner: User) -> int:
    """Close all of a person's tokens for good; return how many opened something."""
    return living(owner).update(revoked_at=timezone.now())


def revoke(token: ApiToken) -> None:
    """Close a token for good."""
    closed = ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    if not closed:
        raise TokenRefused("this token was revoked already")
