"""What a world shows to a lesson's step: events since it opened become facts, each once; the check decides on them.

A watch can always be made again from the history, so nothing of it is kept on disk.

*Invariants*: looking changes nothing; one look takes LOOK_S or little more and says when it is behind; state is read
at the present only; what is found does not depend on how many looks it took.
*Not here*: deciding (sandbox/checks), what the learner has done so far in a lesson (services/lesson_runs.py).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.simulation.hosted import inside, observed
from engine.simulation.hosted.deeds import deed
from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.picture import picture
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.timeline import Timeline
from engine.simulation.past import Entry
from sandbox.checks import evaluate
from sandbox.checks.evaluate import Evaluation, Report
from sandbox.checks.gathered import Answer, Gathered
from sandbox.checks.model import Step

LOOK_S = 0.03  # of one look, so that other worlds do not wait
EVENTS_AT_ONCE = 64  # between two looks at the clock
KNOWN_MAX = 50_000
ANSWERS_MAX = 200
STRIP_MAX, READERS_MAX = 60, 4  # records of one reader, and readers, that are shown in order


@dataclass(slots=True)
class LessonWatch:
    """One step of one lesson in one world."""

    step: Step
    key: tuple[Any, ...]  # what it was made for
    gathered: Gathered
    known: dict[int, int] = field(default_factory=dict)  # event -> the action that it goes back to

    def look(self, timeline: Timeline) -> Report | None:
        """Take what is new and decide; None while it is behind, or while the playhead stands in the past."""
        gathered, world = self.gathered, timeline.world
        if not timeline.at_present:
            return None
        if world.events < gathered.event:
            self.gathered = gathered = Gathered(self.step, gathered.since, gathered.answers, event=gathered.since)
        ends_s = time.perf_counter() + LOOK_S
        while gathered.event < world.events:
            if time.perf_counter() > ends_s:
                return None
            last = min(world.events, gathered.event + EVENTS_AT_ONCE)
            for entry in timeline.entries(gathered.event + 1, last - gathered.event):
                self._take(timeline, entry)
            gathered.event = last
        gathered.state = {**picture(timeline), "files": self._files(timeline)}
        return evaluate.report(gathered)

    def _files(self, timeline: Timeline) -> list[dict[str, Any]]:
        topics = dict.fromkeys(
            str(how["eq"])
            for one in self.gathered.clauses
            if one.kind == "state" and one.of == "file"
            for how in (one.where.get("topic", {}),)
            if "eq" in how
        )
        return [one for topic in topics for one in inside.files(timeline.world, topic)]

    def _take(self, timeline: Timeline, entry: Entry) -> None:
        if entry.kind == "act":
            fact = {**deed(entry.brief), "event": entry.number, "at_us": entry.at_us, "root": entry.number}
            self.gathered.take_did(fact)
        for one in entry.seen:
            records = one.kind == "appended" and self.gathered.wants_records(one.values[0])
            if records or self.gathered.wants("seen", one.kind) or one.kind == "delivered":
                # A broker's own timers (a rebalance) stand between a reader and its first record: then its declaration.
                root = self._root(timeline, entry.number) or inside.declaration(timeline, one.node, entry.number)
                fact = {**observed.facts(one), "event": entry.number, "at_us": entry.at_us, "root": root}
                self.gathered.take_seen(fact)
                if records:
                    self._take_records(timeline, fact)

    def _take_records(self, timeline: Timeline, fact: Mapping[str, Any]) -> None:
        place = fact["topic"], fact["partition"], fact["first"], fact["end"]
        for record in inside.records(timeline.world, *place):
            self.gathered.take_record({**record, "event": fact["event"], "root": fact["root"]})

    def _root(self, timeline: Timeline, number: int) -> int:
        if len(self.known) > KNOWN_MAX:
            self.known.clear()
        return inside.root(timeline, number, self.known)


def watch(
    before: LessonWatch | None, step: Step, since: int, answers: Sequence[Answer], of: tuple[Any, ...]
) -> LessonWatch:
    """The watch that there was, if it is for the same step; else a new one."""
    key = (*of, step.id, since)
    if before is None or before.key != key:
        before = LessonWatch(step, key, Gathered(step, since, event=since))
    before.gathered.answers = list(answers)
    return before


def answers_of(fields: Fields) -> list[Answer]:
    """The answers in a command."""
    given = fields.given.get("answers", [])
    fields.read["answers"] = None
    if not isinstance(given, list) or len(given) > ANSWERS_MAX:
        raise Refused(f"answers are a list of at most {ANSWERS_MAX}", "answers")
    found = []
    for one in given:
        part = Fields(one, "an answer")
        found.append(Answer(part.text("ask"), part.text("value", longest=300), part.whole("event", 0, 1 << 53)))
        part.done()
    return found


def as_json(watched: LessonWatch, timeline: Timeline, report: Report | None) -> dict[str, Any]:
    """What a page is told."""
    where = {"event": timeline.world.events, "present": timeline.at_present, "behind": report is None}
    if report is None:
        nothing = {"clauses": [], "hints": [], "hint_ids": [], "spoilt": [], "truths": {}, "files": [], "received": []}
        return {**where, "done": False, "shares": [], **nothing}
    evaluation = Evaluation(watched.gathered)
    sights = evaluation.sights()
    truths = {}
    for ask in watched.step.asks:
        shown = next((one for one in report.verdicts if one.id == ask.shown_by), None)
        if shown is not None and shown.met:
            truths[ask.id] = evaluation.resolve(ask.truth)
    return {
        **where, "done": report.done, "hints": list(report.hints), "hint_ids": list(report.hint_ids),
        "spoilt": list(report.spoilt), "truths": truths,
        "clauses": [{**one._asdict(), "fact": None} for one in report.verdicts],
        "files": watched.gathered.state["files"], "shares": sights.shares,
        "received": [
            {"node": one.node, "more": max(0, len(one.numbers) - STRIP_MAX), "stays": one.stays(STRIP_MAX)}
            for one in sights.received[-READERS_MAX:]
        ],
    }  # fmt: skip
