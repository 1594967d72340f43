"""What the panel of a lesson asks of a sandbox: how the open step stands.

*Invariant*: nothing here changes a world.
*Not here*: keeping what was reached (services/lesson_runs.py).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.refused import Refused
from sandbox.lessons import catalog
from sandbox.runner import lesson_watch
from sandbox.runner.hosted import Hosted

if TYPE_CHECKING:
    from sandbox.runner.server import Runner


def _lesson(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    slug, salt = fields.text("lesson", longest=60), fields.text("salt", longest=8)
    try:
        step = catalog.step(slug, salt, fields.text("step", longest=20))
    except catalog.NoLesson as wrong:
        raise Refused(str(wrong), "lesson") from None
    since, answers = fields.whole("since", 0, 1 << 53), lesson_watch.answers_of(fields)
    hosted.lesson = lesson_watch.watch(hosted.lesson, step, since, answers, (slug, salt))
    report = hosted.lesson.look(hosted.timeline)
    return {**lesson_watch.as_json(hosted.lesson, hosted.timeline, report), "plays": hosted.plays}


LESSON_COMMANDS: dict[str, Callable[["Runner", Hosted, Fields], dict[str, Any]]] = {"lesson": _lesson}
