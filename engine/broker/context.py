"""What a cold handler is told about the request at hand, and how its reply becomes a frame.

Not here: which handler (router.py), the request itself (wire/messages).
"""

from collections.abc import Callable
from dataclasses import dataclass
from struct import Struct
from typing import TYPE_CHECKING, Any

from engine.wire.catalog import response_header_version

if TYPE_CHECKING:
    from engine.broker.connections import ClientConnection

SIZE_AND_CORRELATION = Struct(">ii")


@dataclass(slots=True, eq=False)
class RequestContext:
    """The header of one request and the connection it came by."""

    connection: "ClientConnection"
    api_key: int
    api_version: int
    correlation_id: int
    client_id: str | None


def encode_reply(context: RequestContext, encode: Callable[[Any, int, bytearray], None], response: object) -> bytes:
    """The whole frame of a reply; `encode` is `encode_response` of the API's message module."""
    out = bytearray(8)
    if response_header_version(context.api_key, context.api_version) == 1:
        out.append(0)  # no tagged fields in the header
    encode(response, context.api_version, out)
    SIZE_AND_CORRELATION.pack_into(out, 0, len(out) - 4, context.correlation_id)
    return bytes(out)
