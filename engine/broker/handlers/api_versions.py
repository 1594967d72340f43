"""ApiVersions: what this broker answers, and the cluster's feature levels.

Spec: KIP-511 (versions to come, client software), KIP-584 (features), KAFKA-17011.
"""

import re
from typing import TYPE_CHECKING

from engine.broker.context import RequestContext
from engine.broker.supported import VERSIONS
from engine.core.metadata import features
from engine.wire.catalog import API_VERSIONS
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.api_versions import (
    ApiVersion,
    ApiVersionsRequest,
    ApiVersionsResponse,
    FinalizedFeatureKey,
    SupportedFeatureKey,
)

if TYPE_CHECKING:
    from engine.broker.broker import Broker

SOFTWARE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?", re.ASCII)
CLIENT_SOFTWARE_SINCE = 3
SUPPORTED_FROM_ZERO_SINCE = 4  # older clients misread a supported range that begins with 0 (KAFKA-17011)


def handle(broker: "Broker", context: RequestContext, request: ApiVersionsRequest) -> ApiVersionsResponse:
    """Answer with all that is advertised."""
    if context.api_version >= CLIENT_SOFTWARE_SINCE and not (
        SOFTWARE.fullmatch(request.client_software_name) and SOFTWARE.fullmatch(request.client_software_version)
    ):
        return ApiVersionsResponse(error_code=ErrorCode.INVALID_REQUEST)
    image = broker.image
    return ApiVersionsResponse(
        api_keys=[ApiVersion(key, least, most) for key, (least, most) in VERSIONS.items()],
        supported_features=[
            SupportedFeatureKey(name, least, most)
            for name, (least, most) in features.SUPPORTED.items()
            if least or context.api_version >= SUPPORTED_FROM_ZERO_SINCE
        ],
        finalized_features_epoch=image.offset,
        finalized_features=[FinalizedFeatureKey(name, level, level) for name, level in image.features.items()],
    )


def refuse_version(broker: "Broker", context: RequestContext) -> ApiVersionsResponse:
    """A version to come: error 35 and which versions of this API we know, in the layout of version 0."""
    return ApiVersionsResponse(
        error_code=ErrorCode.UNSUPPORTED_VERSION, api_keys=[ApiVersion(API_VERSIONS, *VERSIONS[API_VERSIONS])]
    )
