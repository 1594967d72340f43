"""A cluster as its page shows it: nodes, counts, health."""

from dataclasses import dataclass

from console.kafka.connection import ConnectionSpec


@dataclass(frozen=True, slots=True)
class NodeView:
    """One broker."""

    id: int
    host: str
    port: int
    rack: str | None
    controller: bool
    leaders: int  # partitions it leads
    replicas: int  # partitions it holds
    size_bytes: int | None  # of its log directories' replicas
    disk_total_bytes: int | None
    disk_usable_bytes: int | None


@dataclass(frozen=True, slots=True)
class ClusterView:
    """What a cluster says of itself."""

    cluster_id: str | None
    controller_id: int | None
    nodes: list[NodeView]  # by id
    topics: int  # internal ones not counted
    internal_topics: int
    partitions: int
    under_replicated: int
    offline: int
    features: list[tuple[str, int]]  # finalized feature levels, by name
    apis: int  # how many APIs it advertises
    kafka_version: str | None  # the metadata.version it runs as, in words, where it says so


def describe(spec: ConnectionSpec) -> ClusterView:
    """Describe the cluster."""
    raise NotImplementedError


def check(spec: ConnectionSpec) -> str | None:
    """Connect and return the cluster id: for validating a connection that a user types in."""
    raise NotImplementedError
