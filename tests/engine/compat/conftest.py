"""One broker for all tests of this folder that only need a broker; each test has topics of its own."""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import BrokerProcess
from tests.engine.compat.brokers import odradek

NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerProcess]:
    """Our broker with Kafka's defaults."""
    with odradek(tmp_path_factory.mktemp("compat")) as process:
        yield process


@pytest.fixture
def bootstrap(request: pytest.FixtureRequest) -> str:
    """Where the shared broker listens; COMPAT_BOOTSTRAP aims the same tests at another one, such as Apache Kafka."""
    aimed_at = os.environ.get("COMPAT_BOOTSTRAP")
    return aimed_at or request.getfixturevalue("shared_broker").bootstrap


@pytest.fixture
def new_topic(bootstrap: str) -> Callable[..., str]:
    """Make topics that nobody else uses: new_topic(partitions=1, **configs)."""

    def make(partitions: int = 1, **configs: str) -> str:
        name = f"compat-{os.getpid()}-{next(NUMBERS)}"
        wanted = {key.replace("_", "."): value for key, value in configs.items()}
        admin = AdminClient({"bootstrap.servers": bootstrap})
        admin.create_topics([NewTopic(name, partitions, 1, config=wanted)])[name].result(20)
        return name

    return make
