"""Clusters and brokers of the REST API, and which connection a cluster id of an address means.

A cluster is named by Kafka's own id, as in Confluent's proxy, or by the id of the connection. Two connections to one
cluster have one Kafka id: then it means the one on which the caller's role is the greatest.

*Invariants*: every handler goes through `door_of`, and so through permissions.cluster_for.
"""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from django.http import HttpRequest, HttpResponse, JsonResponse

from console.kafka import api_requests
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import KafkaError
from console.models import Cluster, Role
from console.permissions import VIEW, cluster_for, clusters_of, role_on
from console.rest import resources
from console.rest.errors import ApiError, not_found
from console.rest.resources import Base
from console.services.clusters import connection_spec

KNOWN_MAX = 1000
ASK_AGAIN_S = 10.0  # whoever did not tell their id is asked again no sooner
KEPT_S = 300.0  # an id that was told is good for so long: nobody waits for other clusters that are down
LISTED_MAX = 100
ASKED_AT_ONCE = 16
_known: dict[ConnectionSpec, tuple[str | None, float]] = {}  # Kafka's id, and when it was asked for


def door_of(request: HttpRequest, cluster_id: str, *, needs: Role) -> tuple[Cluster, ConnectionSpec, Base]:
    """The first line of every handler: the connection, how to reach it, and the addresses of this call."""
    base = Base(f"{request.scheme}://{request.get_host()}/v3", cluster_id)
    missing = not_found(f"Cluster {cluster_id} cannot be found.")
    try:
        connection = uuid.UUID(cluster_id)
    except ValueError:
        by_kafka_id = [cluster for cluster, _, known in _with_ids(request) if known == cluster_id]
        if not by_kafka_id:
            raise missing from None
        connection = max(by_kafka_id, key=lambda cluster: role_on(request.user, cluster)).pk
    if not clusters_of(request.user).filter(pk=connection).exists():
        raise missing
    cluster = cluster_for(request.user, connection, needs=needs)
    return cluster, connection_spec(cluster), base


def list_clusters(request: HttpRequest) -> HttpResponse:
    """Those that the caller sees; one that does not answer is listed by the id of its connection."""
    root = f"{request.scheme}://{request.get_host()}/v3"
    found = _with_ids(request)
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        controllers = pool.map(_controller_of, [spec if known else None for _, spec, known in found])
        data = [
            resources.cluster(Base(root, known or str(cluster.pk)), controller)
            for (cluster, _, known), controller in zip(found, controllers, strict=True)
        ]
    return JsonResponse(resources.listed("KafkaClusterList", f"{root}/clusters", data))


def get_cluster(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """One cluster."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    return JsonResponse(resources.cluster(base, api_requests.cluster(spec).controller_id))


def list_brokers(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """All brokers."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    data = [resources.broker(base, told) for told in api_requests.cluster(spec).brokers]
    return JsonResponse(resources.listed("KafkaBrokerList", base.at("brokers"), data))


def get_broker(request: HttpRequest, cluster_id: str, broker_id: int) -> HttpResponse:
    """One broker."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    for told in api_requests.cluster(spec).brokers:
        if told.id == broker_id:
            return JsonResponse(resources.broker(base, told))
    raise not_found()


def not_built(request: HttpRequest, cluster_id: str, **where: object) -> HttpResponse:
    """What v3 has and this version does not."""
    door_of(request, cluster_id, needs=VIEW)
    raise ApiError(501, 501, f"{request.method} of this resource is not built in this version of Odradek")


def unknown(request: HttpRequest, **where: object) -> HttpResponse:
    """An address that v3 does not have."""
    raise not_found()


def _controller_of(spec: ConnectionSpec | None) -> int | None:
    try:
        return api_requests.cluster(spec).controller_id if spec is not None else None
    except KafkaError:
        return None


def _with_ids(request: HttpRequest) -> list[tuple[Cluster, ConnectionSpec | None, str | None]]:
    """The caller's clusters, how to reach each, and Kafka's ids; those not known yet are asked at the same time."""
    clusters = [(cluster, _spec_of(cluster)) for cluster in clusters_of(request.user)[:LISTED_MAX]]
    now = time.monotonic()
    specs = dict.fromkeys(spec for _, spec in clusters if spec is not None)
    unknown_yet = [spec for spec in specs if not _fresh(spec, now)]
    if unknown_yet:
        if len(_known) > KNOWN_MAX:
            _known.clear()
        with ThreadPoolExecutor(min(ASKED_AT_ONCE, len(unknown_yet))) as pool:
            for spec, told in zip(unknown_yet, pool.map(_id_of, unknown_yet), strict=True):
                _known[spec] = told, now
    return [(cluster, spec, _known.get(spec, (None, now))[0] if spec else None) for cluster, spec in clusters]


def _spec_of(cluster: Cluster) -> ConnectionSpec | None:
    try:
        return connection_spec(cluster)
    except KafkaError:  # its secrets are lost: that is no reason to miss the others
        return None


def _fresh(spec: ConnectionSpec, now: float) -> bool:
    told, asked_s = _known.get(spec, (None, -KEPT_S))
    return now - asked_s < (ASK_AGAIN_S if told is None else KEPT_S)


def _id_of(spec: ConnectionSpec) -> str | None:
    try:
        return api_requests.cluster(spec).id
    except KafkaError:
        return None
