"""Conditions about one event, as data: what "run until" and "next of this kind" wait for.

{"seen": "committed", "group": "readers", "offset": {"ge": 10}} · {"event": "act"} ·
{"any": [...]} · {"all": [...]}. Values are compared with =, or by eq, ne, ge, gt, le, lt.

Invariants:
- A condition that `check` took can be asked of every event, and is never run as code.
- Depth and size have limits.

Not here: conditions about the state of a world (the lessons' check language will have them).
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from engine.simulation.hosted.observed import FIELDS, facts
from engine.simulation.hosted.refused import Refused
from engine.simulation.past import Entry

COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt,
}  # fmt: skip
DEPTH_MAX, PARTS_MAX = 4, 20
Condition = Mapping[str, Any]


def check(condition: Any, depth: int = 0) -> Condition:
    """Refuse what cannot be asked."""
    if not isinstance(condition, Mapping) or len(condition) > PARTS_MAX or depth > DEPTH_MAX:
        raise Refused('a condition is an object such as {"seen": "committed", "offset": {"ge": 10}}', "until")
    for together in ("any", "all"):
        if together in condition:
            parts = condition[together]
            if not isinstance(parts, list) or not 0 < len(parts) <= PARTS_MAX or len(condition) > 1:
                raise Refused(f"{together!r} stands alone, with a list of conditions", "until")
            for part in parts:
                check(part, depth + 1)
            return condition
    if "seen" in condition:
        _check_values(condition)
    elif not isinstance(condition.get("event"), str):
        raise Refused("a condition names an observation (seen) or a kind of event (event)", "until")
    return condition


def _check_values(condition: Condition) -> None:
    kind = condition["seen"]
    if kind not in FIELDS:
        raise Refused(f"nothing called {str(kind)[:40]!r} is ever seen", "until")
    for name, value in condition.items():
        if name not in ("seen", "node", *FIELDS[kind]):
            raise Refused(
                f"{kind!r} has no {str(name)[:40]!r}: it has {', '.join(FIELDS[kind]) or 'no values'}", "until"
            )
        if isinstance(value, Mapping) and not all(how in COMPARE for how in value):
            raise Refused(f"values are compared by {', '.join(COMPARE)}", "until")


def holds(condition: Condition, entry: Entry) -> bool:
    """Say whether an event is what was waited for."""
    if "any" in condition:
        return any(holds(part, entry) for part in condition["any"])
    if "all" in condition:
        return all(holds(part, entry) for part in condition["all"])
    if "seen" not in condition:
        return bool(entry.kind == condition["event"]) and condition.get("subject", entry.subject) == entry.subject
    return any(_matches(condition, facts(one)) for one in entry.seen if one.kind == condition["seen"])


def _matches(condition: Condition, found: dict[str, Any]) -> bool:
    return all(_fits(value, found.get(name)) for name, value in condition.items() if name != "seen")


def _fits(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(wanted == value)
    comparable = (int, float) if isinstance(value, int | float) else str
    return all(isinstance(limit, comparable) and COMPARE[how](value, limit) for how, limit in wanted.items())
