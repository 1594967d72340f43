"""Connections to clusters: the embedded one, and how to reach any of them.

*Not here*: who may see one (permissions.py), what is in one (console.kafka).
"""

from collections import Counter
from contextvars import ContextVar

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable
from console.models import Cluster, Colour
from console.services import sealing
from engine.client.config import Sasl, Tls

# Whether what sleeps is woken: not by a page that asks again by itself, or a forgotten tab would have a sandbox awake
# again seconds after it was put to sleep.
WAKES: ContextVar[bool] = ContextVar("wakes", default=True)
COLOURS = (Colour.STAGING, Colour.PRODUCTION, Colour.LOCAL)  # as they are given to new connections


def ensure_embedded(name: str, bootstrap: str) -> Cluster:
    """Return the connection to the cluster that runs here, under this address; made on first use.

    A name that somebody gave it later is kept.
    """
    with transaction.atomic():
        cluster = Cluster.objects.filter(embedded=True).first()
        if cluster is None:
            return Cluster.objects.create(name=_free_name(name), bootstrap=bootstrap, embedded=True)
        if cluster.bootstrap != bootstrap:
            cluster.bootstrap = bootstrap
            cluster.save(update_fields=["bootstrap"])
        return cluster


def connection_spec(cluster: Cluster) -> ConnectionSpec:
    """How to reach a cluster; ClusterUnreachable if its secrets cannot be read, or if it sleeps and cannot be woken."""
    if cluster.unix_path:
        import_string(settings.CLUSTER_WAKER)(cluster, may_wake=WAKES.get())
    try:
        return spec_of(cluster, secrets_of(cluster))
    except sealing.Unreadable as error:
        raise ClusterUnreachable(f"the password of this connection is lost: {error}; type it again") from None
    except ValueError as error:
        raise ClusterUnreachable(f"this connection is incomplete: {error}") from None


def spec_of(cluster: Cluster, secrets: dict[str, str]) -> ConnectionSpec:
    """How a cluster with these settings and secrets is reached. ValueError if something is missing."""
    tls = sasl = None
    if cluster.has_tls:
        tls = Tls(cluster.ca_certificate, cluster.client_certificate, secrets.get("key", ""))
    if cluster.has_sasl:
        sasl = Sasl(cluster.sasl_mechanism, cluster.sasl_username, secrets.get("password", ""))
    rule = None if cluster.embedded or cluster.unix_path else settings.CLUSTER_ADDRESSES
    return ConnectionSpec(bootstrap=cluster.bootstrap, unix_path=cluster.unix_path, tls=tls, sasl=sasl, rule=rule)


def secrets_of(cluster: Cluster) -> dict[str, str]:
    """The password and the key that are kept; sealing.Unreadable if they cannot be opened."""
    return sealing.unseal(cluster.sealed_secrets, place=place_of(cluster)) if cluster.sealed_secrets else {}


def place_of(cluster: Cluster) -> str:
    """Where the secrets of a cluster belong: they open nowhere else."""
    return f"cluster:{cluster.pk}"


def next_colour() -> str:
    """The colour that the fewest connections have: clusters side by side can be told apart. Sandboxes do not count."""
    used = Counter(Cluster.objects.filter(unix_path="").values_list("colour", flat=True))
    return min(COLOURS, key=lambda colour: used[colour]).value


def _free_name(name: str) -> str:
    taken = set(Cluster.objects.filter(name__startswith=name).values_list("name", flat=True))
    names = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(free for free in names if free not in taken)
