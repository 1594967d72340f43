"""Being in a lesson: begun, answered, a step passed, begun anew from an earlier step.

What the world says comes in as plain numbers and reports: who asks the runner is the view.

*Invariants*: an answer is kept before the deed that it foretells, with the event after which it was given; a step is
passed only when the runner reported it done; what is done stays done.
*Not here*: deciding checks (sandbox/checks), who may (visitors.py).
"""

import secrets
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from console.models import User
from sandbox.checks.answers import ANSWER_MAX, tidied
from sandbox.checks.model import Lesson, Step
from sandbox.lessons import catalog
from sandbox.models import LessonRun, Sandbox

SALT_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for others
SALT_LENGTH = 4
ANSWERS_MAX = 100  # of one step


class LessonRefused(Exception):
    """It cannot be done: a sentence, and the question that it is about."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


def begin(sandbox: Sandbox, slug: str, event: int) -> LessonRun:
    """Open a lesson in a sandbox, or go on with it."""
    lesson = catalog.lesson(slug, catalog.SALT_SHOWN)
    LessonRun.objects.filter(sandbox=None, user=None).delete()  # of guests whose sandbox is over
    with transaction.atomic():
        sandbox.lesson_runs.update(current=False)
        run, _ = LessonRun.objects.get_or_create(
            sandbox=sandbox, slug=slug,
            defaults={"version": lesson.version, "salt": new_salt(), "opened_at": event, "user": sandbox.owner},
        )  # fmt: skip
        run.current = True
        if run.version != lesson.version:  # the lesson has changed: its open step begins anew
            run.version, run.opened_at, run.answers, run.reached_at = lesson.version, event, [], None
            run.step = min(run.step, len(lesson.steps))
        run.save()
    return run


def new_salt() -> str:
    """A few letters that make this run's names its own."""
    return "".join(secrets.choice(SALT_LETTERS) for _ in range(SALT_LENGTH))


def current(sandbox: Sandbox) -> LessonRun | None:
    """The run that stands beside the picture."""
    return sandbox.lesson_runs.filter(current=True).first()


def leave(run: LessonRun) -> None:
    """Put the lesson aside; what is done is kept."""
    run.current = False
    run.save(update_fields=["current", "used_at"])


def lesson_of(run: LessonRun) -> Lesson:
    """The lesson with the names of this run."""
    return catalog.lesson(run.slug, run.salt)


def open_step(run: LessonRun) -> Step | None:
    """The step that is open; None when the lesson is finished."""
    steps = lesson_of(run).steps
    return steps[run.step] if run.step < len(steps) else None


def answer(run: LessonRun, ask_id: str, value: str, event: int) -> None:
    """Keep an answer, given after so many events."""
    step = open_step(run)
    ask = next((one for one in step.asks if one.id == ask_id), None) if step else None
    if ask is None:
        raise LessonRefused("This question is not open any more: here is where you are.")
    value = tidied(value, ask.kind)
    if not value:
        raise LessonRefused("An answer, please: a guess is enough.", ask_id)
    if len(value) > ANSWER_MAX:
        raise LessonRefused(f"An answer is at most {ANSWER_MAX} characters long.", ask_id)
    if ask.kind == "whole" and not (value.isascii() and value.isdigit()):
        raise LessonRefused("A whole number, such as 2.", ask_id)
    if ask.kind == "choice" and value not in dict(ask.choices):
        raise LessonRefused("Choose one of the answers.", ask_id)
    with transaction.atomic():
        kept = LessonRun.objects.get(pk=run.pk)
        if len(kept.answers) >= ANSWERS_MAX:
            kept.answers = kept.answers[-ANSWERS_MAX // 2 :]
        kept.answers = [*kept.answers, {"ask": ask_id, "value": value, "event": event}]
        kept.save(update_fields=["answers", "used_at"])
    run.answers = kept.answers


def answer_all(run: LessonRun, typed: Mapping[str, str], right: Collection[str], event: int) -> dict[str, str]:
    """Keep what is filled in and new, by one press; return which questions are refused, and why.

    What was said before stays as it is, unless nothing else is said: then all is said anew but what has come true.
    """
    filled = {name: value for name, value in typed.items() if value.strip()}
    if not filled:
        open_ones = [name for name in typed if answered(run, name) is None] or list(typed)
        return {open_ones[0]: "An answer, please: a guess is enough."}
    step = open_step(run)
    kinds = {ask.id: ask.kind for ask in step.asks} if step else {}
    fresh = [name for name, value in filled.items() if tidied(value, kinds.get(name, "")) != answered(run, name)]
    refused = {}
    for name in fresh or [name for name in filled if name not in right]:
        try:
            answer(run, name, filled[name], event)
        except LessonRefused as wrong:
            refused[name] = wrong.reason
    return refused


def answered(run: LessonRun, ask_id: str) -> str | None:
    """The newest answer to a question."""
    return next((one["value"] for one in reversed(run.answers) if one["ask"] == ask_id), None)


def reached(run: LessonRun, event: int) -> None:
    """The runner says that the open step is done: it stays so, whatever comes."""
    if run.reached_at is None:
        run.reached_at = event
        run.save(update_fields=["reached_at", "used_at"])


def next_step(run: LessonRun, event: int) -> None:
    """Open the next step, if the open one is done."""
    step = open_step(run)
    if step is None or run.reached_at is None:
        return
    run.done = [*run.done, {"step": step.id, "opened": run.opened_at, "event": run.reached_at}]
    run.step, run.opened_at, run.answers, run.reached_at = run.step + 1, event, [], None
    if open_step(run) is None:
        run.finished_at = timezone.now()
    if run.sandbox is not None and run.user is None:
        run.user = run.sandbox.owner  # who was a guest has signed in
    run.save()


def opened_at(run: LessonRun, step_id: str) -> int:
    """The event after which a step opened: where the world is forked to begin it anew."""
    step = open_step(run)
    if step is not None and step.id == step_id:
        return run.opened_at
    for one in run.done:
        if one["step"] == step_id:
            return int(one["opened"])
    raise LessonRefused("That step has not been open yet.")


def carry_over(run: LessonRun, branch: Sandbox, step_id: str) -> LessonRun:
    """The run in a fork: it stands where that step opened."""
    event = opened_at(run, step_id)
    place = [step.id for step in lesson_of(run).steps].index(step_id)
    with transaction.atomic():
        branch.lesson_runs.update(current=False)
        return LessonRun.objects.create(
            sandbox=branch, user=branch.owner, slug=run.slug, version=run.version, salt=run.salt, step=place,
            opened_at=event, done=run.done[:place],
        )  # fmt: skip


def farthest(user: User | None, sandboxes: Any) -> dict[str, LessonRun]:
    """By lesson: the run that came farthest, of a user or in somebody's sandboxes."""
    found = LessonRun.objects.filter(sandbox__in=sandboxes)
    if user is not None:
        found = found | LessonRun.objects.filter(user=user)
    best: dict[str, LessonRun] = {}
    for run in found.select_related("sandbox").distinct():
        known = best.get(run.slug)
        if known is None or (run.step, run.used_at) > (known.step, known.used_at):
            best[run.slug] = run
    return best
