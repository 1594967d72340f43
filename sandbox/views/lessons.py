"""Lessons: the list, and the panel beside the picture: answer, act, compare, go on.

*Invariants*: the first line of each view says who is asked for; what a step needs is decided by the runner, never by
what a browser sends; a GET changes nothing but what was reached.
*Not here*: what is on the panel (lesson_panels.py), the lessons (sandbox/lessons).
"""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from console.models import Cluster, User
from sandbox import control
from sandbox.checks.model import CONCEPTS, Lesson
from sandbox.control import ControlRefused, NoRunner
from sandbox.lessons import catalog, gadget
from sandbox.lifecycle import State
from sandbox.models import LessonRun, Sandbox
from sandbox.services import lesson_runs, sandboxes, visitors
from sandbox.services.lesson_runs import LessonRefused
from sandbox.services.sandboxes import SandboxRefused
from sandbox.views import lesson_panels
from sandbox.views.lesson_panels import Status, ToolRefused, Typed

LISTED_MAX = 50
LOOKS_MAX = 8  # of one request, while the checks are behind the world


@dataclass(frozen=True, slots=True)
class LessonRow:
    """One lesson in the list."""

    lesson: Lesson
    concepts: list[tuple[int, str]]
    run: LessonRun | None
    sandbox: Sandbox | None  # in which it may go on

    @property
    def steps_done(self) -> int:
        """How many steps are behind."""
        return self.run.step if self.run else 0


@dataclass(frozen=True, slots=True)
class Lessons:
    """Context of sandbox/lesson_cards.html."""

    rows: list[LessonRow]
    sandboxes: list[Sandbox]  # in which one may begin
    room: bool  # for a new one
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class LessonListPage:
    """Context of sandbox/lessons.html."""

    lessons: Lessons
    guest: bool
    refused: str = ""
    cluster: Cluster | None = None
    place: str = "lessons"


@login_not_required
@require_safe
def lesson_list(request: HttpRequest) -> HttpResponse:
    """What there is to learn, how long it takes, how far one is."""
    if not _welcome(request):
        return redirect_to_login(request.get_full_path())
    return _list(request)


@login_not_required
@require_POST
def lesson_start(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a lesson, in a sandbox that is there or in a new one."""
    if not _welcome(request):
        return redirect_to_login(request.get_full_path())
    if slug not in catalog.ORDER:
        raise Http404("no such lesson")
    try:
        sandbox, event = _where(request, slug)
    except (SandboxRefused, ControlRefused, NoRunner) as refused:
        return _list(request, refused=str(refused), status=409)
    lesson_runs.begin(sandbox, slug, event)
    return redirect("sandbox:sandbox-detail", sandbox_id=sandbox.id)


@login_not_required
@require_safe
def lesson_panel(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """The whole panel, for the page of a sandbox."""
    sandbox, run = _run(request, sandbox_id)
    return _panel(request, sandbox, run)


@login_not_required
@require_safe
def lesson_status(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """How the step stands; nothing when that is what the page shows already."""
    sandbox, run = _run(request, sandbox_id)
    if request.GET.get("step") != str(run.step):
        return HttpResponse(status=204)  # the panel of another step is on its way
    status = _status(sandbox, run)
    if status is None or status.digest == request.GET.get("seen"):
        return HttpResponse(status=204)
    panel = lesson_panels.panel(sandbox, run, status)
    return render(request, "sandbox/lesson.html#looked", {"panel": panel})


@login_not_required
@require_POST
def lesson_answer(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """Keep the answers of a step, before the deed."""
    sandbox, run = _run(request, sandbox_id)
    step = lesson_runs.open_step(run)
    if step is None or request.POST.get("step", step.id) != step.id:
        return _panel(request, sandbox, run, trouble="This question is not open any more: here is where you are.")
    values = {ask.id: request.POST.get(ask.id, "") for ask in step.asks}
    before = _status(sandbox, run)
    right = [one.ask for one in before.compared if one.right] if before else []
    try:
        refused = lesson_runs.answer_all(run, values, right, _event(sandbox))
    except (ControlRefused, NoRunner) as no:
        refused = {step.asks[0].id: str(no)}
    panel = lesson_panels.panel(sandbox, run, _status(sandbox, run), Typed(_clipped(values), refused))
    if not request.htmx:
        return _panel(request, sandbox, run)
    return render(request, "sandbox/lesson.html#said", {"panel": panel, "sandbox": sandbox})


def _clipped(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:300] for name, value in values.items()}


@login_not_required
@require_POST
def lesson_act(request: HttpRequest, sandbox_id: uuid.UUID, number: int) -> HttpResponse:
    """Carry out the action of one of the step's forms."""
    sandbox, run = _run(request, sandbox_id)
    step = lesson_runs.open_step(run)
    if step is None or number >= len(step.tools):
        raise Http404("no such form in this step")
    values = {str(one["name"]): request.POST.get(str(one["name"]), "")[:1000] for one in step.tools[number].fields}
    refused = done = ""
    if not step.tools[number].free and not lesson_panels.foretold(run, step):
        refused = "First say what will happen: then do it."
    else:
        try:
            control.ask(sandbox.id, "act", action=lesson_panels.action_of(step.tools[number], values))
            done = "Done."
        except (ControlRefused, NoRunner, ToolRefused) as error:
            refused = str(error)
    form = lesson_panels.tool_form(run, step, number, values, refused, done)
    if not request.htmx:
        return redirect("sandbox:sandbox-detail", sandbox_id=sandbox.id)
    return render(request, "sandbox/lesson.html#tool", {"form": form, "sandbox": sandbox})


@login_not_required
@require_POST
def lesson_next(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """Go on to the next step, if this one is done."""
    sandbox, run = _run(request, sandbox_id)
    _status(sandbox, run)
    with suppress(ControlRefused, NoRunner):  # then the panel says that nobody answers
        lesson_runs.next_step(run, _event(sandbox))
    return _panel(request, sandbox, run)


@login_not_required
@require_POST
def lesson_restart(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """Begin a step anew: in a fork of the sandbox, from where the step opened."""
    sandbox, run = _run(request, sandbox_id)
    step_id = request.POST.get("step", "")
    try:
        event = lesson_runs.opened_at(run, step_id)
        made = control.ask(sandbox.id, "fork", **{"from": event, "name": f"{sandbox.name[:40]}, again from {step_id}"})
    except (LessonRefused, ControlRefused, NoRunner) as refused:
        return _panel(request, sandbox, run, trouble=str(refused))
    branch = Sandbox.objects.get(id=uuid.UUID(made["sandbox"]))
    lesson_runs.carry_over(run, branch, step_id)
    control.ask(branch.id, "play", speed=1)
    return _gone_to(request, reverse("sandbox:sandbox-detail", args=[branch.id]))


@login_not_required
@require_POST
def lesson_leave(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """Put the lesson aside."""
    _, run = _run(request, sandbox_id)
    lesson_runs.leave(run)
    return _gone_to(request, reverse("sandbox:lesson-list"))


@login_not_required
@require_safe
def lesson_hash(request: HttpRequest) -> HttpResponse:
    """The hash gadget's table for a key."""
    key, count = gadget.read(request.GET.get("key", ""), request.GET.get("count", ""))
    context = {"rows": gadget.hashed(key, count), "key": key, "count": count}
    return render(request, "sandbox/lesson.html#hashed", context)


def _panel(request: HttpRequest, sandbox: Sandbox, run: LessonRun, trouble: str = "") -> HttpResponse:
    if not request.htmx and request.method == "POST":  # without scripts the page comes anew
        return redirect("sandbox:sandbox-detail", sandbox_id=sandbox.id)
    panel = lesson_panels.panel(sandbox, run, _status(sandbox, run))
    response = render(
        request, "sandbox/lesson.html", {"panel": panel, "trouble": trouble, "moved": request.method == "POST"}
    )
    if request.htmx and request.htmx.target != "lesson":  # a form of a step that is not open any more
        response["HX-Retarget"] = "#lesson"
    return response


def _status(sandbox: Sandbox, run: LessonRun) -> Status | None:
    """Ask the runner how the open step stands, and keep it when it is done."""
    step = lesson_runs.open_step(run)
    if step is None:
        return None
    report: dict[str, Any] = {}
    trouble = ""
    try:
        for _ in range(LOOKS_MAX):
            report = control.ask(
                sandbox.id, "lesson", lesson=run.slug, salt=run.salt, step=step.id, since=run.opened_at,
                answers=run.answers,
            )  # fmt: skip
            if not report["behind"] or not report["present"]:
                break
    except (ControlRefused, NoRunner) as refused:
        trouble = str(refused)
    if report.get("done"):
        lesson_runs.reached(run, report["event"])
    return lesson_panels.status(run, step, report, trouble)


def _event(sandbox: Sandbox) -> int:
    """How many events there have been: an answer given now foretells what comes after."""
    time: dict[str, int] = control.ask(sandbox.id, "frame")["time"]
    return time["head"]


def _run(request: HttpRequest, sandbox_id: uuid.UUID) -> tuple[Sandbox, LessonRun]:
    sandbox = visitors.sandbox_for(request.user, visitors.guest_of(request.session), sandbox_id)
    run = lesson_runs.current(sandbox)
    if run is None or sandbox.state == State.EXPIRED:
        raise Http404("no lesson is open here")
    return sandbox, run


def _where(request: HttpRequest, slug: str) -> tuple[Sandbox, int]:
    """The sandbox that was chosen and where it stands, or a new one at its beginning."""
    chosen = request.POST.get("sandbox", "")
    guest = visitors.guest_of(request.session)
    if chosen:
        try:
            sandbox = visitors.sandbox_for(request.user, guest, uuid.UUID(chosen))
        except ValueError:
            raise Http404("no such sandbox for you") from None
        return sandbox, _event(sandbox)
    name = catalog.lesson(slug, catalog.SALT_SHOWN).title
    if isinstance(request.user, User):
        return sandboxes.make(name=name, limits=visitors.limits_for(request.user), owner=request.user), 0
    guest = visitors.admit_guest(request.session, request.META.get("REMOTE_ADDR", ""))
    return sandboxes.make(name=name, limits="guest", guest=guest), 0


def _list(request: HttpRequest, *, refused: str = "", status: int = 200) -> HttpResponse:
    page = LessonListPage(lessons_for(request), guest=not request.user.is_authenticated, refused=refused)
    return render(request, "sandbox/lessons.html", {"page": page}, status=status)


def lessons_for(request: HttpRequest) -> Lessons:
    """Every lesson, how far this visitor is, and where they may begin it."""
    guest = visitors.guest_of(request.session)
    own = visitors.sandboxes_of(request.user, guest).exclude(state=State.EXPIRED)
    best = lesson_runs.farthest(request.user if isinstance(request.user, User) else None, own)
    rows = []
    for lesson in catalog.lessons():
        run = best.get(lesson.slug)
        sandbox = run.sandbox if run and run.sandbox and run.sandbox.state != State.EXPIRED else None
        numbers = dict.fromkeys(number for step in lesson.steps for number in step.concepts)
        rows.append(LessonRow(lesson, [(number, CONCEPTS[number]) for number in numbers], run, sandbox))
    owner = request.user if isinstance(request.user, User) else None
    room = sandboxes.room(owner, guest, visitors.limits_for(request.user)) > 0
    return Lessons(rows, list(own[:LISTED_MAX]), room, request.POST.get("sandbox") or request.GET.get("sandbox", ""))


def _gone_to(request: HttpRequest, address: str) -> HttpResponse:
    if not request.htmx:
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


def _welcome(request: HttpRequest) -> bool:
    if request.user.is_authenticated or visitors.guests_welcome(request.META.get("REMOTE_ADDR", "")):
        return True
    return bool(visitors.guest_of(request.session))
