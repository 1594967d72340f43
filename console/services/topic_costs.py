"""What a new topic costs and promises, in sentences: copies, disk, how many brokers may fail, how keys would move.

*Invariants*: a sentence that needs a number which is not known is left out.
*Not here*: asking the cluster for its defaults (kafka/topic_defaults.py).
"""

from dataclasses import dataclass
from math import lcm

from console.kafka.topic_defaults import Ground
from console.services import figures

OPEN_FILES_EACH = 3  # log, offset index, time index of the segment that is written


@dataclass(frozen=True, slots=True)
class Plan:
    """A topic as it would be; None where it is not known."""

    partitions: int | None
    copies: int | None
    needed: int | None  # min.insync.replicas
    limit_bytes: int | None  # retention.bytes; None: no limit
    limit_ms: int | None  # retention.ms; None: no limit
    deletes: bool  # cleanup.policy has delete
    compacts: bool  # it has compact


def sentences(plan: Plan, ground: Ground) -> list[tuple[str, str]]:
    """(tone, words): "none" for what is so, "warn" for what one may not want."""
    found: list[tuple[str, str]] = []
    brokers = len(ground.brokers)
    if plan.partitions is not None and plan.copies is not None:
        replicas = plan.partitions * plan.copies
        each = -(-replicas // brokers) if brokers else 0
        where = f", about {figures.thin(each)} on each of {brokers} brokers" if brokers > 1 else " on the one broker"
        files = f"at least {figures.thin(replicas * OPEN_FILES_EACH)} open files in all"
        found.append(("none", f"{_counted(replicas, 'replica')}{where}; {files}."))
        found += _safety(plan.copies, plan.needed)
        found += _disk(plan, ground, replicas)
    if plan.partitions is not None:
        found.append(("none", f"A group can use at most {_counted(plan.partitions, 'member')}."))
    return found


def moved_share(before: int, after: int) -> float:
    """The share of keys whose partition changes when hash % before becomes hash % after."""
    assert before > 0 and after > 0, "a topic has partitions"
    # hash % before == hash % after only for the first min(before, after) of each lcm(before, after) hashes.
    return 1 - min(before, after) / lcm(before, after)


def _safety(copies: int, needed: int | None) -> list[tuple[str, str]]:
    if copies == 1:
        return [("warn", "One copy only: if its broker is lost, its records are lost.")]
    if needed is None:
        return []
    if needed > copies:
        words = f"Nobody could write with acks=all: {needed} copies are needed and there are {copies}."
        return [("warn", words)]
    spare = copies - needed
    if not spare:
        return [("warn", "Writes with acks=all stop as soon as one broker is away.")]
    return [("none", f"{_counted(spare, 'broker').capitalize()} may be away while acks=all is still written.")]


def _disk(plan: Plan, ground: Ground, replicas: int) -> list[tuple[str, str]]:
    if not plan.deletes and not plan.compacts:
        return [("warn", "Kept for ever: its cleanup.policy removes nothing.")]
    if not plan.deletes:
        return [("none", "Nothing is deleted by age or size: it grows with the number of keys.")]
    if plan.limit_bytes is None:
        if plan.limit_ms is None:
            return [("warn", "Kept for ever: nothing limits what it takes of the disks.")]
        return [
            ("none", f"Kept {figures.duration_ms(plan.limit_ms)}; no limit by size, so the rate decides what it takes.")
        ]
    most = plan.limit_bytes * replicas
    words = f"At most about {_size(most)} of all disks, and a segment more in each partition."
    usable = [broker.usable_bytes for broker in ground.brokers]
    free = sum(part for part in usable if part is not None)
    if None not in usable and usable and most > free:
        return [("warn", f"{words} That is more than the {_size(free)} that are free.")]
    return [("none", words)]


def _size(size_bytes: int) -> str:
    return figures.THIN.join(figures.size(size_bytes))


def _counted(number: int, word: str) -> str:
    return f"{figures.thin(number)} {word}{'' if number == 1 else 's'}"
