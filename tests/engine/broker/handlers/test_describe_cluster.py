"""DescribeCluster."""

from engine.wire.messages.describe_cluster import DescribeClusterRequest
from tests.engine.broker.admin_broker import AdminBroker


def test_the_cluster_is_one_broker_that_is_its_controller() -> None:
    broker = AdminBroker()
    for version in (0, 1, 2):
        response = broker.call(60, version, DescribeClusterRequest(True))
        assert (response.cluster_id, response.controller_id) == (broker.quorum.cluster_id, 1)
        assert [(one.broker_id, one.host, one.port, one.rack) for one in response.brokers] == [
            (1, "127.0.0.1", 9092, None)
        ]
        assert response.cluster_authorized_operations == 8096
    assert broker.call(60, 2, DescribeClusterRequest(False)).cluster_authorized_operations == -(1 << 31)


def test_controllers_are_not_asked_here() -> None:
    broker = AdminBroker()
    response = broker.call(60, 1, DescribeClusterRequest(True, 2))
    assert (response.error_code, response.cluster_id, response.brokers) == (114, "", [])
    response = broker.call(60, 2, DescribeClusterRequest(True, 3))
    assert (response.error_code, response.error_message) == (115, "Unsupported endpoint type 3")


def test_clients_are_told_the_advertised_address() -> None:
    broker = AdminBroker({"advertised.listeners": "PLAINTEXT://kafka.example:19092"})
    assert [(one.host, one.port) for one in broker.call(60, 0, DescribeClusterRequest()).brokers] == [
        ("kafka.example", 19092)
    ]
