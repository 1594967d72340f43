"""What the page of a sandbox asks of it: marks of its timeline, moments by time, causes of what is on the picture.

*Invariants*: nothing here changes a world; `seek` moves the playhead only.
*Not here*: commands that act (commands.py), words (feed/words.py).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.simulation import ledger
from engine.simulation.hosted import moments, why
from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.looking_back import Found, last_seen
from engine.simulation.hosted.refused import Refused
from sandbox.runner.hosted import Hosted

if TYPE_CHECKING:
    from sandbox.runner.server import Runner

ROWS_MAX = 100
LOST_MAX = 100
BIG = 1 << 53
INTERNAL = "partitions / __"  # in a ledger: what brokers keep for themselves
OF_BROKER = (
    "started", "killed", "crashed", "stopped", "could not start", "frozen", "log_dir_offline", "disk is slow",
    "disk is short", "disk has room",
)  # fmt: skip
OF_ACTOR = (
    "added", "changed", "dies", "client crashed", "client stopped", "severed", "frozen", "left", "given up",
    "lost in memory",
)  # fmt: skip
Facts = dict[str, Any]


def _moments(runner: "Runner", hosted: Hosted, fields: Fields) -> Facts:
    since = fields.whole("since", 0, BIG, 0)
    timeline = hosted.timeline
    last = timeline.entry(timeline.head)
    at_present = timeline.at_present
    head_us = hosted.now_us() if at_present or last is None else last.at_us
    marks, spans = hosted.moments.since(timeline, since)
    return {"marks": marks, "spans": spans, "head": hosted.moments.scanned, "head_us": head_us}


def _seek(runner: "Runner", hosted: Hosted, fields: Fields) -> Facts:
    event = moments.event_at(hosted.timeline, fields.whole("at_us", 0, BIG))
    hosted.jump(event)
    return {"events": event}


def _explain(runner: "Runner", hosted: Hosted, fields: Fields) -> Facts:
    """Why something on the picture is as it is: the chain of the event that made it so."""
    of = fields.one_of("of", tuple(ELEMENTS))
    event, facts = ELEMENTS[of](hosted, fields)
    steps = why.why(hosted.timeline, event) if event else []
    return {"of": of, "facts": facts, "steps": [step.as_json() for step in steps]}


def _event(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
    event = fields.whole("event", 1, BIG)
    return event, {"event": event}


def _place(fields: Fields) -> tuple[str, int]:
    return fields.text("topic"), fields.whole("partition", 0, 1 << 20)


def _record(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
    (topic, partition), offset = _place(fields), fields.whole("offset", 0, BIG)

    def fits(seen: Facts) -> bool:
        return seen["topic"] == topic and seen["partition"] == partition and seen["first"] <= offset < seen["end"]

    found = last_seen(hosted.timeline, ("appended",), fits, (topic,))
    return _told(found, {"topic": topic, "partition": partition, "offset": offset})


def _waiting(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
    """The high watermark: why it stands where it does, and what waits behind it."""
    topic, partition = _place(fields)
    facts = why.waiting(hosted.timeline, topic, partition)
    facts = {"topic": topic, "partition": partition, **facts}
    if facts.get("event"):
        return facts["event"], facts
    kinds = ("high_watermark",) if facts["why"] == "nothing waits" else ("appended", "high_watermark")
    return _told(last_seen(hosted.timeline, kinds, _at(topic, partition), (topic,)), facts)


def _committed(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
    (topic, partition), group = _place(fields), fields.text("group")
    here = _at(topic, partition)
    found = last_seen(
        hosted.timeline, ("committed",), lambda seen: here(seen) and seen["group"] == group, (topic, group)
    )
    return _told(found, {"topic": topic, "partition": partition, "group": group})


def _position(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
    (topic, partition), name = _place(fields), fields.text("name")
    here = _at(topic, partition)
    kinds = ("delivered", "begins_at", "offset_reset")
    found = last_seen(hosted.timeline, kinds, lambda seen: here(seen) and seen["node"] == name, (topic, name))
    return _told(found, {"topic": topic, "partition": partition, "name": name})


def _node(kinds: tuple[str, ...]) -> Callable[[Hosted, Fields], tuple[int, Facts]]:
    def found(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
        name = fields.text("name")
        return _told(last_seen(hosted.timeline, kinds, lambda seen: seen["node"] == name, (name,)), {"name": name})

    return found


def _group(hosted: Hosted, fields: Fields) -> tuple[int, Facts]:
    name = fields.text("name")
    found = last_seen(hosted.timeline, ("group",), lambda seen: seen["group"] == name, (name,))
    return _told(found, {"name": name})


def _told(found: Found, facts: Facts) -> tuple[int, Facts]:
    """The event, or how far back none was found."""
    return found.event, facts if found.event else {**facts, "searched_from": found.oldest}


def _at(topic: str, partition: int) -> Callable[[Facts], bool]:
    return lambda seen: seen["topic"] == topic and seen["partition"] == partition


ELEMENTS: dict[str, Callable[[Hosted, Fields], tuple[int, Facts]]] = {
    "event": _event,
    "record": _record,
    "high watermark": _waiting,
    "committed": _committed,
    "position": _position,
    "broker": _node(OF_BROKER),
    "actor": _node(OF_ACTOR),
    "group": _group,
}


def _deliveries(runner: "Runner", hosted: Hosted, fields: Fields) -> Facts:
    """Record by record of one partition, the last ones first asked for; and what was lost."""
    past = hosted.timeline.world.past
    assert past is not None, "a hosted world has a past"
    (topic, partition), count = _place(fields), fields.whole("count", 1, ROWS_MAX, 24)
    one = past.ledger.partitions.get((topic, partition))
    if one is None:
        raise Refused(f"nothing is known of {topic}-{partition}", "topic")
    first = max(one.start, fields.whole("first", 0, BIG, max(0, one.end - count)))
    rows = [
        {"offset": offset, **past.ledger.record(topic, partition, offset)._asdict()}
        for offset in range(first, min(one.end, first + count))
    ]
    lost = [each._asdict() for each in past.ledger.lost if (each.topic, each.partition) == (topic, partition)]
    return {
        "rows": rows, "lost": lost[-LOST_MAX:], "start": one.start, "end": one.end, "readers": sorted(one.groups),
    }  # fmt: skip


def _compare(runner: "Runner", hosted: Hosted, fields: Fields) -> Facts:
    """What this branch's ledger and another one's say differently."""
    try:
        other_id = UUID(fields.text("other"))
    except ValueError:
        raise Refused("compare with which sandbox?", "other") from None
    other = runner.awake(other_id)
    here, there = hosted.timeline.world.past, other.timeline.world.past
    assert here is not None and there is not None, "hosted worlds have pasts"
    found = ledger.difference(there.ledger.summary(), here.ledger.summary())
    differences = [one for one in found if not one[0].startswith(INTERNAL)]
    return {
        "differences": differences[:ROWS_MAX], "more": max(0, len(differences) - ROWS_MAX),
        "here_us": hosted.now_us(), "there_us": other.now_us(),
    }  # fmt: skip


PAGE_COMMANDS: dict[str, Callable[["Runner", Hosted, Fields], Facts]] = {
    "moments": _moments,
    "seek": _seek,
    "explain": _explain,
    "deliveries": _deliveries,
    "compare": _compare,
}
