"""Connections of the console to clusters: a pool of client shells on one loop thread."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """How to reach a cluster; equal specs share one pooled connection."""

    bootstrap: str  # "host:port,host:port"
    client_id: str = "odradek-console"
