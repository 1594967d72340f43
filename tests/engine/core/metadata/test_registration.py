"""A broker registers, then is unfenced; a new cluster begins with its feature levels."""

from engine.core.metadata import features
from engine.core.metadata.image import EndpointImage, MetadataDelta, MetadataImage
from engine.core.metadata.registration import bootstrap_records, registration_records


def registered():
    """Return the image after one broker joined."""
    image, offset = MetadataImage(), 0
    endpoint = EndpointImage(name="PLAINTEXT", host="localhost", port=9092, security_protocol=0)
    joined = registration_records(
        broker_id=1, broker_epoch=7, incarnation_id=b"i" * 16, directory_id=b"d" * 16, endpoints=[endpoint]
    )
    for offset, record in enumerate([*bootstrap_records(), *joined]):
        image.apply(record, offset, MetadataDelta())
    return image


def test_a_broker_that_registered_may_lead():
    broker = registered().brokers[1]
    assert not broker.fenced
    assert [(one.host, one.port) for one in broker.endpoints] == [("localhost", 9092)]


def test_a_broker_is_fenced_until_it_is_unfenced():
    register, unfence = registration_records(
        broker_id=1, broker_epoch=7, incarnation_id=bytes(16), directory_id=bytes(16), endpoints=[]
    )
    assert register.fenced
    assert unfence.broker_epoch == register.broker_epoch == 7


def test_only_features_that_are_built_are_finalized():
    records = bootstrap_records()
    assert {record.name: record.feature_level for record in records} == features.BOOTSTRAP
    for name, level in features.BOOTSTRAP.items():
        least, most = features.SUPPORTED[name]
        assert least <= level <= most
