"""Whole frames: a size, a header and one message, in both directions.

What a broker reads a client writes, and the other way round, so both use this. Bytes
may be cut anywhere; `frame_end` says how many are needed before anything is decoded.

Invariants:
- A frame's size is checked before anything else is read: negative or larger than what
  the caller allows is Malformed.
- The view given to `decode_*` is one frame without its size: generated decoders take
  the end of the view as the end of the frame.
- ApiVersions is answered with response header version 0 in every version.

Not here: which requests are served (broker/router.py), in which order replies leave
(core/connection/reply_order.py), record batches (core/records).
Spec: Kafka protocol guide, "Protocol Primitive Types" and "Request and Response
Headers"; KIP-482 (flexible versions), KIP-511 (ApiVersions).
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from struct import Struct

from engine.wire.catalog import APIS, Api, request_header_version, response_header_version
from engine.wire.headers import (
    RequestHeader,
    ResponseHeader,
    decode_request_header,
    decode_response_header,
    encode_response_header,
)
from engine.wire.primitives import REFUSED, Bytes, Malformed, Message, Unencodable, put_nullable_string

SIZE = Struct(">i")
SIZE_BYTES = 4
KEY_AND_VERSION = Struct(">hh")
REQUEST_HEAD = Struct(">ihhi")  # size, API key, version, correlation id: of every header from version 1 on
FLEXIBLE_RESPONSE = 1  # the version of its header that ends with tagged fields
known_response_header = lru_cache(1024)(response_header_version)
BY_MODULE = {api.module: api for api in APIS.values()}


@dataclass(frozen=True, slots=True)
class MessageCodec:
    """The classes and functions of one API."""

    request: type[Message]
    response: type[Message]
    encode_request: Callable[[Message, int, bytearray], None]
    decode_request: Callable[[memoryview, int, int], tuple[Message, int]]
    encode_response: Callable[[Message, int, bytearray], None]
    decode_response: Callable[[memoryview, int, int], tuple[Message, int]]


@cache
def message_codec(api_key: int) -> MessageCodec:
    """Return the codec of an API that the catalog has; its module is imported when it is first asked for."""
    api = APIS[api_key]
    module = importlib.import_module(f"engine.wire.messages.{api.module}")
    return MessageCodec(
        getattr(module, f"{api.name}Request"),
        getattr(module, f"{api.name}Response"),
        module.encode_request,
        module.decode_request,
        module.encode_response,
        module.decode_response,
    )


def api_of(message: Message) -> Api:
    """Return the API to which a generated request or response belongs."""
    return _api_of_class(type(message))  # type: ignore[arg-type]  # classes have a hash, though messages have none


@cache
def _api_of_class(of: type) -> Api:
    return BY_MODULE[of.__module__.rpartition(".")[2]]


def frame_end(view: memoryview, start: int, end: int, frame_bytes_max: int) -> int:
    """Return the position after the frame that starts at `start` with its size.

    A result beyond `end` means that the frame (or its size) is not whole yet: read until there.
    """
    if end - start < SIZE_BYTES:
        return start + SIZE_BYTES
    size: int = SIZE.unpack_from(view, start)[0]
    if not 0 <= size <= frame_bytes_max:
        raise Malformed(f"a frame of {size} bytes")
    return start + SIZE_BYTES + size


def encode_request(message: Message, version: int, correlation_id: int, client_id: str | None) -> bytes:
    """Return the frame of a request, its size first."""
    api = _api_of_class(type(message))  # type: ignore[arg-type]  # as api_of
    key, flexible, encode = api.key, api.flexible, message_codec(api.key).encode_request
    try:  # RequestHeader in place: its encoder wants an object for every request
        out = bytearray(REQUEST_HEAD.pack(0, key, version, correlation_id))
        out += _client_id(client_id)
    except REFUSED as refused:
        raise Unencodable(f"the header of {api.name}: {refused}") from refused
    if flexible is not None and version >= flexible:  # request_header_version
        out.append(0)
    encode(message, version, out)
    SIZE.pack_into(out, 0, len(out) - SIZE_BYTES)
    return bytes(out)


@lru_cache(64)
def _client_id(client_id: str | None) -> bytes:
    out = bytearray()
    put_nullable_string(out, client_id)
    return bytes(out)


def decode_header(frame: memoryview) -> tuple[RequestHeader, int]:
    """Return a request's header and where its message begins; an API key that the catalog lacks is Malformed."""
    if len(frame) < KEY_AND_VERSION.size:
        raise Malformed("a frame too short for a header")
    api_key, version = KEY_AND_VERSION.unpack_from(frame)
    if api_key not in APIS:
        raise Malformed(f"API key {api_key}")
    return decode_request_header(frame, 0, request_header_version(api_key, version))


def decode_request(frame: memoryview) -> tuple[RequestHeader, Message]:
    """Return the header and the message of a request's frame."""
    header, position = decode_header(frame)
    codec = message_codec(header.request_api_key)
    return header, codec.decode_request(frame, position, header.request_api_version)[0]


def encode_response(api_key: int, version: int, correlation_id: int, message: Message) -> bytes:
    """Return the frame of a response, its size first."""
    out = bytearray(SIZE_BYTES)
    encode_response_header(ResponseHeader(correlation_id), response_header_version(api_key, version), out)
    message_codec(api_key).encode_response(message, version, out)
    SIZE.pack_into(out, 0, len(out) - SIZE_BYTES)
    return bytes(out)


def correlation_id_of(frame: Bytes) -> int:
    """Return which request a response's frame answers, before its API and version are known."""
    if len(frame) < SIZE_BYTES:
        raise Malformed("a frame too short for a header")
    correlation_id: int = SIZE.unpack_from(frame)[0]
    return correlation_id


def decode_response(api_key: int, version: int, frame: memoryview) -> tuple[int, Message]:
    """Return correlation id and message of a response's frame."""
    return correlation_id_of(frame), decode_answer(api_key, version, frame)


def decode_answer(api_key: int, version: int, frame: Bytes) -> Message:
    """Return the message of a response's frame whose correlation id was looked at.

    Bytes are read faster than a view of them; what they hold of bytes is cut out as such then.
    """
    position = SIZE_BYTES  # ResponseHeader in place, as above
    if known_response_header(api_key, version):
        if len(frame) == position:
            raise Malformed("a header without room for tagged fields")
        if frame[position]:
            position = decode_response_header(memoryview(frame), 0, FLEXIBLE_RESPONSE)[1]
        else:
            position += 1
    decode = message_codec(api_key).decode_response
    return decode(frame, position, version)[0]  # type: ignore[arg-type]
