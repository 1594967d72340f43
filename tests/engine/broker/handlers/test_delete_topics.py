"""DeleteTopics."""

from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from tests.engine.broker.admin_broker import AdminBroker

NO_ID = bytes(16)


def with_topics(*names: str, given: dict[str, str] | None = None) -> AdminBroker:
    broker = AdminBroker(given)
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic(name, 1, 1) for name in names], 5000))
    return broker


def delete(broker: AdminBroker, *states: DeleteTopicState):
    response = broker.call(20, 6, DeleteTopicsRequest(list(states), [], 5000))
    return [(result.name, result.topic_id, result.error_code, result.error_message) for result in response.responses]


def test_a_topic_is_deleted_by_name_and_by_id() -> None:
    broker = with_topics("a", "b")
    a, b = broker.image.topics["a"].topic_id, broker.image.topics["b"].topic_id
    assert delete(broker, DeleteTopicState("a", NO_ID)) == [("a", a, 0, None)]
    assert delete(broker, DeleteTopicState(None, b)) == [("b", b, 0, None)]
    assert not broker.image.topics
    assert [topic.name for topic in broker.replica_manager.deltas[-1].removed_topics] == ["b"]
    assert not broker.restarted().image.topics


def test_a_recreated_topic_has_another_id_and_none_of_the_configs() -> None:
    broker = with_topics("a")
    first = broker.image.topics["a"].topic_id
    delete(broker, DeleteTopicState("a", NO_ID))
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1)], 5000))
    assert broker.image.topics["a"].topic_id != first


def test_refusals_are_kafkas() -> None:
    broker = with_topics("a")
    topic_id = broker.image.topics["a"].topic_id
    unknown = b"x" * 16
    for states, answer in (
        ([(None, NO_ID)], (None, NO_ID, 42, "Neither topic name nor id were specified.")),
        ([("a", topic_id)], ("a", topic_id, 42, "You may not specify both topic name and topic id.")),
        ([("nope", NO_ID)], ("nope", NO_ID, 3, "This server does not host this topic-partition.")),
        ([("..", NO_ID)], ("..", NO_ID, 3, "This server does not host this topic-partition.")),
        ([(None, unknown)], (None, unknown, 100, "This server does not host this topic ID.")),
        ([("a", NO_ID), ("a", NO_ID)], ("a", NO_ID, 42, "Duplicate topic name.")),
        ([(None, unknown), (None, unknown)], (None, unknown, 42, "Duplicate topic id.")),
        (
            [("a", NO_ID), (None, topic_id)],
            ("a", topic_id, 42, "The provided topic name maps to an ID that was already supplied."),
        ),
    ):
        assert delete(broker, *(DeleteTopicState(*state) for state in states)) == [answer]
    assert "a" in broker.image.topics


def test_old_versions_delete_by_name() -> None:
    broker = with_topics("a", "b")
    for version, name in ((1, "a"), (5, "b")):
        response = broker.call(20, version, DeleteTopicsRequest([], [name, "nope"], 5000))
        assert {result.name: result.error_code for result in response.responses} == {name: 0, "nope": 3}
    assert not broker.image.topics


def test_deletion_can_be_switched_off() -> None:
    broker = with_topics("a", given={"delete.topic.enable": "false"})
    assert delete(broker, DeleteTopicState("a", NO_ID))[0][2:] == (73, "Topic deletion is disabled.")
