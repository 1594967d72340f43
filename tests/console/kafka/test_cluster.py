"""A cluster as its page shows it."""

import pytest

from console.kafka import cluster as clusters
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable
from tests.processes import wait_for


def _counted(spec):
    (node,) = clusters.describe(spec).nodes
    return sum(directory.replicas for directory in node.directories) == node.replicas


def test_a_cluster_says_its_nodes_and_counts(cluster, spec):
    cluster.topic(3)
    # A real cluster's directories know of a new topic a moment after its metadata do.
    wait_for(lambda: _counted(spec), timeout_s=20, what="the directory does not hold what the node leads")
    view = clusters.describe(spec)
    (node,) = view.nodes
    assert (node.id, node.controller, view.controller_id) == (1, True, 1)
    assert f"{node.host}:{node.port}".replace("localhost", "127.0.0.1") == cluster.bootstrap
    assert node.leaders == node.replicas == view.partitions >= 3
    assert node.disk_total_bytes > node.disk_usable_bytes > 0
    (directory,) = node.directories
    assert (directory.replicas, directory.size_bytes) == (node.replicas, node.size_bytes)
    assert (directory.total_bytes, directory.error) == (node.disk_total_bytes, "")
    assert (view.under_replicated, view.offline) == (0, 0)
    assert view.topics >= 1
    assert (view.kafka_version, view.apis > 20) == ("4.3", True)
    assert dict(view.features)["metadata.version"] >= 7
    assert view.cluster_id


def test_a_connection_that_does_not_work_is_refused_with_the_reason():
    with pytest.raises(ClusterUnreachable, match="nothing listens there"):
        clusters.describe(ConnectionSpec("127.0.0.1:1"))
