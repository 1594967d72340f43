"""FindCoordinator 0 to 6: which broker coordinates a group. Share groups have no coordinator yet.

Transactions are refused at once, in words: clients retry a coordinator that is not available
for as long as they may.

The first question makes the topic `__consumer_offsets`, as in Kafka; until it is there
the answer is that no coordinator is available, and clients ask again.

The API is advertised from version 0 on: librdkafka before 2.11 uses lz4 only then.
Spec: KIP-98, KIP-699 (many keys, version 4), KIP-932 (share keys, version 6).
"""

from typing import TYPE_CHECKING

from engine.broker import controller, group_coordinator
from engine.broker.context import RequestContext
from engine.core.metadata import controller as decisions
from engine.core.metadata.controller import NewTopic
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse

if TYPE_CHECKING:
    from engine.broker.broker import Broker

GROUP, TRANSACTION, SHARE = 0, 1, 2
MANY_KEYS_SINCE = 4
SHARE_SINCE = 6
MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the message was sent to an "
    "incompatible broker. See the broker logs for more details."
)
MESSAGES = {
    ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "This broker has no transactions yet.",
}
# What versions 0 to 3 say where later ones say nothing.
FIRST_MESSAGES = {
    ErrorCode.NONE: "NONE",
    ErrorCode.INVALID_REQUEST: MALFORMED,
    ErrorCode.COORDINATOR_NOT_AVAILABLE: "The coordinator is not available.",
}


def handle(broker: "Broker", context: RequestContext, request: FindCoordinatorRequest) -> FindCoordinatorResponse:
    """Answer for each key."""
    version = context.api_version
    if version >= MANY_KEYS_SINCE:
        found = [_find(broker, request.key_type, key, version) for key in request.coordinator_keys]
        return FindCoordinatorResponse(coordinators=found)
    one = _find(broker, request.key_type, request.key, version)
    message = one.error_message or FIRST_MESSAGES.get(ErrorCode(one.error_code))
    return FindCoordinatorResponse(0, one.error_code, message, one.node_id, one.host, one.port)


def _find(broker: "Broker", key_type: int, key: str, version: int) -> Coordinator:
    code = ErrorCode.INVALID_REQUEST
    if key_type == GROUP:
        try:
            _make_topic(broker)
            broker.group_coordinator.shard_of(broker, key)
        except WireError as refused:
            code = refused.code
        else:
            advertised = broker.config.advertised[0]
            return Coordinator(key, broker.config.node_id, advertised.host, advertised.port, ErrorCode.NONE, "")
    elif key_type == TRANSACTION:
        code = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED  # fatal at once: clients retry any softer word for long
    elif key_type == SHARE and version >= SHARE_SINCE and key.count(":") == 2:
        code = ErrorCode.COORDINATOR_NOT_AVAILABLE  # a share key is group:topic id:partition
    return Coordinator(
        key, -1, "", -1, code, MALFORMED if key_type > SHARE or key_type < GROUP else MESSAGES.get(code, "")
    )


def _make_topic(broker: "Broker") -> None:
    """Create `__consumer_offsets` unless it is there or on its way."""
    config = broker.config
    if group_coordinator.TOPIC in broker.quorum.latest.topics:
        return
    configs: list[tuple[str, str | None]] = [
        ("cleanup.policy", "compact"), ("compression.type", "producer"),
        ("segment.bytes", str(config.offsets_topic_segment_bytes)),
    ]  # fmt: skip
    new = NewTopic(group_coordinator.TOPIC, config.offsets_topic_num_partitions, 1, [], configs)
    created = decisions.create_topic(
        broker.quorum.latest, new, controller.defaults(broker), config.server, broker.new_uuid()
    )
    controller.append(broker, created.records)
