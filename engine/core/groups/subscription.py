"""Which topics a group's members subscribe to, read from what classic consumers put into JoinGroup.

The bytes come from clients and mean something to consumers only: anything that does
not read as a subscription counts as "unknown", which refuses nothing.

Spec: ConsumerProtocolSubscription, versions 0 to 3, after an int16 version.
"""

from struct import Struct
from typing import TYPE_CHECKING

from engine.wire.messages.consumer_protocol import (
    decode_consumer_protocol_assignment,
    decode_consumer_protocol_subscription,
)
from engine.wire.primitives import Malformed

if TYPE_CHECKING:
    from engine.core.groups.group import Group

CONSUMER = "consumer"
VERSION = Struct(">h")
VERSION_MAX = 3


def topics_of(metadata: bytes) -> list[str]:
    """Give the topics of one subscription. Raises Malformed."""
    if len(metadata) < VERSION.size:
        raise Malformed("a subscription begins with its version")
    version = min(VERSION.unpack_from(metadata)[0], VERSION_MAX)  # newer ones only add fields at the end
    subscription, _ = decode_consumer_protocol_subscription(memoryview(metadata), VERSION.size, version)
    return subscription.topics


def assigned_partitions(assignment: bytes) -> list[tuple[str, list[int]]]:
    """Give the topics and partitions of one assignment; none if it is empty. Raises Malformed."""
    if len(assignment) < VERSION.size:
        return []
    version = min(VERSION.unpack_from(assignment)[0], VERSION_MAX)
    decoded, _ = decode_consumer_protocol_assignment(memoryview(assignment), VERSION.size, version)
    return [(topic.topic, list(topic.partitions)) for topic in decoded.assigned_partitions]


def subscribed_topics(group: "Group") -> dict[str, None] | None:
    """Give all topics that members of the generation read; None if that cannot be known."""
    if group.protocol_type != CONSUMER:
        return None
    if not group.members or group.protocol_name is None:
        return {}
    found: dict[str, None] = {}
    try:
        for member in group.members.values():
            found.update(dict.fromkeys(topics_of(member.metadata(group.protocol_name))))
    except Malformed:
        return None
    return found
