"""A sandbox without scripts: its state as tables, and plain forms for what one does most.

*Invariants*: looking changes nothing; each deed is the same action or command that the picture sends, and a refusal
stands on the page with what was typed.
*Not here*: the picture (sandboxes.py), the console's pages of the cluster, which do without scripts as well.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from console.models import Cluster
from sandbox import control
from sandbox.control import ControlRefused, NoRunner
from sandbox.lifecycle import State
from sandbox.models import Sandbox
from sandbox.services import visitors
from sandbox.views.differences import clock

TEXT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """One partition."""

    name: str
    leader: str
    start: int
    end: int
    synced: int
    high_watermark: int
    groups: list[tuple[str, int]]  # with what each has committed


@dataclass(slots=True)
class PlainPage:
    """Context of sandbox/plain.html."""

    sandbox: Sandbox
    guest: bool
    refused: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    clock: str = ""
    time: Mapping[str, Any] = field(default_factory=dict)
    broker: Mapping[str, Any] = field(default_factory=dict)
    clients: list[Mapping[str, Any]] = field(default_factory=list)
    partitions: list[PartitionRow] = field(default_factory=list)
    ledger: Mapping[str, Any] = field(default_factory=dict)
    cluster: Cluster | None = None
    place: str = "sandboxes"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sandbox_plain(request: HttpRequest, sandbox_id: uuid.UUID) -> HttpResponse:
    """The state; or one deed, and then the state."""
    sandbox = visitors.sandbox_for(request.user, visitors.guest_of(request.session), sandbox_id)
    if sandbox.state == State.EXPIRED:
        return redirect("sandbox:sandbox-detail", sandbox_id=sandbox.id)
    refused, typed = "", {name: value[:TEXT_MAX] for name, value in request.POST.items()}
    if request.method == "POST":
        try:
            do, arguments = command(typed)
            control.ask(sandbox.id, do, **arguments)
            return redirect("sandbox:sandbox-plain", sandbox_id=sandbox.id)
        except (ControlRefused, NoRunner) as error:
            refused = str(error)
    page = PlainPage(sandbox, not request.user.is_authenticated, refused, typed)
    try:
        _fill(page, control.ask(sandbox.id, "frame"))
    except (ControlRefused, NoRunner) as error:
        page.refused = page.refused or str(error)
    return render(request, "sandbox/plain.html", {"page": page}, status=409 if refused else 200)


def _fill(page: PlainPage, frame: Mapping[str, Any]) -> None:
    page.time, page.broker, page.clients = frame["time"], frame["brokers"][0], frame["actors"]
    page.clock, page.ledger = clock(page.time["now_us"]), frame["ledger"]
    for topic in frame["topics"]:
        if not topic["internal"]:
            page.partitions += [_row(topic["name"], one, frame["groups"]) for one in topic["partitions"]]


def _row(topic: str, one: Mapping[str, Any], groups: list[Mapping[str, Any]]) -> PartitionRow:
    name, leader = f"{topic}-{one['index']}", "none: offline" if one["offline"] else one["leader"]
    committed = [(group["name"], group["committed"][name]) for group in groups if name in group["committed"]]
    return PartitionRow(name, leader, one["start"], one["end"], one["synced"], one["high_watermark"], committed)


def command(typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """What is asked of the runner; ControlRefused if no form here asks for it."""
    build = DEEDS.get(typed.get("do", ""))
    if build is None:
        raise ControlRefused("This page has no such button.")
    return build(typed)


def _act(**action: Any) -> tuple[str, dict[str, Any]]:
    return "act", {"action": action}


def _number(typed: Mapping[str, str], name: str, words: str) -> int:
    text = typed.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ControlRefused(f"{words}: a whole number, please.", name)
    return int(text)


def _topic(typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    partitions = _number(typed, "partitions", "Partitions")
    return _act(do="create topic", topic=typed.get("topic", ""), partitions=partitions)


def _producer(typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    rate = _number(typed, "rate", "Records a second")
    actor = {"kind": "producer", "name": typed.get("name", ""), "topic": typed.get("topic", ""), "rate": rate}
    return _act(do="add", actor=actor)


def _consumer(typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    actor = {"kind": "consumer", "name": typed.get("name", ""), "topic": typed.get("topic", "")}
    group = typed.get("group", "").strip()
    return _act(do="add", actor={**actor, "group": group} if group else actor)


def _record(typed: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    fields = {name: typed[name] for name in ("key", "value") if typed.get(name)}
    return _act(do="produce", topic=typed.get("topic", ""), **fields)


DEEDS: dict[str, Callable[[Mapping[str, str]], tuple[str, dict[str, Any]]]] = {
    "play": lambda typed: ("play", {"speed": 1}),
    "pause": lambda typed: ("pause", {}),
    "step": lambda typed: ("step", {}),
    "now": lambda typed: ("jump", {}),
    "kill": lambda typed: _act(do="kill"),
    "crash": lambda typed: _act(do="kill", loses="unsynced"),
    "start": lambda typed: _act(do="start"),
    "remove": lambda typed: _act(do="remove", name=typed.get("name", "")),
    "topic": _topic,
    "producer": _producer,
    "consumer": _consumer,
    "produce": _record,
}
