"""DescribeCluster: its id, its controller, its brokers.

Spec: KIP-700, KIP-919 (endpoint types), KIP-1073 (fenced brokers).
"""

from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.core.security import operations
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.describe_cluster import (
    DescribeClusterBroker,
    DescribeClusterRequest,
    DescribeClusterResponse,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

BROKERS, CONTROLLERS = 1, 2  # endpoint types


def handle(broker: "Broker", context: RequestContext, request: DescribeClusterRequest) -> DescribeClusterResponse:
    """Answer from the image."""
    if request.endpoint_type == CONTROLLERS:
        return _refuse(
            ErrorCode.MISMATCHED_ENDPOINT_TYPE,
            "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER",
        )
    if request.endpoint_type != BROKERS:
        return _refuse(ErrorCode.UNSUPPORTED_ENDPOINT_TYPE, f"Unsupported endpoint type {request.endpoint_type}")
    listener = broker.config.advertised[0].name
    brokers = []
    for registered in broker.image.brokers.values():
        endpoint = registered.endpoint(listener)
        if endpoint is not None and (request.include_fenced_brokers or not registered.fenced):
            brokers.append(
                DescribeClusterBroker(
                    registered.broker_id, endpoint.host, endpoint.port, registered.rack, registered.fenced
                )
            )
    asked = request.include_cluster_authorized_operations
    return DescribeClusterResponse(
        error_message=None,
        cluster_id=broker.quorum.cluster_id,
        controller_id=broker.quorum.node_id,
        brokers=brokers,
        cluster_authorized_operations=operations.CLUSTER_OPERATIONS if asked else operations.NOT_ASKED,
    )


def _refuse(code: ErrorCode, message: str) -> DescribeClusterResponse:
    return DescribeClusterResponse(error_code=code, error_message=message)
