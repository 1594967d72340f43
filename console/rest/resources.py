"""Shapes of the REST API v3: each resource with its kind, its address, its name and links to what belongs to it.

Spec: kafka-rest's openapi.yaml (v3).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from console.kafka.api_requests import BrokerShape, ConfigShape, GroupShape, PartitionShape, TopicShape
from console.kafka.group_requests import Member
from console.kafka.groups import GroupPartition

SOURCES = {
    1: "DYNAMIC_TOPIC_CONFIG",
    2: "DYNAMIC_BROKER_CONFIG",
    3: "DYNAMIC_DEFAULT_BROKER_CONFIG",
    4: "STATIC_BROKER_CONFIG",
    5: "DEFAULT_CONFIG",
    6: "DYNAMIC_BROKER_LOGGER_CONFIG",
    7: "DYNAMIC_CLIENT_METRICS_CONFIG",
    8: "DYNAMIC_GROUP_CONFIG",
}
DEFAULT_SOURCE = 5
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Base:
    """Where the resources of one cluster are, as the call named it."""

    root: str  # "http://host:port/v3"
    cluster_id: str

    @property
    def cluster(self) -> str:
        """The address of the cluster."""
        return f"{self.root}/clusters/{quote(self.cluster_id, safe='')}"

    def at(self, *parts: object) -> str:
        """The address of something in the cluster."""
        return "/".join([self.cluster, *(quote(str(part), safe="") for part in parts)])

    def resource(self, kind: str, address: str, crn: str, fields: Mapping[str, Any]) -> Json:
        """A resource with its metadata."""
        name = f"crn:///kafka={self.cluster_id}{crn}"
        cluster = {} if kind == "KafkaCluster" else {"cluster_id": self.cluster_id}
        return {"kind": kind, "metadata": {"self": address, "resource_name": name}, **cluster, **fields}


def listed(kind: str, address: str, data: Iterable[Json]) -> Json:
    """A list; v3 has no pages."""
    return {"kind": kind, "metadata": {"self": address, "next": None}, "data": list(data)}


def related(address: str) -> Json:
    """A link."""
    return {"related": address}


def cluster(base: Base, controller_id: int | None) -> Json:
    """KafkaCluster."""
    fields = {
        "cluster_id": base.cluster_id,
        "controller": None if controller_id is None else related(base.at("brokers", controller_id)),
        "acls": related(base.at("acls")),
        "brokers": related(base.at("brokers")),
        "broker_configs": related(base.at("broker-configs")),
        "consumer_groups": related(base.at("consumer-groups")),
        "topics": related(base.at("topics")),
        "partition_reassignments": related(base.at("topics", "-", "partitions", "-", "reassignment")),
    }
    return base.resource("KafkaCluster", base.cluster, "", fields)


def broker(base: Base, told: BrokerShape) -> Json:
    """KafkaBroker."""
    here = base.at("brokers", told.id)
    fields = {
        "broker_id": told.id,
        "host": told.host,
        "port": told.port,
        "rack": told.rack,
        "configs": related(f"{here}/configs"),
        "partition_replicas": related(f"{here}/partition-replicas"),
    }
    return base.resource("KafkaBroker", here, f"/broker={told.id}", fields)


def topic(base: Base, told: TopicShape, *, counts: tuple[int, int] | None = None) -> Json:
    """KafkaTopic; `counts` (partitions, copies) where the topic is not there (yet)."""
    here = base.at("topics", told.name)
    partitions, copies = counts or (len(told.partitions), told.replication_factor)
    fields = {
        "topic_name": told.name,
        "is_internal": told.internal,
        "replication_factor": copies,
        "partitions_count": partitions,
        "partitions": related(f"{here}/partitions"),
        "configs": related(f"{here}/configs"),
        "partition_reassignments": related(f"{here}/partitions/-/reassignment"),
        "authorized_operations": [],
    }
    return base.resource("KafkaTopic", here, f"/topic={told.name}", fields)


def partition(base: Base, name: str, told: PartitionShape) -> Json:
    """KafkaPartition."""
    here = base.at("topics", name, "partitions", told.index)
    fields = {
        "topic_name": name,
        "partition_id": told.index,
        "leader": None if told.leader is None else related(f"{here}/replicas/{told.leader}"),
        "replicas": related(f"{here}/replicas"),
        "reassignment": related(f"{here}/reassignment"),
    }
    return base.resource("KafkaPartition", here, f"/topic={name}/partition={told.index}", fields)


def replica(base: Base, name: str, told: PartitionShape, broker_id: int) -> Json:
    """KafkaReplica."""
    here = base.at("topics", name, "partitions", told.index, "replicas", broker_id)
    fields = {
        "topic_name": name,
        "partition_id": told.index,
        "broker_id": broker_id,
        "is_leader": broker_id == told.leader,
        "is_in_sync": broker_id in told.in_sync,
        "broker": related(base.at("brokers", broker_id)),
    }
    return base.resource("KafkaReplica", here, f"/topic={name}/partition={told.index}/replica={broker_id}", fields)


def topic_config(base: Base, name: str, told: ConfigShape) -> Json:
    """KafkaTopicConfig."""
    here = base.at("topics", name, "configs", told.name)
    synonyms = [{"name": one, "value": value, "source": _source(source)} for one, value, source in told.synonyms]
    fields = {
        "topic_name": name,
        "name": told.name,
        "value": told.value,
        "is_default": told.source == DEFAULT_SOURCE,
        "is_read_only": told.read_only,
        "is_sensitive": told.sensitive,
        "source": _source(told.source),
        "synonyms": synonyms,
    }
    return base.resource("KafkaTopicConfig", here, f"/topic={name}/config={told.name}", fields)


def group(base: Base, told: GroupShape) -> Json:
    """KafkaConsumerGroup."""
    name = told.listed.name
    here = base.at("consumer-groups", name)
    fields = {
        "consumer_group_id": name,
        "is_simple": not told.listed.protocol_type,
        "partition_assignor": told.described.protocol,
        "state": _state(told.described.state or told.listed.state),
        "type": told.listed.type.upper(),
        "is_mixed_consumer_group": False,
        "coordinator": related(base.at("brokers", told.listed.node)),
        "consumers": related(f"{here}/consumers"),
        "lag_summary": related(f"{here}/lag-summary"),
    }
    return base.resource("KafkaConsumerGroup", here, f"/consumer-group={name}", fields)


def consumer(base: Base, name: str, told: Member) -> Json:
    """KafkaConsumer."""
    here = base.at("consumer-groups", name, "consumers", told.member_id)
    fields = {
        "consumer_group_id": name,
        "consumer_id": told.member_id,
        "instance_id": told.instance_id,
        "client_id": told.client_id,
        "assignments": related(f"{here}/assignments"),
    }
    return base.resource("KafkaConsumer", here, f"/consumer-group={name}/consumer={told.member_id}", fields)


def lag(base: Base, name: str, told: GroupPartition) -> Json:
    """KafkaConsumerLag."""
    here = base.at("consumer-groups", name, "lags", told.topic, "partitions", told.index)
    fields = {
        "consumer_group_id": name,
        "topic_name": told.topic,
        "partition_id": told.index,
        "current_offset": told.committed,
        "log_end_offset": told.end,
        "lag": told.lag,
        "consumer_id": told.reader.member_id if told.reader else "",
        "instance_id": told.reader.instance_id if told.reader else None,
        "client_id": told.reader.client_id if told.reader else "",
    }
    return base.resource(
        "KafkaConsumerLag", here, f"/consumer-group={name}/lag={told.topic}/partition={told.index}", fields
    )


def lag_summary(base: Base, name: str, lags: list[GroupPartition]) -> Json:
    """KafkaConsumerGroupLagSummary; of partitions whose lag is known, at least one."""
    worst = max(lags, key=lambda part: part.lag or 0)
    here = base.at("consumer-groups", name, "lag-summary")
    reader = worst.reader
    consumer_id = reader.member_id if reader else ""
    fields = {
        "consumer_group_id": name,
        "max_lag_consumer_id": consumer_id,
        "max_lag_instance_id": reader.instance_id if reader else None,
        "max_lag_client_id": reader.client_id if reader else "",
        "max_lag_topic_name": worst.topic,
        "max_lag_partition_id": worst.index,
        "max_lag": worst.lag,
        "total_lag": sum(part.lag or 0 for part in lags),
        "max_lag_consumer": related(base.at("consumer-groups", name, "consumers", consumer_id)),
        "max_lag_partition": related(base.at("topics", worst.topic, "partitions", worst.index)),
    }
    return base.resource("KafkaConsumerGroupLagSummary", here, f"/consumer-group={name}/lag-summary", fields)


def _source(number: int) -> str:
    return SOURCES.get(number, "UNKNOWN")


def _state(words: str) -> str:
    """Kafka's name of a state as v3 writes it: PreparingRebalance is PREPARING_REBALANCE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words).upper() or "UNKNOWN"
