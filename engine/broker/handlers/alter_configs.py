"""AlterConfigs, the old form: the configs given replace all that were set.

Spec: KIP-133; superseded by IncrementalAlterConfigs (KIP-339), still used by some consoles.
"""

from typing import TYPE_CHECKING

from engine.broker import config_requests, controller
from engine.broker.context import RequestContext
from engine.core.metadata.configs import ResourceType
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.alter_configs import (
    AlterConfigsRequest,
    AlterConfigsResource,
    AlterConfigsResourceResponse,
    AlterConfigsResponse,
    encode_response,
)
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker


def handle(broker: "Broker", context: RequestContext, request: AlterConfigsRequest) -> Message | None:
    """Replace each resource's configs as a whole, or say why not."""
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
    answer = AlterConfigsResponse(responses=responses)
    return controller.commit(broker, context, encode_response, records, answer, responses)


def _decide(broker: "Broker", resource: AlterConfigsResource) -> list[Message]:
    configs = resource.configs
    nulls = [one.name for one in configs if one.value is None]
    config_requests.check(
        broker, resource.resource_type, resource.resource_name, [one.name for one in configs], nulls, loggers=False
    )
    if resource.resource_type != ResourceType.TOPIC:
        return []
    topic = resource.resource_name
    current = broker.quorum.latest.topic_configs(topic)
    given = {one.name: one.value for one in configs}
    written: dict[str, str | None] = {name: None for name in current if name not in given}
    written.update({name: value for name, value in given.items() if current.get(name) != value})
    return config_requests.records_for_topic(broker, topic, written)
