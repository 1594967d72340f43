"""DescribeTopicPartitions."""

from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.describe_topic_partitions import (
    DescribeTopicPartitionsRequest,
    RequestCursor,
    TopicRequest,
)
from tests.engine.broker.admin_broker import AdminBroker


def with_topics() -> AdminBroker:
    broker = AdminBroker()
    topics = [CreatableTopic("p", 2, 1), CreatableTopic("cfg", 1, 1), CreatableTopic("probe", 3, 1)]
    broker.call(19, 7, CreateTopicsRequest(topics, 5000))
    return broker


def describe(broker: AdminBroker, names: list[str], limit: int = 2000, cursor: tuple[str, int] | None = None):
    request = DescribeTopicPartitionsRequest(
        [TopicRequest(name) for name in names], limit, None if cursor is None else RequestCursor(*cursor)
    )
    response = broker.call(75, 0, request)
    topics = [
        (topic.name, topic.error_code, [partition.partition_index for partition in topic.partitions])
        for topic in response.topics
    ]
    following = response.next_cursor
    return topics, None if following is None else (following.topic_name, following.partition_index)


def test_topics_come_in_order_of_their_names_until_the_limit() -> None:
    broker = with_topics()
    assert describe(broker, ["p", "cfg"]) == ([("cfg", 0, [0]), ("p", 0, [0, 1])], None)
    assert describe(broker, ["p", "cfg", "zz"], 2) == ([("cfg", 0, [0]), ("p", 0, [0])], ("p", 1))
    assert describe(broker, ["probe", "p", "cfg"], 3) == ([("cfg", 0, [0]), ("p", 0, [0, 1])], ("probe", 0))
    assert describe(broker, ["p"], 0) == ([("p", 0, [0])], ("p", 1))
    assert describe(broker, ["p", "p"], -1) == ([("p", 0, [0])], ("p", 1))


def test_a_cursor_goes_on_where_the_last_answer_ended() -> None:
    broker = with_topics()
    assert describe(broker, [], 2, ("p", 1)) == ([("p", 0, [1]), ("probe", 0, [0])], ("probe", 1))
    assert describe(broker, ["p", "cfg"], 2, ("p", 0)) == ([("p", 0, [0, 1])], None)
    assert describe(broker, ["p", "cfg"], 2, ("p", 9)) == ([("p", 0, [])], None)
    seen, cursor = [], None
    while True:
        topics, cursor = describe(broker, [], 1, cursor)
        seen += [(name, index) for name, _, indexes in topics for index in indexes]
        if cursor is None:
            break
    assert seen == [("cfg", 0), ("p", 0), ("p", 1), ("probe", 0), ("probe", 1), ("probe", 2)]


def test_a_cursor_that_points_nowhere_is_refused() -> None:
    broker = with_topics()
    for cursor in (("p", -1), ("zz", 0)):
        assert describe(broker, ["p", "cfg"], 2, cursor) == ([("p", 42, []), ("cfg", 42, [])], None)


def test_unknown_topics_are_said_to_be_unknown() -> None:
    broker = with_topics()
    assert describe(broker, ["nope"]) == ([("nope", 3, [])], None)
    assert describe(broker, [".."]) == ([("..", 17, [])], None)


def test_the_brokers_own_limit_holds() -> None:
    broker = AdminBroker({"max.request.partition.size.limit": "2"})
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("p", 5, 1)], 5000))
    assert describe(broker, ["p"]) == ([("p", 0, [0, 1])], ("p", 2))
