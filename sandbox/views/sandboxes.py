"""The list of one's sandboxes, making and ending one, the page with its picture, what a fork does otherwise.

*Invariants*: the first line of each view says who is asked for; what belongs to somebody else is not there (404).
*Not here*: what is on the picture (feed, static/js/picture), who may come (services/visitors.py).
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from console.models import Cluster
from sandbox import control
from sandbox.lifecycle import State
from sandbox.limits import Limits, limits_of
from sandbox.models import Sandbox
from sandbox.services import leases, sandboxes, visitors
from sandbox.services.sandboxes import SandboxRefused
from sandbox.views import differences
from sandbox.views.differences import Place
from sandbox.views.lessons import Lessons, lessons_for

NAME_MAX = 60
LISTED_MAX = 100
STATES = {
    State.REQUESTED: "not begun yet",
    State.AWAKE: "awake",
    State.ASLEEP: "asleep, wakes when it is opened",
    State.EXPIRED: "its time is over",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One sandbox in the list."""

    sandbox: Sandbox
    state: str

    @property
    def over(self) -> bool:
        """Nothing can be done with it."""
        return self.sandbox.state == State.EXPIRED

    @property
    def awake(self) -> bool:
        """It can be put to sleep."""
        return self.sandbox.state == State.AWAKE


@dataclass(frozen=True, slots=True)
class SandboxListPage:
    """Context of sandbox/list.html."""

    rows: list[Row]
    lessons: Lessons
    guest: bool
    refused: str = ""
    name: str = ""
    cluster: Cluster | None = None
    place: str = "sandboxes"


@dataclass(frozen=True, slots=True)
class SandboxPage:
    """Context of sandbox/detail.html."""

    sandbox: Sandbox
    guest: bool
    over: bool
    ends_soon: bool
    forks: list[Sandbox]
    limits: Limits

    @property
    def idle_minutes(self) -> int:
        """After how long without a look it falls asleep."""
        return (self.limits.idle_s or 0) // 60


@dataclass(frozen=True, slots=True)
class FullPage:
    """Context of sandbox/full.html: as many are awake as may be."""

    sandbox: Sandbox
    awake: list[Sandbox]
    running: int
    guest: bool
    cluster: Cluster | None = None
    place: str = "sandboxes"

    @property
    def begun(self) -> bool:
        """It was awake before."""
        return self.sandbox.state != State.REQUESTED


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Context of sandbox/compare.html."""

    sandbox: Sandbox
    other: Sandbox | None
    places: list[Place]
    more: int
    moments: tuple[str, str] | None  # of the other and of this one, if they stand apart
    refused: str
    guest: bool
    cluster: Cluster | None = None
    place: str = "sandboxes"


@login_not_required
@require_safe
def sandbox_list(request: HttpRequest) -> HttpResponse:
    """Everything one has, and the button for a new one."""
    if not _welcome(request):
        return redirect_to_login(request.get_full_path())
    return _list(request)


@login_not_required
@require_POST
def sandbox_new(request: HttpRequest) -> HttpResponse:
    """Make one, and go to its picture."""
    if not _welcome(request):
        return redirect_to_login(request.get_full_path())
    typed = " ".join(request.POST.get("name", "").split())[:NAME_MAX]
    name = typed or "Sandbox"
    try:
        if request.user.is_authenticated:
            made = sandboxes.make(name=name, limits=visitors.limits_for(request.user), owner=request.user)
        else:
            guest = visitors.admit_guest(request.session, _address(request))
            made = sandboxes.make(name=name, limits="guest", guest=guest)
    except SandboxRefused as refused:
        return _list(request, refused=str(refused), name=typed, status=409)
    return redirect("sandbox:sandbox-detail", sandbox_id=made.id)


@login_not_required
@require_safe
def sandbox_detail(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """The picture, and everything around it."""
    sandbox = _visited(request, sandbox_id)
    awake = [] if sandbox.state == State.EXPIRED else sandboxes.in_the_way(sandbox)
    if awake and not leases.holder(sandbox.id):
        guest = not request.user.is_authenticated
        full = FullPage(sandbox, awake, limits_of(sandbox.limits).running, guest)
        return render(request, "sandbox/full.html", {"page": full}, status=409)
    root = sandbox.parent_id or sandbox.id
    forks = Sandbox.objects.filter(parent_id=root).exclude(id=sandbox.id).exclude(state=State.EXPIRED)
    page = SandboxPage(
        sandbox=sandbox,
        guest=not request.user.is_authenticated,
        over=sandbox.state == State.EXPIRED,
        ends_soon=sandboxes.ends_soon(sandbox),
        forks=list(forks[:20]),
        limits=limits_of(sandbox.limits),
    )
    return render(request, "sandbox/detail.html", {"page": page}, status=410 if page.over else 200)


@login_not_required
@require_POST
def sandbox_sleep(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """Put it to sleep, perhaps so that another one may wake: then go there."""
    sandbox = _visited(request, sandbox_id)
    then = request.POST.get("then", "")
    try:
        wanted = _visited(request, uuid.UUID(then)) if then else None
    except ValueError:
        wanted = None
    try:
        if leases.holder(sandbox.id):
            control.ask(sandbox.id, "sleep")
    except (control.ControlRefused, control.NoRunner) as error:
        return _list(request, refused=str(error), status=503)
    if wanted is not None:
        return redirect("sandbox:sandbox-detail", sandbox_id=wanted.id)
    return redirect("sandbox:sandbox-list")


@login_not_required
@require_POST
def sandbox_end(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """End it for good."""
    sandboxes.end(_visited(request, sandbox_id))
    return redirect("sandbox:sandbox-list")


@login_not_required
@require_safe
def sandbox_compare(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """What the delivery ledgers of a fork and of where it comes from say differently."""
    sandbox = _visited(request, sandbox_id)
    other, found, refused = sandbox.parent, dict[str, Any](), ""
    if other is None:
        refused = "This sandbox is no fork: look back, fork there, and compare the two."
    else:
        try:
            found = control.ask(sandbox.id, "compare", other=other.id.hex)
        except (control.ControlRefused, control.NoRunner) as error:
            refused = str(error)
    page = ComparePage(
        sandbox, other, differences.places(found.get("differences", ())), found.get("more", 0),
        differences.moments(found), refused, not request.user.is_authenticated,
    )  # fmt: skip
    return render(request, "sandbox/compare.html", {"page": page})


def _list(request: HttpRequest, *, refused: str = "", name: str = "", status: int = 200) -> HttpResponse:
    found = visitors.sandboxes_of(request.user, visitors.guest_of(request.session)).select_related("cluster", "parent")
    rows = [Row(one, STATES[State(one.state)]) for one in found[:LISTED_MAX]]
    page = SandboxListPage(
        rows, lessons_for(request), guest=not request.user.is_authenticated, refused=refused, name=name
    )
    return render(request, "sandbox/list.html", {"page": page}, status=status)


def _visited(request: HttpRequest, sandbox_id: uuid.UUID) -> Sandbox:
    return visitors.sandbox_for(request.user, visitors.guest_of(request.session), sandbox_id)


def _welcome(request: HttpRequest) -> bool:
    if request.user.is_authenticated or visitors.guests_welcome(_address(request)):
        return True
    return bool(visitors.guest_of(request.session))


def _address(request: HttpRequest) -> str:
    return request.META.get("REMOTE_ADDR", "")
