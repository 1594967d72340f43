"""The records with which a broker joins the cluster: who it is, where it listens, that it may lead.

Not here: heartbeats and fencing of other brokers (they come with a larger quorum).
Spec: KIP-631; org.apache.kafka.controller.ClusterControlManager.registerBroker.
"""

from engine.core.metadata import features
from engine.core.metadata.image import EndpointImage
from engine.wire.primitives import Message
from engine.wire.record_types.cluster_metadata import (
    BrokerEndpoint,
    BrokerFeature,
    BrokerRegistrationChangeRecord,
    FeatureLevelRecord,
    RegisterBrokerRecord,
)

UNFENCE = -1  # BrokerRegistrationChangeRecord.fenced


def bootstrap_records() -> list[Message]:
    """What a new cluster begins with."""
    return [FeatureLevelRecord(name, level) for name, level in features.BOOTSTRAP.items()]


def registration_records(
    *, broker_id: int, broker_epoch: int, incarnation_id: bytes, directory_id: bytes, endpoints: list[EndpointImage]
) -> list[Message]:
    """Register a broker at the offset `broker_epoch`, then unfence it."""
    return [
        RegisterBrokerRecord(
            broker_id=broker_id,
            incarnation_id=incarnation_id,
            broker_epoch=broker_epoch,
            end_points=[BrokerEndpoint(e.name, e.host, e.port, e.security_protocol) for e in endpoints],
            features=[BrokerFeature(name, least, most) for name, (least, most) in features.SUPPORTED.items()],
            rack=None,
            fenced=True,
            log_dirs=[directory_id],
        ),
        BrokerRegistrationChangeRecord(broker_id=broker_id, broker_epoch=broker_epoch, fenced=UNFENCE),
    ]
