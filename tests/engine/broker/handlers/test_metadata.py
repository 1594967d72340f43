"""Metadata."""

from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.metadata import MetadataRequest, MetadataRequestTopic
from tests.engine.broker.admin_broker import AdminBroker

NO_ID = bytes(16)


def with_topics(*names: str, given: dict[str, str] | None = None) -> AdminBroker:
    broker = AdminBroker(given)
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic(name, 2, 1) for name in names], 5000))
    return broker


def named(*names: str) -> list[MetadataRequestTopic]:
    return [MetadataRequestTopic(NO_ID, name) for name in names]


def test_every_version_says_who_leads() -> None:
    broker = with_topics("a")
    for version in range(14):
        response = broker.call(3, version, MetadataRequest(named("a"), True))
        assert [(one.node_id, one.host, one.port) for one in response.brokers] == [(1, "127.0.0.1", 9092)]
        assert [(one.error_code, one.name) for one in response.topics] == [(0, "a")]
        assert [(one.partition_index, one.leader_id) for one in response.topics[0].partitions] == [(0, 1), (1, 1)]
        assert response.controller_id == (1 if version >= 1 else -1)
        assert response.cluster_id == (broker.quorum.cluster_id if version >= 2 else None)


def test_null_is_all_topics_and_in_version_0_an_empty_list_is() -> None:
    broker = with_topics("a", "b")
    assert len(broker.call(3, 0, MetadataRequest([], True)).topics) == 2
    for version in (1, 12):
        assert len(broker.call(3, version, MetadataRequest(None, True)).topics) == 2
        assert broker.call(3, version, MetadataRequest([], True)).topics == []


def test_unknown_and_impossible_topics() -> None:
    broker = with_topics("a")
    response = broker.call(3, 9, MetadataRequest(named("a", "nope", "..", "a", ""), False))
    assert [(one.name, one.error_code) for one in response.topics] == [("a", 0), ("nope", 3), ("..", 17), ("", 17)]
    assert list(broker.image.topics) == ["a"]


def test_a_missing_topic_is_created_where_client_and_broker_want_it() -> None:
    broker = AdminBroker({"num.partitions": "3"})
    assert broker.call(3, 9, MetadataRequest(named("auto", ".."), True)).topics[0].error_code == 3
    response = broker.call(3, 9, MetadataRequest(named("auto"), True))
    assert (response.topics[0].error_code, len(response.topics[0].partitions)) == (0, 3)
    assert broker.call(3, 1, MetadataRequest(named("old"))).topics[0].error_code == 3
    assert list(broker.image.topics) == ["auto", "old"]
    strict = AdminBroker({"auto.create.topics.enable": "false"})
    strict.call(3, 9, MetadataRequest(named("auto"), True))
    assert not strict.image.topics


def test_topics_are_asked_for_by_id() -> None:
    broker = with_topics("a")
    topic_id = broker.image.topics["a"].topic_id
    asked = [MetadataRequestTopic(topic_id, None), MetadataRequestTopic(b"x" * 16, None)]
    for version in (12, 13):
        response = broker.call(3, version, MetadataRequest(asked, True))
        assert [(one.name, one.error_code) for one in response.topics] == [("a", 0), (None, 100)]
    refused = broker.call(3, 10, MetadataRequest([MetadataRequestTopic(topic_id, "a")], True))
    assert (refused.brokers, refused.topics[0].error_code) == ([], 42)
    refused = broker.call(3, 13, MetadataRequest([MetadataRequestTopic(NO_ID, None)], True))
    assert (refused.error_code, refused.topics[0].error_code) == (-1, -1)


def test_operations_are_told_to_those_who_ask() -> None:
    broker = with_topics("a")
    response = broker.call(3, 8, MetadataRequest(named("a"), False, True, True))
    assert (response.cluster_authorized_operations, response.topics[0].topic_authorized_operations) == (8096, 3576)
    response = broker.call(3, 12, MetadataRequest(named("a"), False))
    assert response.topics[0].topic_authorized_operations == -(1 << 31)
