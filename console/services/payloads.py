"""Bytes of a key, value or header as something that can be read: text, JSON, hex.

*Invariants*: numbers in JSON keep the text they have on the wire (no float, no rounding); work and output are
bounded however large or hostile the bytes are; control, bidi and invisible characters are named (U+202E), and lone
surrogates never reach an encoder.
*Not here*: HTML (templatetags/console_tags.py), rows of the live tail (live/rows.py).
"""

import json
import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Literal

PREVIEW_CHARACTERS = 180
FOLDED_BYTES = 4096
SHOWN_BYTES_MAX = 1_048_576
TREE_BYTES_MAX = 262_144
TREE_DEPTH_MAX = 48
HEX_BYTES = 512
CONTROL_SHARE_MAX = 0.1

Kind = Literal["null", "empty", "json", "text", "bytes", "number", "base64"]  # the last two: if somebody chose so


class Number(str):
    """A number of a JSON text, in the digits that were there."""

    __slots__ = ()


class Fields(list[tuple[str, Any]]):
    """A JSON object: its members in their order, doubled names too."""


@dataclass(frozen=True, slots=True)
class Preview:
    """One line of a payload."""

    kind: Kind
    pieces: list[str]  # plain and named in turn
    size: int
    read_as: str = ""  # what it was taken for, where that is not plain to see
    wrong: str = ""  # why it is not what it was to be read as


@dataclass(frozen=True, slots=True)
class Payload:
    """A payload in full, or its first part."""

    kind: Kind
    size: int
    tree: Any = None  # with kind json: lists, Fields, Number, str, bool, None
    text: tuple[str, ...] = ()  # pieces, whenever the bytes are text
    hex: tuple[tuple[str, str, str], ...] = ()  # offset, bytes, characters
    hex_rest: int = 0  # bytes that the hex lines do not show
    folded: int = 0  # bytes that the text does not show
    numbers: tuple[tuple[str, str], ...] = ()  # what 4 or 8 bytes are as Integer, Long, Double; the likeliest first
    note: str = ""  # why it is not shown as JSON although it looks like it
    wrong: str = ""  # why it is not what it was to be read as


def preview(data: bytes | None) -> Preview:
    """The beginning of a payload on one line."""
    if data is None:
        return Preview("null", [], 0)
    if not data:
        return Preview("empty", [], 0)
    text = _text(data[: PREVIEW_CHARACTERS * 4], cut=len(data) > PREVIEW_CHARACTERS * 4)
    if text is None:
        shown = data[:48].hex(" ") + (" …" if len(data) > 48 else "")
        return Preview("bytes", [shown], len(data))
    return _line(data, text)


def text_preview(data: bytes) -> Preview:
    """The beginning of what is text for certain, control characters or not."""
    return _line(data, data[: PREVIEW_CHARACTERS * 4].decode("utf-8", "ignore"))


def _line(data: bytes, text: str) -> Preview:
    line = re.sub(r"\s*[\r\n\t]\s*", " ", text)
    cut = len(line) > PREVIEW_CHARACTERS or len(data) > PREVIEW_CHARACTERS * 4
    shown = line[:PREVIEW_CHARACTERS] + ("…" if cut else "")
    return Preview("json" if data[:1] in b"{[" else "text", pieces(shown, multiline=False), len(data))


def payload(data: bytes | None, *, everything: bool = False) -> Payload:
    """A payload as text, JSON and hex; folded after FOLDED_BYTES unless `everything` is asked for."""
    if data is None:
        return Payload("null", 0)
    if not data:
        return Payload("empty", 0)
    shown = data[: SHOWN_BYTES_MAX if everything else FOLDED_BYTES]
    hexed = data[: HEX_BYTES * (16 if everything else 1)]
    text = _text(shown, cut=len(shown) < len(data))
    tree, note = _tree(data) if text is not None and data.lstrip()[:1] in (b"{", b"[") else (None, "")
    kind: Kind = "bytes" if text is None else "text" if tree is None else "json"
    return Payload(
        kind=kind,
        size=len(data),
        tree=tree,
        text=tuple(pieces(text, multiline=True)) if text is not None else (),
        hex=tuple(_hex_lines(hexed)),
        hex_rest=len(data) - len(hexed),
        folded=len(data) - len(shown),
        note=note,
    )


def text_payload(data: bytes, shown: Payload) -> Payload:
    """The same as text, whatever it looks like; for bytes that are UTF-8."""
    text = data[: len(data) - shown.folded].decode("utf-8", "ignore")
    return replace(shown, kind="text", tree=None, text=tuple(pieces(text, multiline=True)), note="")


def json_payload(data: bytes, shown: Payload) -> Payload:
    """The same as JSON, a number or a word alone too; for bytes that are JSON."""
    tree, note = _tree(data)
    known = text_payload(data, shown)
    return replace(known, kind="text" if note else "json", tree=tree, note=note)


def kind_of(data: bytes) -> Kind:
    """What bytes are recognised as."""
    if not data:
        return "empty"
    text = _text(data, cut=False)
    if text is None:
        return "bytes"
    return "json" if data.lstrip()[:1] in (b"{", b"[") and _tree(data)[0] is not None else "text"


def pieces(text: str, *, multiline: bool) -> list[str]:
    """Cut text where a character must be named: plain, name, plain, name ... (a plain piece may be empty)."""
    found = [""]
    begin = 0
    for position, character in enumerate(text):
        if character.isprintable() or (multiline and character in "\n\t"):
            continue
        if unicodedata.category(character) == "Zs":  # a wide or narrow blank is only a blank
            continue
        found[-1] = text[begin:position]
        found += [f"U+{ord(character):04X}", ""]
        begin = position + 1
    found[-1] = text[begin:]
    return found


def _text(data: bytes, *, cut: bool) -> str | None:
    """The bytes as text if they are; a character that the cut went through is left out."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        if not cut or error.start < len(data) - 3:
            return None
        text = data[: error.start].decode()
    controls = sum(1 for character in text if character < " " and character not in "\t\n\r\x1b")
    return text if controls <= len(text) * CONTROL_SHARE_MAX else None


def _tree(data: bytes) -> tuple[Any, str]:
    """The JSON tree, or None and the reason."""
    if len(data) > TREE_BYTES_MAX:
        return None, "too long to be drawn as JSON; it is shown as text"
    try:
        tree = json.loads(data, parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=Fields)
    except RecursionError:
        return None, "nested too deeply to be drawn as JSON; it is shown as text"
    except ValueError as error:
        return None, f"not JSON: {error}" if isinstance(error, json.JSONDecodeError) else "not JSON"
    if _deeper_than(tree, TREE_DEPTH_MAX):
        return None, "nested too deeply to be drawn as JSON; it is shown as text"
    return tree, ""


def _deeper_than(tree: Any, depth: int) -> bool:
    """Whether a tree has more levels than this (without recursion: the tree is not ours)."""
    level = [tree]
    for _ in range(depth):
        level = [
            child
            for node in level
            if isinstance(node, list)
            for child in ([member[1] for member in node] if isinstance(node, Fields) else node)
        ]
        if not level:
            return False
    return True


def _hex_lines(data: bytes) -> list[tuple[str, str, str]]:
    """Sixteen bytes a line: offset, bytes, and the characters that ASCII has for them."""
    return [
        (
            f"{start:08x}",
            data[start : start + 16].hex(" "),
            "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data[start : start + 16]),
        )
        for start in range(0, len(data), 16)
    ]
