"""A thousand groups behind the whole console: how soon a page begins."""

import time

import pytest

from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster
from tests.console.kafka.group_data import commit

FIRST_BYTE_S_MAX = 0.2


@pytest.mark.parametrize("query", ["", "?page=13", "?q=many-09", "?sort=-state"])
def test_a_page_of_a_thousand_groups_begins_soon(cast, many, query):
    cast.cluster.bootstrap = many
    cast.cluster.save()
    address = f"/clusters/{cast.cluster.pk}/groups/{query}"
    assert b"many-" in cast.viewer.get(address).content
    waits = []
    for _ in range(5):
        begun = time.monotonic()
        assert cast.viewer.get(address).status_code == 200
        waits.append(time.monotonic() - begun)
    print(f"groups/{query}: {min(waits) * 1000:.0f} to {max(waits) * 1000:.0f} ms")
    assert min(waits) <= FIRST_BYTE_S_MAX  # the quickest: other tests share this machine


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("many"), durability="pagecache") as broker:
        cluster = Cluster(broker.bootstrap)
        topics = [cluster.topic(6), cluster.topic(6)]
        commit(cluster, [f"many-{number:04}" for number in range(1000)], topics, dict.fromkeys(range(6), 0))
        yield broker.bootstrap
