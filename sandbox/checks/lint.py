"""What a good lesson has beyond being readable: said to its author, a line of text for each fault.

*Not here*: whether its solution works (tests run it in a world).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.checks.model import CAUSED, CONCEPTS, Lesson, Step


def faults(lesson: Lesson) -> list[str]:
    """Everything that is wrong with a lesson, in its order."""
    known = list(lesson.knows)
    found: list[str] = []
    if not any("-" in name for name in lesson.names.values()):
        found.append("names: no name carries the salt: write orders-{salt}")
    for step in lesson.steps:
        known += step.introduces
        found += [
            f"step {step.id}: {fault}"
            for fault in (*_parts(step), *_never(step), *_actions(step, known), *_causes(step))
        ]
    return found


def _parts(step: Step) -> Iterable[str]:
    for name, part in (
        ("do", step.do), ("check", step.checks), ("hint", step.hints), ("solution", step.solution),
        ("wrong", step.wrong), ("wrong_hint", step.wrong_hint), ("ask", step.asks), ("text", step.text),
        ("after_text", step.after_text), ("tool", step.tools),
    ):  # fmt: skip
        if not part:
            yield f"it has no {name}"
    for number in step.concepts:
        if number not in CONCEPTS:
            yield f"concept {number} has no name in the table"
    for ask in step.asks:
        if not ask.shown_by:
            yield f"the question {ask.id!r} is never compared with what happens (shown_by)"


def _never(step: Step) -> Iterable[str]:
    if bool(step.never) is not bool(step.ruin):
        yield "what must never happen (never) has moves that make it happen (ruin), and only then"
    if any(one.kind in ("answered", "right") for one in step.never):
        yield "an answer never spoils a step"


def _actions(step: Step, known: list[str]) -> Iterable[str]:
    used = [*(tool.action for tool in step.tools), *_acts(step.solution), *_acts(step.wrong)]
    for action in used:
        if action["do"] not in known:
            yield f"it uses {action['do']!r}, which no step has introduced yet"


def _acts(moves: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (move["act"] for move in moves if "act" in move)


def _causes(step: Step) -> Iterable[str]:
    if not any(one.kind in CAUSED and one.by == "you" for one in step.checks):
        yield "no check names the learner's own action, so it could pass by accident"
    predicted = [ask.id for ask in step.asks]
    answered = [one.of for one in step.checks if one.kind in ("answered", "right")]
    for name in predicted:
        if name not in answered:
            yield f"the question {name!r} is asked and never checked"
    if not any(one.kind == "answered" and _is_waited_for(step, one.id) for one in step.checks):
        yield "nothing waits for the prediction: acting first would do"


def _is_waited_for(step: Step, name: str) -> bool:
    return any(name in one.after for one in step.checks)
