"""What the panel of a lesson shows: the open step with its questions, forms and clauses, from a run and a report.

*Not here*: requests (lessons.py), deciding (sandbox/checks).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.checks.answers import same
from sandbox.checks.model import CONCEPTS, Ask, Lesson, Step, Tool
from sandbox.lessons import catalog, gadget
from sandbox.models import LessonRun, Sandbox
from sandbox.services import lesson_runs

Report = Mapping[str, Any]


class Typed(NamedTuple):
    """What was sent for the questions, and why some of it was refused."""

    values: Mapping[str, str] = {}
    refused: Mapping[str, str] = {}


NOTHING_TYPED = Typed()


@dataclass(frozen=True, slots=True)
class Question:
    """One question and what was answered."""

    ask: Ask
    answer: str
    refused: str
    shown: str  # what was typed, if it was refused; else the answer


@dataclass(frozen=True, slots=True)
class ToolField:
    """One field of a form."""

    name: str
    label: str
    kind: str
    choices: list[tuple[str, str]]
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ToolForm:
    """One form: an action with values that the learner fills in."""

    number: int
    tool: Tool
    fields: list[ToolField]
    enabled: bool
    refused: str = ""
    done: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was foretold, and what came."""

    ask: str
    say: str
    answer: str
    truth: str
    right: bool
    because: str


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """One condition of a step, and how it stands: good, next (the first that is open), or none yet."""

    id: str
    say: str
    tone: str
    because: str


@dataclass(frozen=True, slots=True)
class Near:
    """What is said of a nearly right state, and who is to be removed first, by the form of that number."""

    say: str
    remove: str = ""
    form: int = 0
    field: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What one partition has of some records."""

    partition: int
    percent: int


@dataclass(frozen=True, slots=True)
class Shares:
    """How partitions share the records that a condition speaks of."""

    say: str
    partitions: list[Share]


@dataclass(frozen=True, slots=True)
class Status:
    """How the step stands."""

    report: Report
    done: bool
    met: int
    clauses: list[ClauseRow]
    hidden: bool  # conditions that would give away what is to be foretold
    compared: list[Compared]
    note: str
    files: list[Mapping[str, Any]]
    near: list[Near]
    shares: list[Shares]
    trouble: str = ""

    @property
    def digest(self) -> str:
        """Another one when something else is to be shown."""
        told = [self.report.get(name) for name in ("clauses", "hints", "spoilt", "received", "shares")]
        shown = [*told, self.done, self.note, self.files, self.trouble]
        told = json.dumps([*shown, [one.truth for one in self.compared]], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Panel:
    """Context of sandbox/lesson.html."""

    sandbox: Sandbox
    run: LessonRun
    lesson: Lesson
    step: Step | None
    status: Status | None
    questions: list[Question] = field(default_factory=list)
    tools: list[ToolForm] = field(default_factory=list)
    hashed: list[gadget.Hashed] = field(default_factory=list)
    hash_key: str = ""
    hash_count: int = 3

    @property
    def all_said(self) -> bool:
        """Whether every question has an answer."""
        return all(one.answer for one in self.questions)

    @property
    def concepts(self) -> list[tuple[int, str, bool]]:
        """Concepts of the lesson: number, name, whether their step is behind."""
        return [
            (number, CONCEPTS[number], place < self.run.step)
            for place, step in enumerate(self.lesson.steps)
            for number in step.concepts
        ]

    @property
    def following(self) -> Lesson | None:
        """The lesson behind this one."""
        lessons = catalog.lessons()
        place = [one.slug for one in lessons].index(self.run.slug)
        return lessons[place + 1] if place + 1 < len(lessons) else None

    @property
    def places(self) -> list[tuple[Step, str]]:
        """Each step with "done", "now" or nothing."""
        here = self.run.step
        return [
            (step, "done" if place < here else "now" if place == here else "")
            for place, step in enumerate(self.lesson.steps)
        ]


def panel(sandbox: Sandbox, run: LessonRun, status: Status | None, typed: Typed = NOTHING_TYPED) -> Panel:
    """Everything of the open step."""
    lesson, step = lesson_runs.lesson_of(run), lesson_runs.open_step(run)
    if step is None:
        return Panel(sandbox, run, lesson, None, status)
    questions = [_question(ask, lesson_runs.answered(run, ask.id) or "", typed) for ask in step.asks]
    tools = [tool_form(run, step, number) for number in range(len(step.tools))]
    do = " ".join(step.do)
    count = 4 if "fourth" in do or "4 partitions" in do else 3
    asked = [name for name in lesson.names.values() if any(name in ask.say for ask in step.asks)]
    key = max(asked, key=len) if asked else lesson.names.get("a", "")  # the one that is asked about
    return Panel(sandbox, run, lesson, step, status, questions, tools, gadget.hashed(key, count), key, count)


def _question(ask: Ask, answer: str, typed: Typed) -> Question:
    reason = typed.refused.get(ask.id, "")
    return Question(ask, answer, reason, typed.values.get(ask.id, answer) if typed.refused else answer)


def foretold(run: LessonRun, step: Step) -> bool:
    """Whether all that is to be said before the deed is said."""
    first = [one.of for one in step.checks if one.kind == "answered"]
    return all(lesson_runs.answered(run, name) for name in first)


def tool_form(
    run: LessonRun, step: Step, number: int, values: Mapping[str, str] | None = None, refused: str = "", done: str = ""
) -> ToolForm:
    """A form with what was typed."""
    tool, typed = step.tools[number], values or {}
    fields = []
    for one in tool.fields:
        name = str(one["name"])
        choices = [(str(value), str(words)) for value, words in dict(one.get("choices", {})).items()]
        usual = preset(tool, name)
        kind, hint = str(one.get("kind", "text")), str(one.get("hint", ""))
        fields.append(ToolField(name, str(one["label"]), kind, choices, typed.get(name, usual), hint))
    return ToolForm(number, tool, fields, tool.free or foretold(run, step), refused, done)


def preset(tool: Tool, name: str) -> str:
    """The value that a field has before anybody types."""
    found: Any = tool.action
    for part in name.split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return "" if isinstance(found, Mapping) else str(found)


class ToolRefused(Exception):
    """A form cannot be sent as it is filled in."""


def action_of(tool: Tool, values: Mapping[str, str]) -> dict[str, Any]:
    """The action that a form asks for."""
    action: dict[str, Any] = json.loads(json.dumps(tool.action))
    for one in tool.fields:
        name, kind = str(one["name"]), one.get("kind", "text")
        text = values.get(name, "").strip()
        *above, last = name.split(".")
        part = action
        for step in above:
            part = part.setdefault(step, {})
        part.pop(last, None)
        if not text:
            if name.startswith("headers."):
                action.pop("headers", None)
            continue
        if kind == "whole":
            if not (text.isascii() and text.isdigit() and len(text) < 10):
                raise ToolRefused(f"{one['label']}: a whole number, please.")
            part[last] = int(text)
        elif kind == "choice" and text not in dict(one.get("choices", {})):
            raise ToolRefused(f"{one['label']}: choose one of the list.")
        else:
            part[last] = text
    return action


def status(run: LessonRun, step: Step, report: Report, trouble: str = "") -> Status:
    """How the step stands, by the runner's report."""
    compared = []
    for ask in step.asks:
        said, truth = lesson_runs.answered(run, ask.id), report.get("truths", {}).get(ask.id)
        if said is None or truth is None:
            continue
        words = dict(ask.choices)
        told = words.get(str(truth), str(truth))
        compared.append(Compared(ask.id, ask.say, words.get(said, said), told, same(said, truth), ask.because))
    done = run.reached_at is not None
    hidden = not done and not foretold(run, step)
    return Status(
        report, done, sum(1 for one in report.get("clauses", ()) if one["met"]),
        _clauses(run, step, report, hidden=hidden), hidden and any(one.kind != "answered" for one in step.checks),
        compared, _note(report, done, trouble),
        [_dumped(one) for one in report.get("files", ())] if "disk" in step.gadgets else [],
        [_near(step, name, say) for name, say in zip(report.get("hint_ids", ()), report.get("hints", ()), strict=True)],
        [shares_of(say, counted) for say, counted in report.get("shares", ())], trouble,
    )  # fmt: skip


def _clauses(run: LessonRun, step: Step, report: Report, *, hidden: bool) -> list[ClauseRow]:
    """The conditions; those beyond the answers only once what is to be foretold is said."""
    found = {one["id"]: one for one in report.get("clauses", ())}
    asks = {ask.id: dict(ask.choices) for ask in step.asks}
    rows: list[ClauseRow] = []
    for check in step.checks:
        if hidden and check.kind != "answered":
            continue
        one = found.get(check.id, {})
        because = str(one.get("because") or "")
        said = lesson_runs.answered(run, check.of) if check.kind == "answered" else None
        if said is not None:
            because = f"You said: {asks.get(check.of, {}).get(said, said)}."
        first = not one.get("waits") and all(row.tone == "good" for row in rows)
        rows.append(ClauseRow(check.id, check.say, "good" if one.get("met") else "next" if first else "none", because))
    return rows


def _near(step: Step, hint_id: str, say: str) -> Near:
    """A hint, with the press that it asks for."""
    remove = next(one.remove for one in step.hints if one.id == hint_id)
    number = next((place for place, tool in enumerate(step.tools) if tool.action["do"] == "remove"), 0)
    return Near(say, remove, number, str(step.tools[number].fields[0]["name"])) if remove else Near(say)


def shares_of(say: str, counted: Sequence[Sequence[int]]) -> Shares:
    """Each partition's part of all."""
    whole = sum(records for _, records in counted)
    return Shares(say, [Share(partition, round(100 * records / whole)) for partition, records in counted])


def _note(report: Report, done: bool, trouble: str) -> str:
    if trouble or done:
        return ""
    if not report.get("present", True):
        return "You are looking at the past. The checks look at the present: go back there to go on."
    if report.get("behind"):
        return "Much has happened since: the checks are catching up."
    if not report.get("plays", True):
        return "Time stands still: press Play, so that what you do can happen."
    return ""


ROW_BYTES = 8


def _dumped(file: Mapping[str, Any]) -> dict[str, Any]:
    """A file with its name in two parts and its first bytes in rows: as hex, and as text where they are."""
    data = bytes.fromhex(file["head"])
    rows = [data[place : place + ROW_BYTES] for place in range(0, len(data), ROW_BYTES)]
    texts = ["".join(chr(byte) if 32 <= byte < 127 else "·" for byte in row) for row in rows]
    stem, dot, ending = file["name"].rpartition(".")
    name = {"stem": stem, "ending": dot + ending}  # a long name breaks between the two
    return {
        **file,
        **name,
        "rows": [{"hex": row.hex(" "), "text": text} for row, text in zip(rows, texts, strict=True)],
    }
