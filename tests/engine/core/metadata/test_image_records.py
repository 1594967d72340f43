"""An image as records."""

from engine.core.metadata.image import MetadataDelta, MetadataImage
from engine.core.metadata.image_records import records_of
from engine.core.metadata.record_frame import decode_record, encode_record
from engine.wire.primitives import Message
from engine.wire.record_types.cluster_metadata import (
    BrokerEndpoint,
    BrokerFeature,
    ConfigRecord,
    FeatureLevelRecord,
    PartitionChangeRecord,
    PartitionRecord,
    ProducerIdsRecord,
    RegisterBrokerRecord,
    TopicRecord,
)

ID = b"i" * 16


def image_of(records: list[Message]) -> MetadataImage:
    image = MetadataImage()
    for offset, record in enumerate(records):
        image.apply(record, offset, MetadataDelta())
    return image


def test_the_records_make_the_same_image() -> None:
    image = image_of(
        [
            FeatureLevelRecord("metadata.version", 30),
            RegisterBrokerRecord(
                broker_id=1,
                end_points=[BrokerEndpoint("PLAINTEXT", "h", 9092, 0)],
                features=[BrokerFeature("metadata.version", 30, 30)],
                rack="r",
                fenced=False,
                log_dirs=[ID],
            ),
            TopicRecord("t", ID),
            PartitionRecord(0, ID, [1], [1], leader=1, leader_epoch=0, partition_epoch=0, directories=[ID]),
            PartitionChangeRecord(0, ID, leader=1),
            ConfigRecord(2, "t", "retention.ms", "5"),
            ConfigRecord(4, "", "x", "y"),
            ProducerIdsRecord(1, 0, 1000),
        ]
    )
    records = records_of(image)
    again = image_of([decode_record(encode_record(record)) for record in records])
    assert records_of(again) == records
    assert (again.features, again.configs, again.next_producer_id) == (image.features, image.configs, 1000)
    assert again.topics["t"].partitions[0].leader_epoch == 1
    assert again.brokers[1].endpoint("PLAINTEXT") is not None and not again.brokers[1].fenced


def test_an_empty_image_has_none() -> None:
    assert records_of(MetadataImage()) == []
