"""Topics, their partitions and their configs in the REST API.

*Invariants*: every change goes through services/topics.py, as those of pages do: noted in the audit log, refused for
Kafka's own topics, bound to the topic that is there now.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from console.kafka import api_requests, topic_writes, topics
from console.kafka.api_requests import TopicShape
from console.kafka.connection import ConnectionSpec
from console.models import Cluster
from console.permissions import ADMINISTER, OPERATE, VIEW
from console.rest import resources
from console.rest.bodies import check_known, field, read
from console.rest.clusters import door_of
from console.rest.errors import ApiError, bad_request, not_found
from console.services import audit
from console.services import topics as writes

LEGAL_NAME = re.compile(r"[a-zA-Z0-9._-]{1,249}")
COUNT_MAX = 2**31 - 1
COPIES_MAX = 2**15 - 1
CHANGES_MAX = 500
CONFIG_CHARACTERS_MAX = 30_000


def list_topics(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """All topics by name."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    data = [resources.topic(base, told) for told in api_requests.topics(spec)]
    return JsonResponse(resources.listed("KafkaTopicList", base.at("topics"), data))


def create_topic(request: HttpRequest, cluster_id: str) -> HttpResponse:
    """201 with the topic; 200 when it was only asked whether it could be."""
    cluster, spec, base = door_of(request, cluster_id, needs=OPERATE)
    body = read(request)
    known = ("topic_name", "partitions_count", "replication_factor", "configs", "replicas_assignments", "validate_only")
    check_known(body, *known)
    name, only = field(body, "topic_name", str), field(body, "validate_only", bool, False)
    if not LEGAL_NAME.fullmatch(name) or name in (".", ".."):
        raise ApiError(422, 42206, "Payload error. Invalid topic name.")
    if field(body, "replicas_assignments", dict, {}):
        raise ApiError(501, 501, "replicas_assignments is not built in this version of Odradek: leave it out")
    partitions = _count(body, "partitions_count", COUNT_MAX)
    copies = _count(body, "replication_factor", COPIES_MAX)
    configs = {one: value for one, value in _settings("configs", body, []).items() if value is not None}
    wanted = topic_writes.NewTopic(name, partitions, copies, configs)
    made = writes.ask_about(spec, wanted) if only else writes.create(cluster, audit.actor_of(request), wanted)
    counts = made.partitions or partitions, made.replication_factor or copies
    shape = resources.topic(base, TopicShape(name, False, ()), counts=counts)
    response = JsonResponse(shape, status=200 if only else 201)
    response.headers["Location"] = shape["metadata"]["self"]
    return response


def get_topic(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """One topic."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    return JsonResponse(resources.topic(base, api_requests.topic(spec, topic_name)))


def delete_topic(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """204 when it is gone."""
    cluster, spec, _ = door_of(request, cluster_id, needs=ADMINISTER)
    told = topics.describe_topic(spec, topic_name)
    writes.delete(cluster, audit.actor_of(request), topic_name, topic_id=told.topic_id, typed=topic_name)
    return HttpResponse(status=204)


def add_partitions(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """200 with the topic that has grown."""
    cluster, spec, base = door_of(request, cluster_id, needs=OPERATE)
    body = read(request)
    check_known(body, "partitions_count")
    field(body, "partitions_count", int)
    count = _count(body, "partitions_count", COUNT_MAX)
    before = api_requests.topic(spec, topic_name)
    writes.add_partitions(cluster, audit.actor_of(request), topic_name, count, len(before.partitions))
    return JsonResponse(resources.topic(base, before, counts=(count, before.replication_factor)))


def list_partitions(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """All partitions by index."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    told = api_requests.topic(spec, topic_name)
    data = [resources.partition(base, topic_name, part) for part in told.partitions]
    return JsonResponse(resources.listed("KafkaPartitionList", base.at("topics", topic_name, "partitions"), data))


def get_partition(request: HttpRequest, cluster_id: str, topic_name: str, partition_id: int) -> HttpResponse:
    """One partition."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    part = _partition(api_requests.topic(spec, topic_name), partition_id)
    return JsonResponse(resources.partition(base, topic_name, part))


def list_replicas(request: HttpRequest, cluster_id: str, topic_name: str, partition_id: int) -> HttpResponse:
    """Replicas of a partition, the preferred one first."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    part = _partition(api_requests.topic(spec, topic_name), partition_id)
    data = [resources.replica(base, topic_name, part, broker) for broker in part.replicas]
    here = base.at("topics", topic_name, "partitions", partition_id, "replicas")
    return JsonResponse(resources.listed("KafkaReplicaList", here, data))


def list_configs(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """All configs of a topic by name."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    data = [resources.topic_config(base, topic_name, told) for told in api_requests.topic_configs(spec, topic_name)]
    return JsonResponse(resources.listed("KafkaTopicConfigList", base.at("topics", topic_name, "configs"), data))


def get_config(request: HttpRequest, cluster_id: str, topic_name: str, name: str) -> HttpResponse:
    """One config."""
    _, spec, base = door_of(request, cluster_id, needs=VIEW)
    for told in api_requests.topic_configs(spec, topic_name):
        if told.name == name:
            return JsonResponse(resources.topic_config(base, topic_name, told))
    raise not_found()


def set_config(request: HttpRequest, cluster_id: str, topic_name: str, name: str) -> HttpResponse:
    """204 when the config has the value; null is not one, DELETE resets it."""
    cluster, spec, _ = door_of(request, cluster_id, needs=OPERATE)
    body = read(request)
    check_known(body, "value")
    _change(request, cluster, spec, topic_name, {name: _fitting(name, field(body, "value", str))})
    return HttpResponse(status=204)


def reset_config(request: HttpRequest, cluster_id: str, topic_name: str, name: str) -> HttpResponse:
    """204 when the config is as if it had never been set."""
    cluster, spec, _ = door_of(request, cluster_id, needs=OPERATE)
    _change(request, cluster, spec, topic_name, {name: None})
    return HttpResponse(status=204)


def alter_configs(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """204 when all of it is changed; a refusal changes nothing."""
    cluster, spec, _ = door_of(request, cluster_id, needs=OPERATE)
    body = read(request)
    check_known(body, "data", "validate_only")
    changes = _settings("data", body)
    if not changes:
        raise bad_request("data holds no change")
    if field(body, "validate_only", bool, False):
        writes.check_configs(spec, topic_name, changes)
    else:
        _change(request, cluster, spec, topic_name, changes)
    return HttpResponse(status=204)


def _change(
    request: HttpRequest, cluster: Cluster, spec: ConnectionSpec, topic_name: str, changes: dict[str, str | None]
) -> None:
    known = {told.name for told in api_requests.topic_configs(spec, topic_name)}
    unknown = [name for name in changes if name not in known]
    if unknown:
        raise ApiError(404, 404, f"Config {unknown[0][:200]} cannot be found for TOPIC {topic_name}.")
    seen = writes.own_configs(spec, topic_name)
    writes.change_configs(cluster, audit.actor_of(request), topic_name, changes, seen)


def _settings(where: str, body: Mapping[str, Any], *default: list[Any]) -> dict[str, str | None]:
    asked = field(body, where, list, *default)
    if len(asked) > CHANGES_MAX:
        raise bad_request(f"{where} holds at most {CHANGES_MAX} configs")
    settings = dict(map(_setting, asked))
    if len(settings) < len(asked):
        raise bad_request(f"{where} names a config twice")
    return settings


def _fitting(name: str, value: str) -> str:
    if len(value) > CONFIG_CHARACTERS_MAX:
        raise bad_request(f"{name[:200]} is longer than {CONFIG_CHARACTERS_MAX} characters")
    return value


def _setting(told: object) -> tuple[str, str | None]:
    """A config of a body; None for what is to be deleted."""
    if not isinstance(told, dict):
        raise bad_request("each config is an object with a name and a value")
    check_known(told, "name", "value", "operation")
    name, value = field(told, "name", str), field(told, "value", str, None)
    operation = field(told, "operation", str, "SET")
    if operation not in ("SET", "DELETE"):
        raise bad_request("operation is SET or DELETE")
    if operation == "SET" and value is None:
        raise bad_request(f"{name} has no value")
    return name, None if operation == "DELETE" else _fitting(name, value or "")


def _count(body: dict[str, object], name: str, most: int) -> int:
    count: int = field(body, name, int, topic_writes.BROKER_DEFAULT)
    if count != topic_writes.BROKER_DEFAULT and not 1 <= count <= most:
        raise ApiError(400, 40002, f"{name} must be larger than 0 and at most {most}")
    return count


def _partition(told: TopicShape, index: int) -> api_requests.PartitionShape:
    for part in told.partitions:
        if part.index == index:
            return part
    raise ApiError(404, 40403, "This server does not host this topic-partition.")
