"""FindCoordinator: says that no coordinator is available; group and transaction coordinators are not built yet.

The API is advertised all the same: librdkafka before 2.11 uses lz4 only where version 0 of it is.

Spec: KIP-98, KIP-699 (many keys, version 4), KIP-932 (share keys, version 6).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.find_coordinator import Coordinator, FindCoordinatorRequest, FindCoordinatorResponse

if TYPE_CHECKING:
    from engine.broker.broker import Broker

GROUP, TRANSACTION, SHARE = 0, 1, 2
MANY_KEYS_SINCE = 4
SHARE_SINCE = 6
NOT_AVAILABLE = "The coordinator is not available."
MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the message was sent to an "
    "incompatible broker. See the broker logs for more details."
)


def handle(broker: "Broker", context: RequestContext, request: FindCoordinatorRequest) -> FindCoordinatorResponse:
    """Answer for each key that nobody is there."""
    version = context.api_version
    if version < MANY_KEYS_SINCE:
        code = _code(request.key_type, request.key, version)
        message = NOT_AVAILABLE if code is ErrorCode.COORDINATOR_NOT_AVAILABLE else MALFORMED
        return FindCoordinatorResponse(error_code=code, error_message=message, node_id=-1, port=-1)
    return FindCoordinatorResponse(
        coordinators=[
            Coordinator(key, -1, "", -1, _code(request.key_type, key, version), "") for key in request.coordinator_keys
        ]
    )


def _code(key_type: int, key: str, version: int) -> ErrorCode:
    if key_type in (GROUP, TRANSACTION):
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    if key_type == SHARE and version >= SHARE_SINCE and key.count(":") == 2:  # group:topic id:partition
        return ErrorCode.COORDINATOR_NOT_AVAILABLE
    return ErrorCode.INVALID_REQUEST
