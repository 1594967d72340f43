"""DescribeConfigs: every config of a topic or of this broker, with source, type, documentation, synonyms.

Spec: KIP-133, KIP-226 (sources, synonyms), KIP-569 (types, documentation); kafka.server.ConfigHelper.
"""

from typing import TYPE_CHECKING

from engine.broker import described_broker
from engine.broker.context import RequestContext
from engine.core.metadata import topic_names
from engine.core.metadata.configs import DescribedConfig, ResourceType, describe_topic
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.describe_configs import (
    DescribeConfigsRequest,
    DescribeConfigsResource,
    DescribeConfigsResourceResult,
    DescribeConfigsResponse,
    DescribeConfigsResult,
    DescribeConfigsSynonym,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

MALFORMED = (
    "This most likely occurs because of a request being malformed by the client library or the message was sent to an "
    "incompatible broker. See the broker logs for more details."
)


def handle(broker: "Broker", context: RequestContext, request: DescribeConfigsRequest) -> DescribeConfigsResponse:
    """Describe each resource, or say why not."""
    return DescribeConfigsResponse(results=[_describe(broker, request, resource) for resource in request.resources])


def _describe(
    broker: "Broker", request: DescribeConfigsRequest, resource: DescribeConfigsResource
) -> DescribeConfigsResult:
    result = DescribeConfigsResult(
        error_message="", resource_type=resource.resource_type, resource_name=resource.resource_name
    )
    try:
        configs, read_only = _configs(broker, resource)
    except WireError as refusal:
        result.error_code = refusal.code
        result.error_message = refusal.message or ""
        return result
    wanted = resource.configuration_keys
    result.configs = [
        _result(config, request, read_only=read_only) for config in configs if not wanted or config.key.name in wanted
    ]
    return result


def _configs(broker: "Broker", resource: DescribeConfigsResource) -> tuple[list[DescribedConfig], bool]:
    """The configs of a resource, and whether they can only be read."""
    name = resource.resource_name
    if resource.resource_type == ResourceType.TOPIC:
        refusal = topic_names.refusal(name)
        if refusal is not None:
            raise WireError(ErrorCode.INVALID_TOPIC_EXCEPTION, refusal)
        if name not in broker.image.topics:
            raise WireError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
        return describe_topic(broker.image.topic_configs(name), broker.config.server), False
    if resource.resource_type == ResourceType.BROKER:
        described_broker.check_id(name, broker.config.node_id, optional=True)
        return described_broker.describe(broker.config) if name else [], True
    if resource.resource_type == ResourceType.BROKER_LOGGER:
        described_broker.check_id(name, broker.config.node_id, optional=False)
        return [], False  # there are no loggers whose level could be set
    raise WireError(ErrorCode.INVALID_REQUEST, MALFORMED)


def _result(
    config: DescribedConfig, request: DescribeConfigsRequest, *, read_only: bool
) -> DescribeConfigsResourceResult:
    synonyms = config.synonyms if request.include_synonyms else []
    return DescribeConfigsResourceResult(
        name=config.key.name,
        value=config.value,
        read_only=read_only,
        config_source=config.source,
        is_sensitive=False,
        synonyms=[DescribeConfigsSynonym(*synonym) for synonym in synonyms],
        config_type=config.key.type,
        documentation=config.key.documentation if request.include_documentation else None,
    )
