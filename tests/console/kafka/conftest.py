"""Every test of this folder looks at our broker, and at Apache Kafka where there is one."""

import os
import socket
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from console.kafka.connection import ConnectionSpec
from tests.apache_kafka import apache_kafka
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster

NO_KAFKA = not (os.environ.get("KAFKA_START") or os.environ.get("ODRADEK_TEST_KAFKA"))
APACHE = [pytest.mark.kafka, pytest.mark.skipif(NO_KAFKA, reason="KAFKA_START names no command that starts Kafka")]


@pytest.fixture(scope="session", params=["odradek", pytest.param("apache", marks=APACHE)])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if request.param == "apache":
        running = os.environ.get("ODRADEK_TEST_KAFKA")
        with nullcontext(running) if running else apache_kafka() as bootstrap:
            yield Cluster(bootstrap)
    else:
        with running_broker(tmp_path_factory.mktemp(request.param)) as broker:
            yield Cluster(broker.bootstrap)


@pytest.fixture
def spec(cluster: Cluster) -> ConnectionSpec:
    return ConnectionSpec(cluster.bootstrap)


@pytest.fixture
def frozen_server() -> Iterator[str]:
    """Something that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"
