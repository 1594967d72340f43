"""Placeholders in what is sent many times: {n}, {uuid}, {now}, {now_ms}, {random 1 100}.

A placeholder is a brace, a word in small letters, its arguments and a brace, with nothing else between: what JSON
allows outside of texts never looks like one.

*Invariants*: text is only replaced, never run; an unknown word is an error with its place, not left as it stands.
*Not here*: how often something is sent (services/sendings.py), bytes (encodings.py).
"""

import random
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from console.services.encodings import place

PLACEHOLDER = re.compile(r"\{([a-z][a-z_]*)((?: +[^\s{}]+)*) *\}")
RANDOM_MAX = 2**63 - 1
DIGITS_MAX = 20
KNOWN = "{n}, {uuid}, {now}, {now_ms} and {random 1 100}"


class BadPlaceholder(ValueError):
    """A placeholder that cannot be filled in; `str(error)` says which, where and why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a record's placeholders stand for."""

    number: int  # of the record, from 0
    now: datetime
    chance: random.Random

    def new_uuid(self) -> str:
        """A random UUID."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))


Part = str | Callable[[Moment], str]


def moment(number: int) -> Moment:
    """The present one."""
    return Moment(number, datetime.now(UTC), random.SystemRandom())


def parsed(text: str) -> list[Part]:
    """The text in parts: as they are, or what makes them. BadPlaceholder says what is wrong."""
    parts: list[Part] = []
    done = 0
    for found in PLACEHOLDER.finditer(text):
        parts.append(text[done : found.start()])
        done = found.end()
        try:
            parts.append(_meaning(found[1], found[2].split()))
        except BadPlaceholder as error:
            raise BadPlaceholder(f"{place(text, found.start())}: {error}") from None
    parts.append(text[done:])
    return parts


def filled(parts: list[Part], at: Moment) -> str:
    """The text for one record."""
    return "".join(part if isinstance(part, str) else part(at) for part in parts)


def _meaning(word: str, arguments: list[str]) -> Callable[[Moment], str]:
    match word, arguments:
        case "n", []:
            return lambda at: str(at.number)
        case "uuid", []:
            return lambda at: at.new_uuid()
        case "now", []:
            return lambda at: at.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case "now_ms", []:
            return lambda at: str(int(at.now.timestamp() * 1000))
        case "random", [low, high]:
            return _random(low, high)
        case "random", _:
            raise BadPlaceholder("{random} needs two whole numbers, like {random 1 100}.")
        case (("n" | "uuid" | "now" | "now_ms"), _):
            raise BadPlaceholder(f"{{{word}}} stands alone, without “{' '.join(arguments)[:40]}”.")
    raise BadPlaceholder(
        f"{{{word[:40]}}} is no placeholder. There are {KNOWN}; untick the placeholders to send it as it stands."
    )


def _random(low: str, high: str) -> Callable[[Moment], str]:
    if not all(re.fullmatch(r"-?\d+", end, re.ASCII) and len(end) <= DIGITS_MAX for end in (low, high)):
        raise BadPlaceholder("{random} needs two whole numbers, like {random 1 100}.")
    first, last = int(low), int(high)
    if first > last:
        raise BadPlaceholder(f"{{random {low} {high}}} ends before it begins.")
    if first < -RANDOM_MAX or last > RANDOM_MAX:
        raise BadPlaceholder("{random} goes to 9223372036854775807 at most.")
    return lambda at: str(at.chance.randint(first, last))
