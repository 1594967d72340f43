"""What the web process asks of a runner: one JSON object each, answered by one.

    {"id": 7, "sandbox": "<hex>", "do": "act", "action": {"do": "kill", "name": "broker-1"}}
    {"id": 7, "ok": {...}}      {"id": 7, "refused": "broker-1 is down already", "field": "name"}

*Invariants*: a command that changes a world is answered after its action is on disk; a malformed one is refused and
changes nothing.
*Not here*: bytes and sockets (control_line.py, server.py), who may ask (the web process has checked it).
"""

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.simulation.hosted import observed, why
from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.refused import Refused
from sandbox.runner.hosted import AS_FAST_AS_POSSIBLE, SPEED_MAX, SPEED_MIN, Hosted
from sandbox.runner.lesson_commands import LESSON_COMMANDS
from sandbox.runner.page_commands import PAGE_COMMANDS
from sandbox.runner.waking import NotYet

if TYPE_CHECKING:
    from sandbox.runner.server import Runner

logger = logging.getLogger("sandbox.runner")

STEP_EVENTS_MAX = 2_000  # at once; who waits for longer plays as fast as possible until it happens
ENTRIES_MAX = 500
EVENTS_MAX = 1 << 53


def carry_out(runner: "Runner", given: Mapping[str, Any]) -> dict[str, Any]:
    """Do what is asked; the answer without its id. NotYet: nothing was done, the sandbox wakes."""
    try:
        fields = Fields(given, "a command")
        fields.read |= {"id": None, "sandbox": None}
        do = fields.one_of("do", (*COMMANDS, *WITHOUT_WORLD))
        fields.of = f"the command {do!r}"
        sandbox_id = sandbox_of(given)
        if do in WITHOUT_WORLD:
            return {"ok": WITHOUT_WORLD[do](runner, sandbox_id, fields)}
        hosted = runner.awake(sandbox_id)
        answer = COMMANDS[do](runner, hosted, fields)
        fields.done()
    except Refused as refused:
        return {"refused": refused.reason, "field": refused.field}
    except NotYet:
        raise
    except Exception:
        # A bug of ours in one world: it is taken up again from what was kept, and nobody else notices.
        logger.exception("a command failed: %s", str(given)[:200])
        runner.forget(sandbox_of(given))
        return {"refused": "that failed here, and is noted; the sandbox goes on from its last keyframe", "field": ""}
    return {"ok": answer}


def sandbox_of(given: Mapping[str, Any]) -> UUID:
    """Which sandbox is meant."""
    try:
        return UUID(str(given.get("sandbox")))
    except ValueError:
        raise Refused("which sandbox?", "sandbox") from None


def _frame(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    return hosted.frame()


def _act(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    part = fields.part("action")
    if part is None:
        raise Refused("which action?", "action")
    done = hosted.act(part.given)
    return {"action": done, "after": hosted.timeline.world.events}


def _play(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    fast = fields.given.get("speed") == "max"
    if fast:
        fields.read["speed"] = None
    speed = AS_FAST_AS_POSSIBLE if fast else fields.number("speed", SPEED_MIN, SPEED_MAX, 1)
    until = fields.part("until")
    hosted.play(float(speed), None if until is None else until.given)
    return where(hosted)


def _pause(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    hosted.pause()
    return where(hosted)


def _step(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    until = fields.part("until")
    count = fields.whole("events", 1, STEP_EVENTS_MAX, 1 if until is None else STEP_EVENTS_MAX)
    reason = hosted.step(None if until is None else until.given, count)
    return {"stopped": reason.value, **where(hosted)}


def _jump(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    hosted.jump(fields.whole("to", 0, EVENTS_MAX, hosted.timeline.head))
    return where(hosted)


def _fork(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    at = fields.whole("from", 0, EVENTS_MAX, hosted.timeline.world.events)
    branch = runner.fork(hosted, at, fields.text("name", "Fork", 100))
    return {"sandbox": branch.id.hex, **where(branch)}


def _history(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    first, count = fields.whole("first", 1, EVENTS_MAX, 1), fields.whole("count", 1, ENTRIES_MAX, 100)
    return {"entries": [observed.as_json(one) for one in hosted.timeline.entries(first, count)]}


def _why(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    if "event" in fields.given:
        steps = why.why(hosted.timeline, fields.whole("event", 1, EVENTS_MAX))
    else:
        seen = fields.part("seen")
        if seen is None:
            raise Refused('why what? name an "event", or what was "seen"', "event")
        values = dict(seen.given)
        kind = values.pop("kind", None)
        if kind not in observed.FIELDS:
            raise Refused(f"nothing called {str(kind)[:40]!r} is ever seen", "seen")
        steps = why.why_seen(hosted.timeline, kind, **values)
    return {"steps": [step.as_json() for step in steps]}


def _waiting(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    return why.waiting(hosted.timeline, fields.text("topic"), fields.whole("partition", 0, 1 << 20, 0))


def _record(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    past = hosted.timeline.world.past
    assert past is not None, "a hosted world has a past"
    topic, partition = fields.text("topic"), fields.whole("partition", 0, 1 << 20)
    return past.ledger.record(topic, partition, fields.whole("offset", 0, EVENTS_MAX))._asdict()


def _ledger(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    past = hosted.timeline.world.past
    assert past is not None, "a hosted world has a past"
    return {"summary": past.ledger.summary(), "lost": [one._asdict() for one in past.ledger.lost[:ENTRIES_MAX]]}


def _digest(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    return {"digest": hosted.timeline.world.history.sha256(), **where(hosted)}


def where(hosted: Hosted) -> dict[str, Any]:
    """Where a world stands, and whether time goes on in it."""
    return {
        "events": hosted.timeline.world.events, "head": hosted.timeline.head, "now_us": hosted.now_us(),
        "plays": hosted.plays, "stopped": hosted.stopped,
    }  # fmt: skip


def _sleep(runner: "Runner", sandbox_id: UUID, fields: Fields) -> dict[str, Any]:
    runner.put_to_sleep_as_asked(sandbox_id)
    return {}


def _wake(runner: "Runner", hosted: Hosted, fields: Fields) -> dict[str, Any]:
    return {}  # whoever is asked anything wakes first


COMMANDS: dict[str, Callable[["Runner", Hosted, Fields], dict[str, Any]]] = {
    "wake": _wake,
    "frame": _frame,
    "act": _act,
    "play": _play,
    "pause": _pause,
    "step": _step,
    "jump": _jump,
    "fork": _fork,
    "history": _history,
    "why": _why,
    "waiting": _waiting,
    "record": _record,
    "ledger": _ledger,
    "digest": _digest,
    **LESSON_COMMANDS,
    **PAGE_COMMANDS,
}
WITHOUT_WORLD: dict[str, Callable[["Runner", UUID, Fields], dict[str, Any]]] = {"sleep": _sleep}
