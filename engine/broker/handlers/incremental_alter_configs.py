"""IncrementalAlterConfigs: set, delete, append to, subtract from configs; those not named stay as they are.

Spec: KIP-339.
"""

from typing import TYPE_CHECKING

from engine.broker import config_requests, controller
from engine.broker.context import RequestContext
from engine.core.metadata.config_changes import Change, Operation, changed
from engine.core.metadata.configs import ResourceType
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.incremental_alter_configs import (
    AlterConfigsResource,
    AlterConfigsResourceResponse,
    IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
    encode_response,
)
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: IncrementalAlterConfigsRequest) -> Message | None:
    """Change each resource as a whole, or say why not."""
    twice = config_requests.repeated((one.resource_type, one.resource_name) for one in request.resources)
    records: list[Message] = []
    responses = []
    for resource in request.resources:
        response = AlterConfigsResourceResponse(ErrorCode.NONE, None, resource.resource_type, resource.resource_name)
        responses.append(response)
        try:
            if (resource.resource_type, resource.resource_name) in twice:
                raise WireError(ErrorCode.INVALID_REQUEST, "Each resource must appear at most once.")
            records += _decide(broker, resource)
        except WireError as refusal:
            response.error_code, response.error_message = refusal.code, refusal.message
    if request.validate_only:
        records = []
    answer = IncrementalAlterConfigsResponse(responses=responses)
    return controller.commit(broker, context, encode_response, records, answer, responses)


def _decide(broker: "Broker", resource: AlterConfigsResource) -> list[Message]:
    configs = resource.configs
    nulls = [one.name for one in configs if one.value is None and one.config_operation != Operation.DELETE]
    config_requests.check(
        broker, resource.resource_type, resource.resource_name, [one.name for one in configs], nulls, loggers=True
    )
    if resource.resource_type != ResourceType.TOPIC:
        return []
    try:
        changes = [Change(one.name, Operation(one.config_operation), one.value) for one in configs]
    except ValueError:  # an operation that does not exist: Kafka says no more than this
        raise WireError(ErrorCode.UNKNOWN_SERVER_ERROR) from None
    topic = resource.resource_name
    written = changed(broker.quorum.latest.topic_configs(topic), changes, broker.config.server)
    return config_requests.records_for_topic(broker, topic, written)
