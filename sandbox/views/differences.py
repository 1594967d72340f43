"""What two delivery ledgers say differently, as a page shows it: what matters first, then place by place.

*Invariants*: every difference that the runner names is a row; names of topics and groups stand as they are.
*Not here*: finding the differences (engine.simulation.ledger), who may compare.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WORDS = {
    "lost": "records lost",
    "lost though acknowledged": "records lost though they were acknowledged",
    "refused": "records refused",
    "unsure": "records of which nobody knows whether they were kept",
    "given up": "records given up unsent because their client was closed",
    "lost in memory": "records lost unsent in the memory of a client that was killed",
    "start": "first offset that is there",
    "end": "end of the log",
    "synced": "safe on the disk up to",
    "visible": "visible to consumers up to",
    "acknowledged": "records acknowledged",
    "delivered": "records delivered",
    "written again": "records that stand in the log a second time",
    "delivered again": "records delivered more than once",
    "processed": "records processed",
    "processed again": "records processed more than once",
    "committed": "committed offset",
    "committed, never processed": "records committed beyond and never processed",
}
HARM = (
    "lost",
    "lost though acknowledged",
    "given up",
    "lost in memory",
    "written again",
    "delivered again",
    "processed again",
    "committed, never processed",
)
SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Fact:
    """One count, here and in the other."""

    words: str
    there: Any
    here: Any
    harm: bool


@dataclass(slots=True)
class Place:
    """A partition, or a group in one; the first has no name: the whole sandbox."""

    name: str
    facts: list[Fact] = field(default_factory=list)


def places(differences: Sequence[Sequence[Any]]) -> list[Place]:
    """The differences by place; in each, what harms comes first."""
    found: dict[str, Place] = {}
    for path, there, here in differences:
        *above, fact = str(path).split(" / ")
        name = ", ".join(part for part in above if part not in ("partitions", "groups"))
        place = found.setdefault(name, Place(name))
        place.facts.append(Fact(WORDS.get(fact, fact), there, here, fact in HARM))
    for place in found.values():
        place.facts.sort(key=lambda one: not one.harm)
    return sorted(found.values(), key=lambda one: (one.name != "", not any(fact.harm for fact in one.facts)))


def moments(found: Mapping[str, Any]) -> tuple[str, str] | None:
    """Where the other and this one stand in time, if they stand apart."""
    there, here = found.get("there_us", 0), found.get("here_us", 0)
    return (clock(there), clock(here)) if abs(there - here) >= SECOND_US else None


def clock(now_us: int) -> str:
    """Time of a world, as its picture shows it: 0:04:13."""
    seconds = now_us // SECOND_US
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
