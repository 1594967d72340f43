"""Metadata: brokers, topics and who leads their partitions; may create topics on the way.

Spec: KIP-4, KIP-361 (auto creation), KIP-430 (operations), KIP-516 (by topic id); kafka.server.KafkaApis.
"""

from typing import TYPE_CHECKING

from engine.broker import controller, metadata_blobs
from engine.broker.context import RequestContext, encode_reply
from engine.broker.metadata_blobs import Kind
from engine.core.metadata import controller as decisions
from engine.core.metadata import topic_names
from engine.core.metadata.controller import DEFAULT_NUMBER, NewTopic
from engine.core.metadata.image import MetadataImage, PartitionImage, TopicImage
from engine.core.security import operations
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.metadata import (
    MetadataRequest,
    MetadataRequestTopic,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
    encode_response,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

NO_ID = bytes(16)
NULL_IS_ALL_SINCE = 1  # in version 0 an empty list means all topics
AUTO_CREATION_ASKED_SINCE = 4  # before, the broker's config alone decides
IDS_SINCE = 12  # version 10 and 11 carry ids that cannot be asked for


def handle(broker: "Broker", context: RequestContext, request: MetadataRequest) -> MetadataResponse | None:
    """Answer from the image; None if the reply was put together from topics that were encoded before."""
    version = context.api_version
    asked_topics = request.topics or []
    if version < IDS_SINCE and any(topic.topic_id != NO_ID or topic.name is None for topic in asked_topics):
        return _refuse(ErrorCode.INVALID_REQUEST, asked_topics)
    if any(topic.topic_id == NO_ID and topic.name is None for topic in asked_topics):
        return _refuse(ErrorCode.UNKNOWN_SERVER_ERROR, asked_topics)
    kind = (version, request.include_topic_authorized_operations)
    if request.topics is None or (version < NULL_IS_ALL_SINCE and not request.topics):
        blobs = [_topic(broker, topic, kind) for topic in broker.image.topics.values()]
    else:
        blobs = _asked(broker, request, kind)
    quorum = broker.quorum
    asked = request.include_cluster_authorized_operations
    without_topics = MetadataResponse(
        brokers=_brokers(broker),
        cluster_id=quorum.cluster_id,
        controller_id=quorum.node_id,
        cluster_authorized_operations=operations.CLUSTER_OPERATIONS if asked else operations.NOT_ASKED,
    )
    frame = encode_reply(context, encode_response, without_topics)
    context.connection.reply(metadata_blobs.put_topics(frame, blobs, version))
    return None


def _brokers(broker: "Broker") -> list[MetadataResponseBroker]:
    listener = broker.config.advertised[0].name
    found = []
    for registered in broker.image.brokers.values():
        endpoint = registered.endpoint(listener)
        if endpoint is not None and not registered.fenced:
            found.append(MetadataResponseBroker(registered.broker_id, endpoint.host, endpoint.port, registered.rack))
    return found


def _asked(broker: "Broker", request: MetadataRequest, kind: Kind) -> list[bytes]:
    """The topics that were named, each once; by id if any id was given."""
    assert request.topics is not None
    image, version = broker.image, kind[0]
    ids = dict.fromkeys(topic.topic_id for topic in request.topics if topic.topic_id != NO_ID)
    found = []
    if ids:
        for topic_id in ids:
            topic = image.topic_by_id(topic_id)
            if topic is not None:
                found.append(_topic(broker, topic, kind))
            else:
                unknown = MetadataResponseTopic(ErrorCode.UNKNOWN_TOPIC_ID, None, topic_id)
                found.append(metadata_blobs.encode_topic(unknown, version))
        return found
    may_create = broker.config.auto_create_topics_enable and (
        version < AUTO_CREATION_ASKED_SINCE or request.allow_auto_topic_creation
    )
    for name in dict.fromkeys(topic.name for topic in request.topics):
        assert name is not None
        topic = image.topics.get(name)
        if topic is not None:
            found.append(_topic(broker, topic, kind))
        else:
            missing = _missing(broker, name, may_create)
            missing.topic_authorized_operations = _operations(kind)
            found.append(metadata_blobs.encode_topic(missing, version))
    return found


def _operations(kind: Kind) -> int:
    """What everybody may do with a topic of any name, there or not, if that was asked."""
    return operations.TOPIC_OPERATIONS if kind[1] else operations.NOT_ASKED


def _missing(broker: "Broker", name: str, may_create: bool) -> MetadataResponseTopic:
    """A topic that is not there. If it may be created it will be there when the client asks again."""
    is_internal = topic_names.is_internal(name)
    if topic_names.refusal(name) is not None:
        return MetadataResponseTopic(ErrorCode.INVALID_TOPIC_EXCEPTION, name, is_internal=is_internal)
    if may_create and not is_internal and name != topic_names.METADATA_TOPIC:
        new = NewTopic(name, DEFAULT_NUMBER, DEFAULT_NUMBER, [], [])
        try:
            created = decisions.create_topic(
                broker.quorum.latest, new, controller.defaults(broker), broker.config.server, broker.new_uuid()
            )
            controller.append(broker, created.records)
        except WireError:
            pass  # it is being created, its name collides, the disk is full: unknown it is, as Kafka answers
    return MetadataResponseTopic(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name, is_internal=is_internal)


def _topic(broker: "Broker", topic: TopicImage, kind: Kind) -> bytes:
    """The topic's bytes in an answer of this kind: kept ones while they are true."""
    kept = broker.controller.blobs.find(kind, topic)
    if kept is not None:
        return kept
    version, _ = kind
    encoded = metadata_blobs.encode_topic(
        MetadataResponseTopic(
            name=topic.name,
            topic_id=topic.topic_id,
            is_internal=topic_names.is_internal(topic.name),
            partitions=[_partition(broker.image, partition) for partition in topic.partitions],
            topic_authorized_operations=_operations(kind),
        ),
        version,
    )
    broker.controller.blobs.keep(kind, topic, encoded)
    return encoded


def _partition(image: MetadataImage, partition: PartitionImage) -> MetadataResponsePartition:
    return MetadataResponsePartition(
        ErrorCode.NONE if partition.leader >= 0 else ErrorCode.LEADER_NOT_AVAILABLE,
        partition.index,
        partition.leader,
        partition.leader_epoch,
        partition.replicas,
        partition.isr,
        image.offline_replicas(partition),
    )


def _refuse(code: ErrorCode, asked: list[MetadataRequestTopic]) -> MetadataResponse:
    """The whole request is refused: no brokers, each topic with the error."""
    return MetadataResponse(
        cluster_id=None,
        topics=[MetadataResponseTopic(code, topic.name or "", topic.topic_id) for topic in asked],
        error_code=code if code is ErrorCode.UNKNOWN_SERVER_ERROR else ErrorCode.NONE,
    )
