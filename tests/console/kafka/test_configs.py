"""Configurations and where they come from."""

import pytest

from console.kafka import configs
from console.kafka.errors import NotFound


def test_every_config_says_its_value_default_source_and_documentation(cluster, spec):
    name = cluster.topic(retention_ms="86400000")
    found = {entry.name: entry for entry in configs.topic_configs(spec, name)}
    retention = found["retention.ms"]
    assert (retention.value, retention.source, retention.type, retention.changed) == ("86400000", "topic", "long", True)
    assert retention.default == "604800000"
    assert retention.documentation
    assert not found["segment.bytes"].changed
    assert found["segment.bytes"].default == found["segment.bytes"].value == "1073741824"
    assert list(found) == sorted(found)


def test_a_broker_says_its_configs(cluster, spec):
    found = {entry.name: entry for entry in configs.broker_configs(spec, 1)}
    assert found["node.id"].value == "1"
    assert found["node.id"].read_only


def test_a_topic_that_is_not_there_has_no_configs(cluster, spec):
    with pytest.raises(NotFound):
        configs.topic_configs(spec, "nobody-made-this")
