"""Which partition a request means, and whether it may be served here: the checks that cold handlers share.

Not here: Produce and Fetch, which check by hand because they are hot.
Spec: KIP-320 for leader epochs.
"""

from typing import TYPE_CHECKING

from engine.broker.partition import Partition
from engine.wire.error_codes import ErrorCode, WireError

if TYPE_CHECKING:
    from engine.broker.broker import Broker


NOT_TOLD = -1


def led_partition(broker: "Broker", topic: str, index: int, current_leader_epoch: int = NOT_TOLD) -> Partition:
    """The partition, its marks as they stand after all earlier requests; WireError if it cannot be served."""
    partition = broker.replica_manager.partition(topic, index)
    if partition is None:
        raise broker.replica_manager.why_not(broker, topic, index)
    if partition.offline:
        raise WireError(ErrorCode.KAFKA_STORAGE_ERROR, "The log directory is offline.")
    if current_leader_epoch != NOT_TOLD and current_leader_epoch < partition.leader_epoch:
        raise WireError(ErrorCode.FENCED_LEADER_EPOCH)
    if current_leader_epoch > partition.leader_epoch:
        raise WireError(ErrorCode.UNKNOWN_LEADER_EPOCH)
    return partition
