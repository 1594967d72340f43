"""Comparisons as data: 3 is "at least 3" for counts and "equal" for values; {"lt": 0.45}; {"null": true}.

*Invariants*: a comparison that `read` took never raises when it is asked; what cannot be compared does not hold.
*Not here*: where the values come from (evaluate.py).
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

HOW: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq, "ne": operator.ne, "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt,
}  # fmt: skip
WORDS = {
    "eq": "",
    "ne": "not ",
    "ge": "at least ",
    "gt": "more than ",
    "le": "at most ",
    "lt": "less than ",
    "starts": "begins with ",
}
Scalar = str | int | float | bool
Compare = Mapping[str, Scalar]  # all of it holds


def read(given: Any, usual: str) -> Compare | None:
    """The comparison that was written, or None if it is none; a plain value is compared as is usual there."""
    if isinstance(given, bool | str | int | float):
        return {usual: given}
    if not isinstance(given, Mapping) or not given or len(given) > 4:
        return None
    for how, limit in given.items():
        if (how == "null" and isinstance(limit, bool)) or (how == "starts" and isinstance(limit, str)):
            continue
        if how not in HOW or not isinstance(limit, bool | str | int | float):
            return None
    return dict(given)


def holds(compare: Compare, value: Any) -> bool:
    """Say whether a value is as it should be."""
    return all(_one(how, limit, value) for how, limit in compare.items())


def _one(how: str, limit: Scalar, value: Any) -> bool:
    if how == "null":
        return (value is None) is limit
    if how == "starts":
        return isinstance(value, str) and value.startswith(str(limit))
    if how in ("eq", "ne"):
        return HOW[how](value, limit)
    numbers = (int, float)
    if isinstance(limit, numbers) != isinstance(value, numbers) or value is None:
        return False
    return HOW[how](value, limit)


def words(compare: Compare) -> str:
    """What is asked for."""
    if "null" in compare:
        return "none" if compare["null"] else "some"
    if compare.get("ge") == compare.get("le", ...):
        return f"exactly {_number(compare['ge'])}"
    return " and ".join(f"{WORDS[how]}{_number(limit)}" for how, limit in compare.items())


def _number(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
