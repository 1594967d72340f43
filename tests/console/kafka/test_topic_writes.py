"""Writes to topics, at our broker and at Apache Kafka: the same deeds, the same refusals."""

import asyncio
import os

import pytest

from console.kafka import configs, shared, topic_defaults, topic_writes, topics
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaRefused, NotFound
from console.kafka.topic_writes import NewTopic
from tests.console.kafka.clusters import NUMBERS

LEGAL_REFUSALS = {
    "partitions": (NewTopic("w-x", partitions=0), "INVALID_PARTITIONS", "positive"),
    "copies": (NewTopic("w-x", replication_factor=0), "INVALID_REPLICATION_FACTOR", "larger than 0"),
    "brokers": (NewTopic("w-x", replication_factor=7), "INVALID_REPLICATION_FACTOR", "7"),
    "value": (NewTopic("w-x", configs={"retention.ms": "soon"}), "INVALID_CONFIG", "retention.ms"),
    "config": (NewTopic("w-x", configs={"retention": "1"}), "INVALID_CONFIG", "Unknown topic config name: retention"),
    "name": (NewTopic("w x"), "INVALID_TOPIC_EXCEPTION", "ASCII alphanumerics"),
}


def fresh() -> str:
    return f"w-{os.getpid()}.{next(NUMBERS)}"


@pytest.mark.parametrize(("wanted", "code", "words"), LEGAL_REFUSALS.values(), ids=LEGAL_REFUSALS)
@pytest.mark.parametrize("validate_only", [True, False])
def test_what_cannot_be_created_is_refused_with_a_reason(spec, wanted, code, words, validate_only):
    with pytest.raises(KafkaRefused) as refused:
        topic_writes.create_topic(spec, wanted, validate_only=validate_only)
    assert refused.value.code == code and words in (refused.value.message or "")


def test_a_topic_is_created_once_and_its_neighbours_in_metrics_not_at_all(spec, cluster):
    name = fresh()
    asked = topic_writes.create_topic(spec, NewTopic(name, 3, 1, {"retention.ms": "1000000"}), validate_only=True)
    with pytest.raises(NotFound):
        topics.describe_topic(spec, name)
    made = topic_writes.create_topic(spec, NewTopic(name, 3, 1, {"retention.ms": "1000000"}))
    assert (asked.partitions, made.partitions, made.replication_factor) == (3, 3, 1)
    assert {config.name: config.value for config in made.configs}["retention.ms"] == "1000000"
    with pytest.raises(KafkaRefused, match="TOPIC_ALREADY_EXISTS"):
        topic_writes.create_topic(spec, NewTopic(name))
    with pytest.raises(KafkaRefused, match=f"INVALID_TOPIC_EXCEPTION.*collides with existing topic: {name}"):
        topic_writes.create_topic(spec, NewTopic(name.replace(".", "_")))


def test_the_cluster_says_what_it_would_choose(spec, cluster):
    cluster.topic(retention_ms="77777777")
    found = topic_defaults.ground(spec)
    assert found.partitions and found.replication_factor and [broker.id for broker in found.brokers] == [1]
    retention = found.setting("retention.ms")
    assert (retention.value, retention.source, retention.type) == ("604800000", "default", "long")
    assert retention.documentation and not found.untold


def test_while_one_types_the_cluster_is_not_asked_again(spec, cluster, monkeypatch):
    found = topic_defaults.ground(spec)
    with monkeypatch.context() as changed:
        changed.setattr(topic_defaults, "_ask", lambda *asked: pytest.fail("asked again"))
        assert topic_defaults.recent_ground(spec) is found
    monkeypatch.setattr(topic_defaults, "RECENT_S", 0)
    assert topic_defaults.recent_ground(spec) is not found


def test_whether_a_name_is_taken_in_a_large_cluster_is_asked_now(spec, cluster, monkeypatch):
    gone, new = cluster.topic(), fresh()
    assert gone in topic_defaults.ground(spec).names
    monkeypatch.setattr(shared, "COSTLY", 0)  # as if there were many: what was told some time ago is given out
    topic_writes.delete_topic(spec, gone, topics.describe_topic(spec, gone).topic_id)
    topic_writes.create_topic(spec, NewTopic(new))
    assert gone not in topic_defaults.ground(spec, gone).names
    assert new in topic_defaults.ground(spec, new).names


def test_where_that_is_refused_settings_are_read_off_a_topic_that_is_there(spec, cluster, monkeypatch):
    cluster.topic(retention_ms="77777777")

    async def refuse(session, wanted, *, validate_only):
        assert validate_only
        raise KafkaRefused("CLUSTER_AUTHORIZATION_FAILED")

    monkeypatch.setattr(topic_defaults, "creation", refuse)
    found = topic_defaults.ground(spec)
    assert "CLUSTER_AUTHORIZATION_FAILED" in found.untold and found.partitions is None
    assert found.setting("retention.ms").value in (None, "604800000") and found.setting("max.message.bytes").value


def test_configs_change_together_or_not_at_all(spec, cluster):
    name = cluster.topic(retention_ms="5000000")

    def own():
        return {entry.name: entry.value for entry in configs.topic_configs(spec, name) if entry.source == "topic"}

    topic_writes.alter_configs(spec, name, {"max.message.bytes": "2000", "retention.ms": None}, validate_only=True)
    assert own() == {"retention.ms": "5000000"}
    topic_writes.alter_configs(spec, name, {"max.message.bytes": "2000", "retention.ms": None})
    assert own() == {"max.message.bytes": "2000"}
    for validate_only in (True, False):
        with pytest.raises(KafkaRefused, match=r"INVALID_CONFIG.*retention\.bytes"):
            changes = {"max.message.bytes": "3000", "retention.bytes": "many"}
            topic_writes.alter_configs(spec, name, changes, validate_only=validate_only)
    assert own() == {"max.message.bytes": "2000"}
    with pytest.raises(KafkaRefused, match="UNKNOWN_TOPIC_OR_PARTITION"):
        topic_writes.alter_configs(spec, "nobody-made-this", {"retention.ms": "1"})


def test_partitions_are_added_and_never_taken_away(spec, cluster):
    name = cluster.topic(2)
    topic_writes.add_partitions(spec, name, 5, validate_only=True)
    topic_writes.add_partitions(spec, name, 5)
    for count in (5, 3):
        with pytest.raises(KafkaRefused, match="INVALID_PARTITIONS"):
            topic_writes.add_partitions(spec, name, count)
    assert len(topics.describe_topic(spec, name).partitions) == 5


def test_records_are_deleted_up_to_an_offset_of_each_partition(spec, cluster):
    name = cluster.topic(3)
    for index in range(2):
        cluster.produce(name, *[b"v"] * 10, partition=index)
    found = topic_writes.delete_records(spec, name, {0: 4, 1: 10, 2: 1, 9: 1})
    assert (found[0], found[1]) == (4, 10)
    assert "OFFSET_OUT_OF_RANGE" in str(found[2]) and "LEADER_NOT_AVAILABLE" in str(found[9])
    compacted = cluster.topic(cleanup_policy="compact")
    cluster.produce(compacted, b"v", key=b"k")
    assert str(topic_writes.delete_records(spec, compacted, {0: 1})[0]) == "POLICY_VIOLATION"


def test_a_topic_is_deleted_by_its_id(spec, cluster):
    name = cluster.topic()
    seen = topics.describe_topic(spec, name)
    topic_writes.delete_topic(spec, name, seen.topic_id)
    with pytest.raises(KafkaRefused, match="UNKNOWN_TOPIC"):
        topic_writes.delete_topic(spec, name, seen.topic_id)


def test_no_answer_to_a_write_may_mean_that_it_was_done(frozen_server, monkeypatch):
    monkeypatch.setattr(topic_writes, "WRITE_LIMIT_S", 0.3)
    with pytest.raises(topic_writes.MaybeDone):
        topic_writes.create_topic(ConnectionSpec(frozen_server), NewTopic("t"))


def test_a_write_whose_time_is_up_may_have_been_done_and_a_question_has_not(frozen_server, monkeypatch):
    async def never(*given, **how):
        await asyncio.sleep(60)

    monkeypatch.setattr(topic_writes, "WRITE_LIMIT_S", 0.1)
    monkeypatch.setattr(topic_writes, "_sent", never)
    spec = ConnectionSpec(frozen_server)
    with pytest.raises(topic_writes.MaybeDone):
        topic_writes.create_topic(spec, NewTopic("t"))
    with pytest.raises(ClusterUnreachable) as error:
        topic_writes.create_topic(spec, NewTopic("t"), validate_only=True)
    assert not isinstance(error.value, topic_writes.MaybeDone)
