"""What generated messages are made of: bounded readers, writers, the base class of messages.

A reader gets the frame, a position and the frame's end; it gives the value and the
position after it. `compact` forms belong to flexible versions.

Invariants:
- Every length and count is checked against the bytes that remain before anything is
  built from it: memory never follows a number that a peer only claims.
- Unknown tagged fields are stepped over and not kept: records of others are never
  rewritten by decoding and encoding them.
- Bytes that are not such a message raise Malformed; a message that cannot be written
  raises Unencodable and leaves the output as it was.

Not here: frames and headers (frames.py), record batches (core/records).
Spec: Kafka protocol guide, "Protocol Primitive Types"; KIP-482 (compact forms, tagged fields).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct, calcsize
from struct import error as StructError
from typing import Any

DEFAULT: Any = ()  # an argument left out: the field gets its own empty list or its own struct of defaults
MAX_STRING = 0x7FFF  # Kafka's limit, in compact form too
Bytes = bytes | bytearray | memoryview


class Malformed(ValueError):
    """The bytes are not such a message."""


class Unencodable(ValueError):
    """The message cannot be written in this version: a field that it lacks, null where it may not be, out of range."""


DAMAGE = (StructError, IndexError, UnicodeDecodeError)
REFUSED = (StructError, AttributeError, TypeError, ValueError)
unpack_h, pack_h = Struct(">h").unpack_from, Struct(">h").pack
unpack_i, pack_i = Struct(">i").unpack_from, Struct(">i").pack


class Message:
    """What all generated classes share: equality and repr by their slots."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class Many(dict[int, Callable[..., Any]]):
    """How to pack or unpack n values of one format; short runs are kept."""

    def __init__(self, code: str, method: str) -> None:
        self.code, self.method, self.size = code, method, calcsize(">" + code)

    def __missing__(self, count: int) -> Callable[..., Any]:
        code = self.code * count if len(self.code) > 1 else f"{count}{self.code}"
        function: Callable[..., Any] = getattr(Struct(">" + code), self.method)
        if count < 64:
            self[count] = function
        return function


# ---- readers
def uvarint(view: memoryview, p: int) -> tuple[int, int]:
    """An unsigned varint of at most five bytes and 32 bits."""
    value = shift = 0
    for at in range(p, p + 5):
        byte = view[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > 0xFFFFFFFF:
                break
            return value, at + 1
        shift += 7
    raise Malformed("varint is too long")


def varint(view: memoryview, p: int) -> tuple[int, int]:
    """A signed (zig-zag) varint of at most five bytes."""
    value, p = uvarint(view, p)
    return value >> 1 ^ -(value & 1), p


def varlong(view: memoryview, p: int) -> tuple[int, int]:
    """A signed (zig-zag) varint of at most ten bytes and 64 bits."""
    value = shift = 0
    for at in range(p, p + 10):
        byte = view[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > 0xFFFFFFFFFFFFFFFF:
                break
            return value >> 1 ^ -(value & 1), at + 1
        shift += 7
    raise Malformed("varlong is too long")


def compact_nullable_count(view: memoryview, p: int, end: int, least: int) -> tuple[int, int]:
    """How many elements follow, of at least `least` bytes each; -1 is null."""
    n = view[p]
    if n < 0x80:
        p += 1
    else:
        n, p = uvarint(view, p)
    if (n - 1) * least > end - p:
        raise Malformed("more elements or bytes than the frame holds")
    return n - 1, p


def compact_count(view: memoryview, p: int, end: int, least: int) -> tuple[int, int]:
    """How many elements follow, where null is not allowed."""
    n = view[p]
    if n < 0x80:
        p += 1
    else:
        n, p = uvarint(view, p)
    if not n or (n - 1) * least > end - p:
        raise Malformed("null, or more elements or bytes than the frame holds")
    return n - 1, p


def nullable_count(view: memoryview, p: int, end: int, least: int) -> tuple[int, int]:
    """How many elements follow, in versions that are not flexible; -1 is null."""
    n = unpack_i(view, p)[0]
    p += 4
    if n * least > end - p:
        raise Malformed("more elements or bytes than the frame holds")
    return n, p


def count(view: memoryview, p: int, end: int, least: int) -> tuple[int, int]:
    """How many elements follow, in versions that are not flexible, where null is not allowed."""
    n = unpack_i(view, p)[0]
    p += 4
    if n < 0 or n * least > end - p:
        raise Malformed("null, or more elements or bytes than the frame holds")
    return n, p


def compact_nullable_string(view: memoryview, p: int, end: int) -> tuple[str | None, int]:
    """A string with a varint length plus one; 0 is null."""
    n = view[p]
    if n < 0x80:
        p += 1
    else:
        n, p = uvarint(view, p)
        if n > MAX_STRING + 1:
            raise Malformed("string is too long")
    if not n:
        return None, p
    stop = p + n - 1
    if stop > end:
        raise Malformed("string ends after the frame")
    return str(view[p:stop], "utf-8"), stop


def compact_string(view: memoryview, p: int, end: int) -> tuple[str, int]:
    """A string with a varint length plus one, where null is not allowed."""
    n = view[p]
    if n < 0x80:
        p += 1
    else:
        n, p = uvarint(view, p)
        if n > MAX_STRING + 1:
            raise Malformed("string is too long")
    stop = p + n - 1
    if not n or stop > end:
        raise Malformed("string is null or ends after the frame")
    return str(view[p:stop], "utf-8"), stop


def nullable_string(view: memoryview, p: int, end: int) -> tuple[str | None, int]:
    """A string with an int16 length; negative is null."""
    n = unpack_h(view, p)[0]
    p += 2
    if n < 0:
        return None, p
    stop = p + n
    if stop > end:
        raise Malformed("string ends after the frame")
    return str(view[p:stop], "utf-8"), stop


def string(view: memoryview, p: int, end: int) -> tuple[str, int]:
    """A string with an int16 length, where null is not allowed."""
    n = unpack_h(view, p)[0]
    p += 2
    stop = p + n
    if n < 0 or stop > end:
        raise Malformed("string is null or ends after the frame")
    return str(view[p:stop], "utf-8"), stop


def skip_tags(view: memoryview, p: int, end: int) -> int:
    """Step over tagged fields that we do not know; `p` is at their count."""
    n, p = uvarint(view, p)
    for _ in range(n):
        _tag, p = uvarint(view, p)
        size, p = uvarint(view, p)
        p += size
        if p > end:
            raise Malformed("tagged field ends after the frame")
    return p


# ---- writers
def put_uvarint(out: bytearray, value: int) -> None:
    """Append an unsigned varint."""
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def put_compact_count(out: bytearray, n: int) -> None:
    """Append the count of an array, or the length of bytes, plus one."""
    if n < 0x7F:
        out.append(n + 1)
    else:
        put_uvarint(out, n + 1)


def put_count(out: bytearray, n: int) -> None:
    """Append the count of an array as int32."""
    out += pack_i(n)


def put_compact_string(out: bytearray, value: str) -> None:
    """Append a string with a varint length plus one."""
    text = value.encode()
    n = len(text)
    if n < 0x7F:
        out.append(n + 1)
    elif n > MAX_STRING:
        raise Unencodable("string is too long")
    else:
        put_uvarint(out, n + 1)
    out += text


def put_compact_nullable_string(out: bytearray, value: str | None) -> None:
    """Append a string with a varint length plus one; 0 for null."""
    if value is None:
        out.append(0)
    else:
        put_compact_string(out, value)


def put_string(out: bytearray, value: str) -> None:
    """Append a string with an int16 length."""
    text = value.encode()
    out += pack_h(len(text))
    out += text


def put_nullable_string(out: bytearray, value: str | None) -> None:
    """Append a string with an int16 length; -1 for null."""
    if value is None:
        out += b"\xff\xff"
    else:
        put_string(out, value)


def put_compact_bytes(out: bytearray, value: Bytes) -> None:
    """Append bytes with a varint length plus one."""
    put_compact_count(out, len(value))
    out += value


def put_bytes(out: bytearray, value: Bytes) -> None:
    """Append bytes with an int32 length."""
    out += pack_i(len(value))
    out += value


def put_compact_many(out: bytearray, values: Sequence[Any], pack: Many) -> None:
    """Append an array of values of fixed size, its count as a varint plus one."""
    n = len(values)
    put_compact_count(out, n)
    if n:
        out += pack[n](*values)


def put_many(out: bytearray, values: Sequence[Any], pack: Many) -> None:
    """Append an array of values of fixed size, its count as int32."""
    n = len(values)
    out += pack_i(n)
    if n:
        out += pack[n](*values)


def put_tags(out: bytearray, tagged: list[tuple[int, bytearray]]) -> None:
    """Append tagged fields, which are in the order of their tags, with their count."""
    put_uvarint(out, len(tagged))
    for tag, body in tagged:
        put_uvarint(out, tag)
        put_uvarint(out, len(body))
        out += body
