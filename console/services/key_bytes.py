"""A key as somebody types it, and the bytes that a serializer makes of it.

*Invariants*: the bytes are those of Kafka's own serializers: big-endian numbers, UTF-8 text; null is no bytes at all.
*Not here*: where the bytes go (partitioners.py).
Spec: org.apache.kafka.common.serialization (Integer, Long, Double, String, ByteArray).
"""

import base64
import binascii
import json
import re
import struct
from typing import Literal, get_args

KeyType = Literal["text", "json", "hex", "base64", "int", "long", "double", "null"]
KEY_TYPES: tuple[KeyType, ...] = get_args(KeyType)
TYPE_WORDS: dict[KeyType, str] = {
    "text": "Text (String)",
    "json": "JSON",
    "hex": "Bytes as hex",
    "base64": "Bytes as base64",
    "int": "Integer, 4 bytes",
    "long": "Long, 8 bytes",
    "double": "Double, 8 bytes",
    "null": "null: no key",
}
TEXT_MAX = 10_000  # characters of a key that are looked at
INTEGERS = {"int": (">i", 31), "long": (">q", 63)}


class BadKey(Exception):
    """What was typed is not of the type; `str(error)` says where."""


def key_bytes(text: str, kind: KeyType) -> bytes | None:
    """The bytes of a key; None for null. BadKey if it cannot be."""
    if len(text) > TEXT_MAX:
        raise BadKey(f"A key of at most {TEXT_MAX} characters; this one has {len(text)}.")
    match kind:
        case "null":
            return None
        case "text":
            return _utf8(text)
        case "json":
            return _json(text)
        case "hex":
            return _hex(text)
        case "base64":
            return _base64(text)
        case "int" | "long":
            return _integer(text, kind)
        case "double":
            return _double(text)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise BadKey(
            f"Half of a character (a lone surrogate) at {error.start + 1}: it has no bytes in UTF-8."
        ) from None


def _json(text: str) -> bytes:
    """As typed, blanks included: only the bytes count, and two ways to write one document are two keys."""
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        words = (
            f"{error.msg} at {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"
        )
        raise BadKey(f"This is no JSON: {words}.") from None
    return _utf8(text)


def _hex(text: str) -> bytes:
    digits = re.sub(r"[\s:]|^0[xX]", "", text)
    odd = re.search(r"[^0-9a-fA-F]", digits)
    if odd:
        raise BadKey(f"“{odd[0]}” is no hex digit.")
    if len(digits) % 2:
        raise BadKey(f"Two hex digits make a byte; these are {len(digits)}.")
    return bytes.fromhex(digits)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(re.sub(r"\s", "", text).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadKey("This is no base64: A–Z, a–z, 0–9, + and /, in fours, = at the end.") from None


def _integer(text: str, kind: Literal["int", "long"]) -> bytes:
    layout, bits = INTEGERS[kind]
    if not re.fullmatch(r"[+-]?[0-9]{1,20}", text.strip()):
        raise BadKey("A whole number.")
    number = int(text)
    if not -(2**bits) <= number < 2**bits:
        raise BadKey(
            f"From −{2**bits} to {2**bits - 1}: it is too large for {'an Integer' if kind == 'int' else 'a Long'}."
        )
    return struct.pack(layout, number)


def _double(text: str) -> bytes:
    try:
        number = float(text)
    except ValueError:
        raise BadKey("A number, like 3.25 or 1e9.") from None
    return struct.pack(">d", number)
