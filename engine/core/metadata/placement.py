"""On which brokers the replicas of new partitions go, and whether a placement that a client chose is possible.

Replicas are striped: partition after partition begins one broker further, so leaders
and followers spread evenly.

Not here: racks (they come with more than one broker), moving replicas.
Spec: org.apache.kafka.metadata.placement.StripedReplicaPlacer (words and checks);
ReplicationControlManager.validateManualPartitionAssignment.
"""

from engine.core.metadata.image import MetadataImage
from engine.wire.error_codes import ErrorCode, WireError


def place(image: MetadataImage, *, first_partition: int, count: int, replication_factor: int) -> list[list[int]]:
    """Replicas, leader first, of `count` new partitions."""
    registered = sorted(image.brokers)
    usable = [broker_id for broker_id in registered if not image.brokers[broker_id].fenced]
    if not usable:
        raise _unreachable(
            replication_factor, "All brokers are currently fenced or have all their log directories cordoned."
        )
    if replication_factor > len(registered):
        raise _unreachable(
            replication_factor,
            f"The target replication factor of {replication_factor} cannot be reached because only {len(registered)} "
            "broker(s) are registered or some brokers have all their log directories cordoned.",
        )
    brokers = usable + [broker_id for broker_id in registered if broker_id not in usable]
    return [
        [brokers[(index + replica) % len(brokers)] for replica in range(replication_factor)]
        for index in range(first_partition, first_partition + count)
    ]


def _unreachable(replication_factor: int, reason: str) -> WireError:
    message = f"Unable to replicate the partition {replication_factor} time(s): {reason}"
    return WireError(ErrorCode.INVALID_REPLICATION_FACTOR, message)


def check_manual(image: MetadataImage, replicas: list[int], replication_factor: int | None) -> None:
    """WireError unless these replicas, chosen by a client, can hold a partition."""
    if not replicas:
        raise _refused("The manual partition assignment includes an empty replica list.")
    ordered = sorted(replicas)
    for position, broker_id in enumerate(ordered):
        if broker_id not in image.brokers:
            raise _refused(
                f"The manual partition assignment includes broker {broker_id}, but no such broker is registered."
            )
        if position and ordered[position - 1] == broker_id:
            raise _refused(f"The manual partition assignment includes the broker {broker_id} more than once.")
    if replication_factor is not None and len(replicas) != replication_factor:
        raise _refused(
            "The manual partition assignment includes a partition with "
            f"{len(replicas)} replica(s), but this is not consistent with previous partitions, which have "
            f"{replication_factor} replica(s)."
        )


def _refused(message: str) -> WireError:
    return WireError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, message)
