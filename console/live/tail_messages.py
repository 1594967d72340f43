"""What a browser may say to its live tail.

*Invariants*: whatever else comes is a ValueError; a message has at most MESSAGE_MAX characters.
*Not here*: what is done about it (topic_tail.py).
"""

import json
import re
from dataclasses import dataclass

MESSAGE_MAX = 65_536  # positions of PARTITIONS_MAX partitions fit
PARTITIONS_MAX = 1_000
OFFSET_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """All frames up to this one are drawn."""

    number: int


@dataclass(frozen=True, slots=True)
class Paused:
    """Rows are not wanted, or again."""

    paused: bool


@dataclass(frozen=True, slots=True)
class Viewed:
    """Other partitions, filter or rate are wanted: as an address has them."""

    query: str


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was here before, and had counted up to these offsets."""

    topic_id: str
    positions: dict[int, int]


Message = Acknowledged | Paused | Viewed | Resumed


def parse(text: str | None) -> Message:
    """Understand one message; ValueError if our own page would not send it."""
    if text is None or len(text) > MESSAGE_MAX:
        raise ValueError("too long, or not text")
    try:
        message = json.loads(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    match message:
        case {"ack": int() as number}:
            return Acknowledged(number)
        case {"pause": bool() as paused}:
            return Paused(paused)
        case {"view": str() as query}:
            return Viewed(query)
        case {"resume": dict() as positions, "topic": str() as topic_id} if len(positions) <= PARTITIONS_MAX:
            return Resumed(topic_id, {_number(part): _number(offset) for part, offset in positions.items()})
    raise ValueError("unknown message")


def _number(text: object) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,19}", text) or int(text) > OFFSET_MAX:
        raise ValueError("not an offset")
    return int(text)
