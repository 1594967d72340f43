"""How people write the bytes of a key, value or header, and how bytes are read back: the same words both ways.

Short, Integer, Long, Float and Double are the bytes of Kafka's Java serializers (big-endian; IEEE 754), Text is String
(UTF-8), as which Kafka's own writes a UUID too; UUID here is the sixteen bytes that others write. byte[], Bytes and
ByteBuffer are any bytes, written as hex or base64.

*Invariants*: decode(kind, encode(kind, text)) is the text in its usual form; what cannot be written or read is a
sentence with its place, never a guess. JSON is checked and sent as it was typed.
*Not here*: what a page shows of long or hostile bytes (payloads.py), fields and rows (forms/produce.py).
"""

import base64
import json
import math
import re
import struct
import uuid
from typing import Any, Literal

from console.services import payloads

Kind = Literal["text", "json", "base64", "hex", "short", "integer", "long", "float", "double", "uuid", "null"]

NAMES: dict[str, str] = {
    "text": "Text (String)",
    "json": "JSON",
    "base64": "Base64",
    "hex": "Hex (byte[], Bytes, ByteBuffer)",
    "integer": "Integer, 4 bytes",
    "long": "Long, 8 bytes",
    "double": "Double, 8 bytes",
    "short": "Short, 2 bytes",
    "float": "Float, 4 bytes",
    "uuid": "UUID, 16 bytes",
    "null": "null",
}
SHORT_NAMES = {"text": "Text", "json": "JSON", "base64": "Base64", "hex": "Hex", "integer": "Integer", "long": "Long"}
SHORT_NAMES |= {"double": "Double", "short": "Short", "float": "Float", "uuid": "UUID", "null": "null"}
SIZES = {"integer": 4, "long": 8, "double": 8, "short": 2, "float": 4, "uuid": 16}  # of kinds that have one, in bytes
READABLE = ("text", "json", *SIZES, "base64", "hex")  # what bytes may be read as
BASE64_ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
# Java's NaN (doubleToLongBits and floatToIntBits know one each), and the ends of what a kind holds.
REALS = {
    "double": (">d", bytes.fromhex("7ff8000000000000"), "1.7976931348623157e308", "5e-324"),
    "float": (">f", bytes.fromhex("7fc00000"), "3.4028235e38", "1e-45"),
}
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
HEX_BYTES_MAX = 64 << 10  # longer bytes are offered as base64: hex is twice as long as they are
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
REAL_DIGITS_MAX = 400


class CannotEncode(ValueError):
    """The text is not what it was said to be; `str(error)` is a sentence with the place."""


class CannotDecode(ValueError):
    """The bytes are not what they are to be read as; `str(error)` says why."""


def encode(kind: str, text: str) -> bytes | None:
    """The bytes that somebody wrote; None for null. CannotEncode says what is wrong and where."""
    match kind:
        case "null":
            return None
        case "text":
            return _utf8(text)
        case "json":
            _check_json(text)
            return _utf8(text)
        case "hex":
            return _from_hex(text)
        case "base64":
            return _from_base64(text)
        case "short" | "integer" | "long":
            return _whole(kind, text)
        case "float" | "double":
            return _real(kind, text)
        case "uuid":
            return _uuid(text)
    raise AssertionError(f"no encoding {kind!r}")


def decode(kind: str, data: bytes | None) -> str:
    """The bytes as this kind writes them; CannotDecode if they are not of this kind."""
    if data is None:
        raise CannotDecode("null, which has no bytes")
    if kind in SIZES and len(data) != SIZES[kind]:
        raise CannotDecode(f"not {_an(SHORT_NAMES[kind])}: {_bytes(len(data))}, not {SIZES[kind]}")
    match kind:
        case "text":
            return _text(data)
        case "json":
            text = _text(data)
            try:
                _check_json(text)
            except CannotEncode as error:
                raise CannotDecode(f"not JSON: {_lowered(str(error))}") from None
            return text
        case "hex":
            return data.hex(" ")
        case "base64":
            return base64.b64encode(data).decode()
        case "short" | "integer" | "long":
            return str(int.from_bytes(data, "big", signed=True))
        case "float" | "double":
            return _real_text(kind, data)
        case "uuid":
            return str(uuid.UUID(bytes=data))
    raise AssertionError(f"no encoding {kind!r}")


def recognised(data: bytes | None) -> str:
    """What bytes look like: the kind that shows them best. Eight bytes that are no text are taken for a Long,
    unless only a Double makes a number of usual size of them."""
    if data is None:
        return "null"
    shown = payloads.kind_of(data)
    if shown in ("json", "text", "empty"):
        return "text" if shown == "empty" else shown
    if len(data) == 4:
        return "integer"
    if len(data) == 8:
        number = struct.unpack(">d", data)[0]
        usual = math.isfinite(number) and 1e-6 <= abs(number) < 1e15
        return "double" if usual and abs(int.from_bytes(data, "big", signed=True)) >= 1 << 53 else "long"
    return "hex"


def written(data: bytes | None, *, lines: bool) -> tuple[str, str]:
    """A kind and a text that encode to exactly these bytes, and that a form brings back unchanged.

    A field keeps no carriage return and no null character, and one of a single line (`lines` False) no line feed;
    characters that cannot be seen would be lost on people. Such text goes as hex.
    """
    if data is None:
        return "null", ""
    kind = recognised(data)
    if kind in ("text", "json"):
        text = data.decode()
        if len(payloads.pieces(text, multiline=lines)) > 1:
            kind = "hex"
        elif kind == "json" and not _is_json(text):  # NaN inside, which is shown as JSON and is not
            kind = "text"
    if kind in ("hex", "base64"):
        kind = "base64" if len(data) > HEX_BYTES_MAX else "hex"
    text = decode(kind, data)
    if encode(kind, text) != data:  # a NaN that is not Java's
        kind, text = "hex", data.hex(" ")
    return kind, text


# ---- text and JSON
def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise CannotEncode(f"{place(text, error.start)}: half of a character (a lone surrogate).") from None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CannotDecode(f"not UTF-8 text: byte {error.start} is {data[error.start]:02x}") from None


def _check_json(text: str) -> None:
    try:
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise CannotEncode(f"{place(text, error.pos)}: {_json_words(text, error)}") from None
    except RecursionError:
        raise CannotEncode("Nested too deeply to be checked; choose Text to send it as it is.") from None
    except _Constant as constant:
        raise CannotEncode(f"{constant} is not JSON; write null or a text.") from None


def _is_json(text: str) -> bool:
    try:
        _check_json(text)
    except CannotEncode:
        return False
    return True


class _Constant(ValueError):
    """NaN and Infinity, which Python takes and JSON does not know."""


def _no_constant(name: str) -> Any:
    raise _Constant(name)


def _json_words(text: str, error: json.JSONDecodeError) -> str:
    if not text.strip():
        return "empty is not JSON; choose Text to send nothing, or null."
    rest = text[error.pos :].lstrip()
    before = text[: error.pos].rstrip()
    after_comma = rest[:1] in ("}", "]") and before.endswith(",")
    if after_comma or (rest[:1] == "," and rest[1:].lstrip()[:1] in ("}", "]")):
        return "a comma before a closing bracket is not JSON. Remove it, or choose Text to send it as it is."
    return f"{_lowered(error.msg)}; this is not JSON. Choose Text to send it as it is."


def place(text: str, position: int) -> str:
    """Where a character stands, for people: "Line 8, column 54", or "Character 7" when there is one line."""
    if "\n" not in text:
        return f"Character {position + 1}"
    line = text.count("\n", 0, position) + 1
    return f"Line {line}, column {position - (text.rfind(chr(10), 0, position) + 1) + 1}"


# ---- bytes
def _from_hex(text: str) -> bytes:
    """Digits in pairs; blanks and colons between them are nothing."""
    digits = re.sub(r"[\s:]", "", text)
    wrong = re.search(r"[^0-9a-fA-F\s:]", text)
    if wrong:
        hint = " Leave 0x out." if wrong[0] in "xX" else ""
        raise CannotEncode(f"{place(text, wrong.start())}: {_quoted(wrong[0])} is not a hex digit (0-9, a-f).{hint}")
    if len(digits) % 2:
        raise CannotEncode(f"{len(digits)} hex digits: a byte has two, so the last one lacks its second.")
    return bytes.fromhex(digits)


def _from_base64(text: str) -> bytes:
    """The usual alphabet; blanks and line ends are nothing."""
    for position, character in enumerate(text):
        if character not in BASE64_ALPHABET and character != "=" and not character.isspace():
            hint = " This looks like the alphabet for URLs: write + and /." if character in "-_" else ""
            raise CannotEncode(f"{place(text, position)}: {_quoted(character)} is not base64.{hint}")
    packed = re.sub(r"\s", "", text)
    padding = packed.find("=")
    if padding >= 0 and packed[padding:].strip("="):
        raise CannotEncode(f"{place(text, text.index('='))}: = stands only at the end of base64.")
    letters = packed.rstrip("=")
    if len(letters) % 4 == 1 or len(packed) % 4 or len(packed) - len(letters) > 2:
        raise CannotEncode(f"{len(packed)} characters: base64 has a multiple of four, with = or == at its end.")
    return base64.b64decode(packed)


# ---- numbers
def _whole(kind: str, text: str) -> bytes:
    size, name = SIZES[kind], SHORT_NAMES[kind]
    digits = text.strip()
    if not re.fullmatch(r"[+-]?\d+", digits, re.ASCII):
        raise CannotEncode(f"{_an(name)[0].upper()}{_an(name)[1:]} is a whole number, like 42 or -7.")
    lowest, highest = -(1 << size * 8 - 1), (1 << size * 8 - 1) - 1
    # So many digits are out of range, and turning very many into a number takes long.
    number = int(digits) if len(digits) <= 40 else (highest + 1) * (-1 if digits.startswith("-") else 1)
    shown = digits if len(digits) <= 40 else f"{digits[:20]}… ({len(digits)} digits)"
    if number > highest:
        raise CannotEncode(f"{shown} is above {highest}, the highest {name} ({size} bytes).")
    if number < lowest:
        raise CannotEncode(f"{shown} is below {lowest}, the lowest {name} ({size} bytes).")
    return number.to_bytes(size, "big", signed=True)


def _real(kind: str, text: str) -> bytes:
    layout, nan, highest, smallest = REALS[kind]
    name, digits = SHORT_NAMES[kind], text.strip()
    if digits.lower() in ("nan", "+nan", "-nan"):
        return nan
    if digits.lower().lstrip("+-") in ("infinity", "inf") and len(digits.lstrip("+-")) + 1 >= len(digits):
        return struct.pack(layout, -math.inf if digits.startswith("-") else math.inf)
    if len(digits) > REAL_DIGITS_MAX or not DECIMAL.fullmatch(digits):
        raise CannotEncode(f"A {name} is a number like 0.5, -12 or 1e-9, or NaN, Infinity, -Infinity.")
    try:
        data = struct.pack(layout, float(digits))
        number = struct.unpack(layout, data)[0]
    except OverflowError:  # only of Float: Python itself makes infinity of what is beyond a Double
        number = math.inf
    if math.isinf(number):
        raise CannotEncode(f"{digits} is beyond the highest {name}, {highest}; write Infinity if you mean it.")
    if number == 0 and re.search(r"[1-9]", re.split("[eE]", digits)[0]):
        raise CannotEncode(f"{digits} is nearer to zero than the smallest {name}, {smallest}.")
    return data


def _real_text(kind: str, data: bytes) -> str:
    """The shortest digits that are this number again."""
    layout = REALS[kind][0]
    number = struct.unpack(layout, data)[0]
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if kind == "double":
        return repr(number)
    # Nine digits tell every Float from the next; most need fewer.
    texts = (repr(float(f"{number:.{count}g}")) for count in range(6, 10))
    return next(text for text in texts if struct.pack(layout, float(text)) == data)


def _uuid(text: str) -> bytes:
    if not UUID_TEXT.fullmatch(text.strip()):
        raise CannotEncode("A UUID looks like 123e4567-e89b-12d3-a456-426614174000.")
    return uuid.UUID(text.strip()).bytes


def _quoted(character: str) -> str:
    return f"“{character}”" if character.isprintable() else f"U+{ord(character):04X}"


def _bytes(count: int) -> str:
    return "1 byte" if count == 1 else f"{count} bytes"


def _an(name: str) -> str:
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def _lowered(words: str) -> str:
    return words[:1].lower() + words[1:]
