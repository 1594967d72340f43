"""Consumer groups in the REST API: which there are, their members, how far behind they are."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from console.kafka import api_requests, groups
from console.kafka.api_requests import GroupShape
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import NotFound
from console.kafka.groups import GroupPartition
from console.permissions import VIEW
from console.rest import resources
from console.rest.clusters import door_of
from console.rest.errors import not_found


def list_groups(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """All groups by name."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    data = [resources.group(base, told) for told in api_requests.groups(spec)]
    return JsonResponse(resources.listed("KafkaConsumerGroupList", base.at("consumer-groups"), data))


def get_group(request: HttpRequest, cluster_id: str, group: str) -> HttpResponse:
    """One group."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    return JsonResponse(resources.group(base, _group(spec, group)))


def list_consumers(request: HttpRequest, cluster_id: str, group: str) -> HttpResponse:
    """Members of a group."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    data = [resources.consumer(base, group, member) for member in _group(spec, group).described.members]
    return JsonResponse(resources.listed("KafkaConsumerList", base.at("consumer-groups", group, "consumers"), data))


def get_consumer(request: HttpRequest, cluster_id: str, group: str, consumer: str) -> HttpResponse:
    """One member."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    for member in _group(spec, group).described.members:
        if member.member_id == consumer:
            return JsonResponse(resources.consumer(base, group, member))
    raise not_found()


def lag_summary(request: HttpRequest, cluster_id: str, group: str) -> HttpResponse:
    """The greatest lag, and all of it."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    lags = _lags(spec, group)
    if not lags:
        raise not_found()
    return JsonResponse(resources.lag_summary(base, group, lags))


def list_lags(request: HttpRequest, cluster_id: str, group: str) -> HttpResponse:
    """Lags of all partitions with a commit."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    data = [resources.lag(base, group, part) for part in _lags(spec, group)]
    return JsonResponse(resources.listed("KafkaConsumerLagList", base.at("consumer-groups", group, "lags"), data))


def get_lag(request: HttpRequest, cluster_id: str, group: str, topic_name: str, partition_id: int) -> HttpResponse:
    """The lag of one partition."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    for part in _lags(spec, group):
        if (part.topic, part.index) == (topic_name, partition_id):
            return JsonResponse(resources.lag(base, group, part))
    raise not_found()


def _group(spec: ConnectionSpec, name: str) -> GroupShape:
    try:
        return api_requests.group(spec, name)
    except NotFound:
        raise not_found() from None


def _lags(spec: ConnectionSpec, name: str) -> list[GroupPartition]:
    try:
        return [part for part in groups.describe_group(spec, name).partitions if part.lag is not None]
    except NotFound:
        raise not_found() from None
