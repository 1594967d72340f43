"""Errors of the REST API: an HTTP status, an error_code and a message, as Confluent's REST Proxy v3 has them.

Spec: kafka-rest's Errors.java and rest-utils' KafkaExceptionMapper.
"""

from django.http import JsonResponse

from console.kafka import errors
from console.services import topics
from console.services.audit import Refusal
from engine.client.errors import RETRIABLE
from engine.wire.error_codes import ErrorCode

BAD_REQUEST_CODES = {
    "TOPIC_ALREADY_EXISTS",
    "INVALID_REPLICATION_FACTOR",
    "INVALID_REPLICA_ASSIGNMENT",
    "INVALID_PARTITIONS",
    "INVALID_CONFIG",
    "INVALID_REQUEST",
    "POLICY_VIOLATION",
    "SECURITY_DISABLED",
    "UNSUPPORTED_VERSION",
    "UNKNOWN_SERVER_ERROR",
    "TOPIC_DELETION_DISABLED",
    "INVALID_TOPIC_EXCEPTION",
}
FORBIDDEN_CODES = {code.name for code in errors.FORBIDDEN}
TOO_LARGE_CODES = {"MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"}
MISSING_CODES = {"UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"}
RETRIABLE_CODES = {code.name for code in RETRIABLE}  # whoever asks again may hear something else
NO_TOPIC = "This server does not host this topic-partition."


class ApiError(Refusal):
    """What a call is answered that could not be done."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def not_found(message: str = "HTTP 404 Not Found") -> ApiError:
    """Nothing at this address, or nothing for whoever asks."""
    return ApiError(404, 404, message)


def bad_request(message: str) -> ApiError:
    """A body that cannot be read."""
    return ApiError(400, 400, message)


def response_of(error: ApiError) -> JsonResponse:
    """The error as it is sent."""
    return JsonResponse({"error_code": error.code, "message": error.message}, status=error.status)


def of_kafka(error: errors.KafkaError) -> ApiError:
    """What a cluster's disappointment is called here."""
    match error:
        case errors.ClusterUnreachable():
            return ApiError(503, 50302, error.reason)
        case errors.SignInRefused():
            return ApiError(502, 50201, error.reason)
        case errors.NotFound():
            return ApiError(404, 40403, NO_TOPIC)
        case errors.NotAuthorized():
            return ApiError(403, 40301, error.reason)
        case errors.KafkaRefused():
            return of_code(error.code, error.message or error.code)
    raise AssertionError(f"no answer for {error!r}")


def of_refusal(error: Refusal) -> ApiError:
    """What a service's refusal is called here: by the cluster's own answer, where there is one."""
    match error:
        case topics.Gone():
            return ApiError(404, 40403, NO_TOPIC)
        case topics.PerhapsDone():
            return ApiError(503, 50302, str(error))
    if isinstance(error.__cause__, errors.KafkaError):
        return of_kafka(error.__cause__)
    return ApiError(400, 40002, str(error))


def of_code(code: str, message: str) -> ApiError:
    """What an error of the protocol is called here."""
    if code in MISSING_CODES:
        return ApiError(404, 40403, NO_TOPIC)
    if code in FORBIDDEN_CODES:
        return ApiError(403, 40301, message)
    if code in TOO_LARGE_CODES:
        return ApiError(413, 413, message)
    if code == ErrorCode.THROTTLING_QUOTA_EXCEEDED.name:
        return ApiError(429, 42901, message)
    if code in BAD_REQUEST_CODES:
        return ApiError(400, 40002, message)
    if code == ErrorCode.BROKER_NOT_AVAILABLE.name:
        return ApiError(503, 50302, message)
    return ApiError(500, 50003 if code in RETRIABLE_CODES else 50002, message)
