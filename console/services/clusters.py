"""Connections to clusters: the embedded one, and how to reach any of them.

*Not here*: who may see one (permissions.py), what is in one (console.kafka).
"""

from django.db import transaction

from console.kafka.connection import ConnectionSpec
from console.models import Cluster


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
    """How to reach a cluster."""
    return ConnectionSpec(bootstrap=cluster.bootstrap, unix_path=cluster.unix_path)


def _free_name(name: str) -> str:
    taken = set(Cluster.objects.filter(name__startswith=name).values_list("name", flat=True))
    names = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(free for free in names if free not in taken)
