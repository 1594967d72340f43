"""Values of settings as people type them, and which setting a refusal of the cluster is about.

    wanted("retention.ms", "30 d") == "2592000000"
    wanted("cleanup.policy", "") is None      the default
    wanted("cleanup.policy", '""') == ""      a value without characters

Invariants:
- What is not understood is left as it is: the cluster says what is wrong with it.
- `typed` is the way back: wanted(name, typed(value)) == value.
*Not here*: values for reading (services/figures.py).
"""

import re
from collections.abc import Collection

UNITS_MS = {"ms": 1, "s": 1000, "min": 60_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
UNITS_BYTES = {"b": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40} | {
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40
}  # fmt: skip
QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([a-z]{1,3})")
GROUPED = re.compile(r"[-\u2212]?[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+")
SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u2212": "-"})
EMPTY = '""'  # typed for a value without characters: an empty field is the default
# What comes first in the forms: what most topics are made or changed for.
COMMON = (
    "retention.ms",
    "retention.bytes",
    "cleanup.policy",
    "max.message.bytes",
    "min.insync.replicas",
    "message.timestamp.type",
)
# Said where the cluster does not say it itself: it tells the meaning only of settings of topics that are there.
MEANINGS = {
    "retention.ms": "A segment is deleted once its newest record is older than this; -1 keeps for ever.",
    "retention.bytes": "How large a partition may grow before its oldest segments are deleted; -1 is no limit.",
    "cleanup.policy": "delete drops old segments; compact keeps the newest record of each key.",
    "max.message.bytes": "The largest batch that the broker takes.",
    "min.insync.replicas": "With acks=all a write succeeds only while so many copies are in sync.",
    "message.timestamp.type": "Whose clock stamps a record: the producer’s (CreateTime), the broker’s (LogAppendTime).",
}


def wanted(name: str, text: str) -> str | None:
    """What the cluster is given for what was typed: a value, "" too, or None for the default."""
    return "" if text.strip() == EMPTY else exact(name, text) or None


def typed(value: str | None) -> str:
    """How a value stands in its field."""
    return EMPTY if value == "" else value or ""


def exact(name: str, text: str) -> str:
    """The value as the cluster wants it: a length of time or a size may be typed with its unit."""
    text = text.strip()
    if GROUPED.fullmatch(text):
        return re.sub(r"[ \u00a0\u202f]", "", text).replace("\u2212", "-")
    units = UNITS_MS if name.endswith(".ms") else UNITS_BYTES if name.endswith(".bytes") else None
    matched = QUANTITY.fullmatch(text.translate(SPACES).lower()) if units else None
    if units is None or matched is None or matched[2] not in units:
        return text
    whole, _, part = matched[1].partition(".")
    # Whole numbers all the way: a float would round what is large.
    scaled = int(whole + part) * units[matched[2]]
    return str(scaled // 10 ** len(part))


def about(message: str, names: Collection[str]) -> str:
    """The name that a sentence of the cluster is about: the longest of those that stand in it; "" if none does."""
    found = [name for name in names if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", message)]
    return max(found, key=len, default="")
