"""Why something is as it is: the chain of causes, from what was seen back to an action of the learner or a config.

Each step is an event of the history. What an actor or a broker does again and again would
lead back through all its rounds; such a chain goes on where that actor was declared, or
ends in the config that makes the broker do it.

Invariants:
- Every step names an event of the history; the last one says what ends the chain:
  an action, or what the sandbox was from the beginning (its shape and configs).
- At most STEPS_MAX steps.

Not here: words (pages make them of kinds and facts).
"""

from typing import Any, NamedTuple

from engine.broker.broker import Broker
from engine.simulation.hosted import deeds, observed
from engine.simulation.hosted.looking_back import last_seen
from engine.simulation.hosted.shape import broker_of, brokers
from engine.simulation.hosted.timeline import Timeline
from engine.simulation.past import Entry

STEPS_MAX = 40
ROUNDS = ("wake", "deadline")  # what comes again and again


class Step(NamedTuple):
    """One link of a chain."""

    event: int
    at_us: int
    kind: str
    subject: Any
    facts: dict[str, Any]
    seen: list[dict[str, Any]]
    because: str  # how the next step explains this one: cause, declared, config, action, beginning

    def as_json(self) -> dict[str, Any]:
        """The step as plain JSON."""
        return self._asdict()


def why(timeline: Timeline, event: int) -> list[Step]:
    """The chain of causes of an event, the event itself first."""
    steps: list[Step] = []
    entry = timeline.entry(event)
    while entry is not None:
        because, following = _because(timeline, entry, len(steps))
        steps.append(_step(timeline, entry, because))
        entry = timeline.entry(following) if following else None
    return steps


def why_seen(timeline: Timeline, kind: str, before: int | None = None, **values: Any) -> list[Step]:
    """The chain of the last event in which this was seen, at or before a moment (the playhead)."""
    found = last_seen(
        timeline, (kind,), lambda seen: all(seen.get(name) == value for name, value in values.items()), before=before
    )
    return why(timeline, found.event)


def waiting(timeline: Timeline, topic: str, partition: int) -> dict[str, Any]:
    """Why records of a partition are not visible yet, by the state at the playhead: facts, and what event to ask of."""
    world = timeline.world
    for node in brokers(world):
        broker = broker_of(node)
        if broker is None:
            return _found(timeline, "broker is down", ("killed", "crashed", "stopped", "could not start"), node.name)
        held = broker.replica_manager.partition(topic, partition)
        if held is None:
            continue
        end = held.log.log_end_offset
        facts = {"high_watermark": held.high_watermark, "synced_end": held.synced_end, "end": end}
        if held.high_watermark == end:
            return {"why": "nothing waits", **facts}
        if broker.durability.failed is not None:
            return {
                **_found(timeline, "log directory is offline", ("sync failed", "log_dir_offline"), node.name),
                **facts,
            }
        if world.slower_us.get(node.name):
            return {**_found(timeline, "disk is slow", ("disk is slow",), node.name), **facts}
        return {"why": "not synced yet", "config": {"durability": broker.config.durability}, "event": 0, **facts}
    return {"why": "no broker has it", "event": 0}


def _found(timeline: Timeline, why_: str, kinds: tuple[str, ...], name: str) -> dict[str, Any]:
    found = last_seen(timeline, kinds, lambda seen: seen["node"] == name, (name,))
    return {"why": why_, "event": found.event}


def _because(timeline: Timeline, entry: Entry, length: int) -> tuple[str, int]:
    """How an event is explained, and by which event; 0 ends the chain."""
    if entry.kind == "act":
        return "action", 0
    if entry.kind == "close":
        return "cause", entry.brief[1]  # in which it was asked for
    declared = _declared(timeline, entry)
    if entry.kind in ("wake", "begin") and declared:
        return "declared", declared
    if entry.cause == 0:
        return "beginning", 0
    cause = timeline.entry(entry.cause)
    again = cause is not None and cause.kind in ROUNDS and cause.subject == entry.subject
    if entry.kind == "deadline" and again:
        return ("declared", declared) if declared else ("config", 0)
    if length >= STEPS_MAX - 2 and cause is not None and cause.kind != "act":
        return ("declared", declared) if declared else ("config", 0)
    return "cause", entry.cause


def _declared(timeline: Timeline, entry: Entry) -> int:
    """The action that made whoever this happens to what it is; 0 for who was there from the beginning."""
    if entry.kind in ("wake", "begin"):
        return int(entry.brief or 0)
    node = timeline.world.nodes.get(entry.subject) if isinstance(entry.subject, str) else None
    return 0 if node is None or node.declared >= entry.number else node.declared


def _step(timeline: Timeline, entry: Entry, because: str) -> Step:
    facts: dict[str, Any] = {}
    if entry.kind == "act":
        facts = deeds.deed(entry.brief)
    elif isinstance(entry.subject, int):
        at, other, *size = entry.brief or ("", "")
        facts = {"node": at, "other": other, **({"bytes": size[0]} if size else {})}
    if because in ("config", "beginning"):
        facts["configs"] = dict(timeline.shape.configs)
        facts["config"] = _config_of(timeline, entry)
    seen = [observed.facts(one) for one in entry.seen]
    return Step(entry.number, entry.at_us, entry.kind, entry.subject, facts, seen, because)


CONFIG_OF = {  # what is seen when a broker does something by itself: the config that makes it
    "segments_deleted": "log.retention.check.interval.ms",
    "group": "group.initial.rebalance.delay.ms",
}


def _config_of(timeline: Timeline, entry: Entry) -> str | None:
    found = next((CONFIG_OF[one.kind] for one in entry.seen if one.kind in CONFIG_OF), None)
    if found is None and isinstance(broker_at(timeline, entry.subject), Broker):
        found = "replica.high.watermark.checkpoint.interval.ms"
    return found


def broker_at(timeline: Timeline, name: Any) -> Broker | None:
    """The broker of this name, if it is up."""
    node = timeline.world.nodes.get(name) if isinstance(name, str) else None
    return None if node is None else broker_of(node)
