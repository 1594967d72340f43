"""Topics of Metadata answers as kept bytes."""

from engine.broker import metadata_blobs
from engine.broker.context import RequestContext, encode_reply
from engine.core.connection.reply_order import Connection
from engine.core.metadata.image import TopicImage
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from engine.wire.messages.metadata import (
    MetadataRequest,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
    encode_response,
)
from tests.engine.broker.admin_broker import AdminBroker

KIND = (12, False)


def test_an_answer_put_together_is_what_the_encoder_writes() -> None:
    for version in range(14):
        for count in (0, 1, 2, 200):
            topics = [
                MetadataResponseTopic(0, f"t{n}", partitions=[MetadataResponsePartition(0, 0, 1)]) for n in range(count)
            ]
            response = MetadataResponse(brokers=[MetadataResponseBroker(1, "h", 9092, None)], cluster_id="c")
            context = RequestContext(Connection(1, "x"), 3, version, 5, None)
            without = encode_reply(context, encode_response, response)
            blobs = [metadata_blobs.encode_topic(topic, version) for topic in topics]
            response.topics = topics
            assert metadata_blobs.put_topics(without, blobs, version) == encode_reply(
                context, encode_response, response
            )


def test_a_changed_topic_is_encoded_anew() -> None:
    blobs = metadata_blobs.MetadataBlobs()
    topic = TopicImage("t", b"i" * 16, revision=3)
    blobs.keep(KIND, topic, b"x")
    assert blobs.find(KIND, topic) == b"x" and blobs.find((11, False), topic) is None
    assert blobs.find(KIND, TopicImage("t", b"i" * 16, revision=4)) is None
    assert blobs.find(KIND, TopicImage("t", b"j" * 16, revision=3)) is None
    blobs.forget("t")
    assert blobs.find(KIND, topic) is None


def test_only_some_kinds_of_answers_are_kept() -> None:
    blobs = metadata_blobs.MetadataBlobs()
    topic = TopicImage("t", b"i" * 16)
    for version in range(14):
        blobs.keep((version, False), topic, b"x")
    assert list(blobs.tables) == [(10, False), (11, False), (12, False), (13, False)]


def test_answers_follow_the_image() -> None:
    broker = AdminBroker()

    def told() -> list[tuple[str, int]]:
        response = broker.call(3, 12, MetadataRequest(None, False))
        return [(topic.name, len(topic.partitions)) for topic in response.topics]

    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1), CreatableTopic("b", 2, 1)], 5000))
    assert told() == told() == [("a", 1), ("b", 2)]
    broker.call(20, 6, DeleteTopicsRequest([DeleteTopicState("a", bytes(16))], [], 5000))
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 3, 1)], 5000))
    assert told() == [("b", 2), ("a", 3)]
