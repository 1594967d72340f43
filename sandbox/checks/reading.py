"""From a TOML text to a lesson: everything is checked, and what is wrong has its line.

*Invariants*: nothing unknown is passed over; every text and list has a limit; names in braces are the lesson's own.
*Not here*: files (lessons/catalog.py), what makes a lesson a good one (lint.py).
"""

import tomllib
from collections.abc import Mapping
from typing import Any

from sandbox.checks import model
from sandbox.checks.errors import LessonError
from sandbox.checks.lines import Lines
from sandbox.checks.model import Ask, Clause, Lesson, Step, Tool
from sandbox.checks.table import Table

TEXT_BYTES_MAX = 200 << 10
STEPS_MAX, CLAUSES_MAX, MOVES_MAX = 20, 12, 60
ASK_KINDS = ("choice", "whole", "text", "address")
ALWAYS: Mapping[str, Any] = {"ge": 1}


def read(text: str, slug: str, salt: str) -> Lesson:
    """The lesson with its salt; LessonError says what is wrong with it."""
    if len(text.encode()) > TEXT_BYTES_MAX:
        raise LessonError("a lesson is at most 200 KiB long", source=slug)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise LessonError(str(wrong), source=slug) from None
    lines = Lines(text)
    names = {name: value.replace("{salt}", salt) for name, value in Table(raw, (), lines, slug).texts("names").items()}
    lesson = Table(_filled(raw, {**names, "salt": salt}), (), lines, slug)
    lesson.texts("names")
    found = Lesson(
        slug=slug, number=lesson.whole("number"), title=lesson.text("title"), minutes=lesson.whole("minutes"),
        goal=lesson.text("goal"), aha=lesson.text("aha"), version=lesson.whole("version"),
        knows=lesson.words("knows"), names=names, left_out=lesson.text("left_out", ""),
        steps=tuple(_step(part) for part in lesson.parts("step", STEPS_MAX)),
    )  # fmt: skip
    lesson.done()
    return found


def _filled(value: Any, names: Mapping[str, str]) -> Any:
    """Put names in place of their braces, everywhere."""
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, list):
        return [_filled(part, names) for part in value]
    if isinstance(value, dict):
        return {name: _filled(part, names) for name, part in value.items()}
    return value


def _step(part: Table) -> Step:
    step = Step(
        id=part.text("id"), title=part.text("title"), concepts=part.wholes("concepts"),
        introduces=part.words("introduces"), text=part.words("text"), do=part.words("do"),
        after_text=part.words("after_text"), asks=tuple(map(_ask, part.parts("ask", CLAUSES_MAX))),
        checks=tuple(map(_clause, part.parts("check", CLAUSES_MAX))),
        hints=tuple(map(_clause, part.parts("hint", CLAUSES_MAX))),
        never=tuple(map(_clause, part.parts("never", CLAUSES_MAX))),
        tools=tuple(map(_tool, part.parts("tool", CLAUSES_MAX))), gadgets=part.words("gadgets", model.GADGETS),
        lens=_lens(part),
        solution=part.moves("solution", MOVES_MAX), wrong=part.moves("wrong", MOVES_MAX),
        wrong_hint=part.text("wrong_hint", ""), ruin=part.moves("ruin", MOVES_MAX),
    )  # fmt: skip
    _check_names(step, part)
    part.done()
    return step


def _lens(part: Table) -> str:
    lens = part.text("lens", "")
    if lens and lens not in model.LENSES:
        raise part.wrong(f"lens is one of {', '.join(model.LENSES)}", "lens")
    return lens


def _check_names(step: Step, part: Table) -> None:
    """Ids are there once, and what is spoken of is there."""
    clauses = (*step.checks, *step.hints, *step.never)
    ids = [*(one.id for one in clauses), *(ask.id for ask in step.asks)]
    for again in [name for place, name in enumerate(ids) if name in ids[:place]]:
        raise part.wrong(f"two parts of the step are called {again!r}")
    checks, asks = [one.id for one in step.checks], [one.id for one in step.asks]
    for one in clauses:
        for name in (*one.after, *one.unless):
            if name not in checks:
                raise part.wrong(f"{one.id!r} speaks of the check {name!r}, which is not in this step")
        if one.kind in ("answered", "right") and one.of not in asks:
            raise part.wrong(f"{one.id!r} speaks of the question {one.of!r}, which is not in this step")
        for value in (one.value, *(limit for compare in one.where.values() for limit in compare.values())):
            if isinstance(value, str) and value.startswith("@") and value[1:].partition(".")[0] not in checks:
                raise part.wrong(f"{one.id!r} takes {value!r} from a check that is not in this step")
    if any(one.remove for one in step.hints) and not any(tool.action["do"] == "remove" for tool in step.tools):
        raise part.wrong("a hint removes a client only where a tool of the step does")
    for ask in step.asks:
        if ask.shown_by and ask.shown_by not in checks:
            raise part.wrong(f"the question {ask.id!r} is answered by {ask.shown_by!r}, which is no check of this step")
    if step.wrong_hint and step.wrong_hint not in [hint.id for hint in step.hints]:
        raise part.wrong(f"wrong_hint {step.wrong_hint!r} is no hint of this step")


def _ask(part: Table) -> Ask:
    kind = part.text("kind")
    if kind not in ASK_KINDS:
        raise part.wrong(f"a question's kind is one of {', '.join(ASK_KINDS)}", "kind")
    choices = tuple(part.texts("choices").items())
    if (kind == "choice") is not bool(choices):
        raise part.wrong("a question has choices when its kind is choice, and only then", "choices")
    ask = Ask(
        part.text("id"), part.text("say"), kind, choices, part.text("shown_by", ""), part.scalar("truth"),
        part.text("because", ""),
    )  # fmt: skip
    part.done()
    return ask


def _clause(part: Table) -> Clause:
    kinds = [kind for kind in model.KINDS if kind in part.raw]
    if len(kinds) != 1:
        raise part.wrong(f"a check is exactly one of {', '.join(model.KINDS)}")
    kind = kinds[0]
    of = part.text(kind)
    if kind == "state" and of not in model.STATES:
        raise part.wrong(f"there is no state of {of!r}: only of {', '.join(model.STATES)}", kind)
    measure = part.compares("measure", "ge")
    unknown = [name for name in measure if name not in model.MEASURES.get(kind, ())]
    if unknown or (kind in model.MEASURES and not measure):
        raise part.wrong(f"{kind} is measured by {', '.join(model.MEASURES.get(kind, ('nothing',)))}", "measure")
    by = part.text("by", "you" if kind in model.CAUSED else "anyone")
    if by not in ("you", "yours", "anyone"):
        raise part.wrong("by is you (in this step), yours (also earlier) or anyone", "by")
    clause = Clause(
        id=part.text("id"), say=part.text("say"), kind=kind, of=of, where=part.compares("where", "eq"),
        after=part.words("after"), times=part.compare("times", "ge") or ALWAYS, distinct=part.text("distinct", ""),
        by=by, measure=measure, value=part.scalar("is"), waiting=part.text("waiting", ""), unless=part.words("unless"),
        remove=part.text("remove", ""),
    )  # fmt: skip
    part.done()
    return clause


def _tool(part: Table) -> Tool:
    action = part.mapping("action")
    fields = tuple(part.moves("fields", 12))
    if not isinstance(action.get("do"), str):
        raise part.wrong("a tool has an action that says what to do", "action")
    for one in fields:
        if not isinstance(one.get("name"), str) or not isinstance(one.get("label"), str):
            raise part.wrong("a field of a tool has a name and a label", "fields")
        if one.get("kind", "text") not in ("text", "whole", "number", "choice"):
            raise part.wrong("a field's kind is text, whole, number or choice", "fields")
    tool = Tool(part.text("label"), action, fields, part.scalar("free") is True)
    part.done()
    return tool
