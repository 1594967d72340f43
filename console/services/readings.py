"""Bytes read as somebody chose, or as they look by themselves: what lists, record pages and the live tail show.

*Invariants*: a reading that does not fit is said (`wrong`) and the bytes are shown all the same; work and output are
as bounded as in payloads.py.
*Not here*: how bytes are recognised and read (encodings.py), text, JSON and hex as they are shown (payloads.py).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from console.services import encodings, payloads
from console.services.encodings import CannotDecode

AUTO = "auto"
READINGS = (AUTO, *encodings.READABLE)
CHOICES = ((AUTO, "auto"), *((kind, encodings.SHORT_NAMES[kind].lower()) for kind in ("text", "json")))
CHOICES += tuple((kind, encodings.SHORT_NAMES[kind]) for kind in encodings.SIZES)
CHOICES += tuple((kind, encodings.SHORT_NAMES[kind].lower()) for kind in ("hex", "base64"))
NUMBERS = tuple(encodings.SIZES)
CHECKED_BYTES_MAX = payloads.TREE_BYTES_MAX
BASE64_BYTES = 135  # of a preview: 180 characters


@dataclass(frozen=True, slots=True)
class Reading:
    """How keys and values are read."""

    key: str = AUTO
    value: str = AUTO
    unknown: str = ""  # what an address asked for and nobody can do


def reading_of(asked: Mapping[str, Any]) -> Reading:
    """How an address says that keys and values are to be read: key_as and value_as."""
    wanted = [str(asked.get(name) or AUTO) for name in ("key_as", "value_as")]
    key, value = (kind if kind in READINGS else AUTO for kind in wanted)
    return Reading(key, value, next((kind[:40] for kind in wanted if kind not in READINGS), ""))


def preview(data: bytes | None, kind: str = AUTO) -> payloads.Preview:
    """The beginning of a payload on one line, read as `kind`."""
    assert kind in READINGS, "a choice of ours"
    shown = payloads.preview(data)
    if data is None or (not data and kind not in NUMBERS):
        return shown
    if kind == AUTO:
        return _number(data, encodings.recognised(data)) if shown.kind == "bytes" and len(data) in (4, 8) else shown
    try:
        return _preview_as(data, kind)
    except CannotDecode as error:
        return replace(shown, wrong=str(error))


def _number(data: bytes, kind: str) -> payloads.Preview:
    text = encodings.decode(kind, data)
    return payloads.Preview("number", [text], len(data), read_as=encodings.SHORT_NAMES[kind])


def _preview_as(data: bytes, kind: str) -> payloads.Preview:
    if kind in NUMBERS:
        return _number(data, kind)
    if kind == "hex":
        return payloads.Preview("bytes", [data[:48].hex(" ") + (" …" if len(data) > 48 else "")], len(data))
    if kind == "base64":
        text = base64.b64encode(data[:BASE64_BYTES]).decode() + ("…" if len(data) > BASE64_BYTES else "")
        return payloads.Preview("bytes", [text], len(data))
    if kind == "json" and len(data) <= CHECKED_BYTES_MAX:
        encodings.decode("json", data)
    elif len(data) <= payloads.SHOWN_BYTES_MAX:
        encodings.decode("text", data)
    return payloads.text_preview(data)


def payload(data: bytes | None, kind: str = AUTO, *, everything: bool = False) -> payloads.Payload:
    """A payload in full, read as `kind`."""
    assert kind in READINGS, "a choice of ours"
    shown = payloads.payload(data, everything=everything)
    if data is None:
        return shown
    if kind == AUTO:
        seen = encodings.recognised(data)
        others = [other for other in NUMBERS if shown.kind == "bytes" and len(data) == encodings.SIZES[other]]
        others.sort(key=lambda other: other != seen)
        numbers = tuple((encodings.SHORT_NAMES[other], encodings.decode(other, data)) for other in others)
        return replace(shown, numbers=numbers)
    try:
        return _payload_as(data, kind, shown)
    except CannotDecode as error:
        return replace(shown, wrong=str(error))


def _payload_as(data: bytes, kind: str, shown: payloads.Payload) -> payloads.Payload:
    if kind in NUMBERS:
        text = encodings.decode(kind, data)
        return replace(shown, kind="number", tree=None, text=(), numbers=((encodings.SHORT_NAMES[kind], text),))
    if kind == "hex":
        return replace(shown, kind="bytes", tree=None, text=(), note="")
    if kind == "base64":
        part = data[: len(data) - shown.folded]
        return replace(shown, kind="base64", tree=None, text=(base64.b64encode(part).decode(),), note="")
    if kind == "json":
        if len(data) > CHECKED_BYTES_MAX:
            raise CannotDecode("too long to be read as JSON here")
        encodings.decode("json", data)
        return payloads.json_payload(data, shown)
    encodings.decode("text", data)
    return payloads.text_payload(data, shown)
