"""ListConfigResources: what has configs: topics, brokers and their loggers; version 0 knows only metrics of clients.

Nothing here has configs for groups or for clients' metrics, so of those there are none.

Spec: KIP-714, KIP-1142 (version 1).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.list_config_resources import (
    ConfigResource,
    ListConfigResourcesRequest,
    ListConfigResourcesResponse,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP = 2, 4, 8, 16, 32
KINDS = (GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC)
KINDS_SINCE = 1  # the first version that names kinds


def handle(
    broker: "Broker", context: RequestContext, request: ListConfigResourcesRequest
) -> ListConfigResourcesResponse:
    """Answer from the image; no kinds named: all of them."""
    if any(kind not in KINDS for kind in request.resource_types):
        return ListConfigResourcesResponse(0, ErrorCode.UNSUPPORTED_VERSION, [])
    asked = (request.resource_types or KINDS) if context.api_version >= KINDS_SINCE else (CLIENT_METRICS,)
    brokers = [str(broker_id) for broker_id in broker.image.brokers]
    names = {BROKER_LOGGER: brokers, BROKER: brokers, TOPIC: list(broker.image.topics)}
    resources = [ConfigResource(name, kind) for kind in KINDS if kind in asked for name in names.get(kind, [])]
    return ListConfigResourcesResponse(0, ErrorCode.NONE, resources)
