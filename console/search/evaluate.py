"""Whether a record matches a filter: the one entry point for searches, live tails, downloads and tests of filters.

`prefilter` gives byte strings of which one at least is in each record that matches, as the record lies in the log:
who has many records looks for these first and decodes little.

*Invariants*: bounded work per record (STEPS_MAX, JSON_BYTES_MAX), beyond it FilterError: such a record is "not
compared", never silently "no match". Numbers of JSON are compared exactly, in the digits that are there. Plain text is
looked for in the bytes as they are: escapes of JSON are undone for its fields alone.
*Not here*: the language (language.py), batches and offsets (run.py).
"""

import json
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any as Anything
from typing import Protocol

from console.search import language
from console.search.language import NUMBER_LENGTH_MAX, Condition, Filter, FilterError, Node

STEPS_MAX = 10_000
STEP_BYTES = 4_096  # that one step may look through
JSON_BYTES_MAX = 1 << 20
UNDECODABLE = "�"  # may stand for bytes of a header's name that are no UTF-8
WORDS = {"true": True, "false": False, "null": None}


class Record(Protocol):
    """What a record must have to be compared."""

    @property
    def partition(self) -> int: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp_ms(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...  # noqa: D102


class _Number(str):
    """A number of JSON, in its digits."""

    __slots__ = ()


class _Missing:
    """No such field."""


def matches(asked: Filter, record: Record) -> bool:
    """Whether a record matches; FilterError when it cannot be compared within the bounds."""
    return _Comparison(record).holds(asked.tree)


def prefilter(asked: Filter) -> tuple[bytes, ...] | None:
    """Byte strings of which a matching record holds one at least, unpacked; None: nothing can be said."""
    return _needles(asked.tree)


class _Comparison:
    """One record under comparison; its JSON is read once."""

    __slots__ = ("_json", "record", "steps")

    def __init__(self, record: Record) -> None:
        self.record = record
        self.steps = 0
        self._json: dict[str, Anything] = {}

    def holds(self, node: Node) -> bool:
        match node:
            case Condition():
                return self._condition(node)
            case language.Not():
                return not self.holds(node.child)
            case language.All():
                return all(self.holds(child) for child in node.children)
            case language.Any():
                return any(self.holds(child) for child in node.children)

    def _spend(self, size: int) -> None:
        self.steps += 1 + size // STEP_BYTES
        if self.steps > STEPS_MAX:
            raise FilterError("The record is too large to be compared with so many conditions.")

    def _condition(self, asked: Condition) -> bool:
        record = self.record
        self._spend(0)
        match asked.place:
            case "any":
                needle = asked.text.encode()
                return (
                    self._contains(record.key, needle)
                    or self._contains(record.value, needle)
                    or self._in_headers(needle)
                )
            case "partition":
                return _inside(record.partition, asked.ranges)
            case "offset":
                return _inside(record.offset, asked.ranges)
            case "time":
                return _inside(record.timestamp_ms, asked.ranges)
            case "header":
                return self._header(asked)
        data = record.key if asked.place == "key" else record.value
        return self._field(asked, data) if asked.path else self._bytes(asked, data)

    def _contains(self, data: bytes | None, needle: bytes) -> bool:
        if data is None:
            return False
        self._spend(len(data))
        return needle in data

    def _in_headers(self, needle: bytes) -> bool:
        return any(
            self._contains(name.encode(), needle) or self._contains(value, needle)
            for name, value in self.record.headers
        )

    def _bytes(self, asked: Condition, data: bytes | None) -> bool:
        """A whole key, value or header."""
        if asked.operator == ":":
            return self._contains(data, asked.text.encode())
        if asked.bare and asked.text.lower() == "null":
            equal = data is None
        else:
            equal = data is not None and data == asked.text.encode()
        return equal if asked.operator == "=" else not equal

    def _header(self, asked: Condition) -> bool:
        if not asked.path:
            if asked.operator == ":":
                return self._in_headers(asked.text.encode())
            positive = [self._equal_header(asked, name, value) for name, value in self.record.headers]
            return any(positive) if asked.operator == "=" else not any(positive)
        self._spend(len(self.record.headers) * 16)
        values = [value for name, value in self.record.headers if name == asked.path[0]]
        if asked.operator == "!=":
            return not any(value is None if _is_null(asked) else value == asked.text.encode() for value in values)
        return any(self._bytes(asked, value) for value in values)

    def _equal_header(self, asked: Condition, name: str, value: bytes | None) -> bool:
        self._spend(len(value or b""))
        return value is None if _is_null(asked) else name == asked.text or value == asked.text.encode()

    def _field(self, asked: Condition, data: bytes | None) -> bool:
        found = self._at_path(asked, data)
        match asked.operator:
            case ":":
                return self._has(found, asked.text)
            case "=":
                return _equal(found, asked)
            case "!=":
                return not _equal(found, asked)
        number = _decimal(found)
        assert asked.number is not None, "the parser asks for a number"
        if number is None:
            return False
        return {
            "<": number < asked.number, "<=": number <= asked.number,
            ">": number > asked.number, ">=": number >= asked.number,
        }[asked.operator]  # fmt: skip

    def _has(self, found: Anything, text: str) -> bool:
        if isinstance(found, str):
            self._spend(len(found))
            return text in found
        return isinstance(found, bool | None) and text in {True: "true", False: "false", None: "null"}[found]

    def _at_path(self, asked: Condition, data: bytes | None) -> Anything:
        if asked.place not in self._json:
            self._spend(len(data or b"") * 16)
            self._json[asked.place] = _tree(data)
        node = self._json[asked.place]
        for segment in asked.path:
            if isinstance(node, dict) and segment in node:
                node = node[segment]
            elif (
                isinstance(node, list)
                and segment.isascii()
                and segment.isdigit()
                and len(segment) < 8
                and int(segment) < len(node)
            ):
                node = node[int(segment)]
            else:
                return _Missing
        return node


def _is_null(asked: Condition) -> bool:
    return asked.bare and asked.text.lower() == "null"


def _inside(number: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= number <= last for first, last in ranges)


def _tree(data: bytes | None) -> Anything:
    """What the JSON says; _Missing if it is none."""
    if data is None or not data:
        return _Missing
    if len(data) > JSON_BYTES_MAX:
        raise FilterError("The record is over 1 MiB: too large for its fields to be compared.")
    try:
        return json.loads(data.decode(), parse_int=_Number, parse_float=_Number, parse_constant=_no_constant)
    except RecursionError:
        raise FilterError("The record is nested too deeply for its fields to be compared.") from None
    except ValueError:
        return _Missing


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _decimal(found: Anything) -> Decimal | None:
    if not isinstance(found, _Number) or len(found) > NUMBER_LENGTH_MAX:
        return None
    try:
        return Decimal(found)
    except InvalidOperation:  # an exponent beyond everything
        return None


def _equal(found: Anything, asked: Condition) -> bool:
    if isinstance(found, _Number):
        number = _decimal(found) if asked.number is not None else None
        return asked.bare and (found == asked.text if number is None else number == asked.number)
    if isinstance(found, str):
        return found == asked.text and not _is_null(asked)
    if isinstance(found, bool) or found is None:
        return asked.bare and asked.text.lower() in WORDS and WORDS[asked.text.lower()] is found
    return False


# ---- what must be in a record's bytes
def _needles(node: Node) -> tuple[bytes, ...] | None:
    match node:
        case Condition():
            return _condition_needles(node)
        case language.Not():
            return None
        case language.All():
            known = [found for child in node.children if (found := _needles(child)) is not None]
            # The fewest, and of these the longest: looked for most quickly, found most rarely.
            return min(known, key=lambda found: (b"\\" in found, len(found), -min(map(len, found))), default=None)
        case language.Any():
            each = [_needles(child) for child in node.children]
            if any(found is None for found in each):
                return None
            return tuple(dict.fromkeys(needle for found in each for needle in found or ()))


def _condition_needles(asked: Condition) -> tuple[bytes, ...] | None:
    if asked.place in language.NUMBERS or asked.operator == "!=":
        return None
    if asked.path and asked.place != "header":
        return _field_needles(asked)
    needle = None if UNDECODABLE in asked.text or not asked.text or _is_null(asked) else asked.text.encode()
    name = asked.path[0] if asked.path else ""
    if needle is None and name and UNDECODABLE not in name:
        needle = name.encode()
    # "any" and "key:null" look for a text; "key=null" does not.
    if needle is None and asked.operator == ":" and UNDECODABLE not in asked.text:
        needle = asked.text.encode()
    return (needle,) if needle else None


def _field_needles(asked: Condition) -> tuple[bytes, ...] | None:
    """Texts of JSON stand as they are, or with a backslash somewhere."""
    is_text = asked.operator == ":" or (asked.operator == "=" and asked.number is None)
    if is_text and asked.text and not (asked.bare and asked.operator == "=" and asked.text.lower() in WORDS):
        return (asked.text.encode(), b"\\")
    names = [segment for segment in asked.path if not segment.isdigit()]
    return (f'"{max(names, key=len)}"'.encode(), b"\\") if names else None
