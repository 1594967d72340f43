"""What a round does for worlds: who is due has a turn, who waits is answered.

In its turn a world catches up with the wall clock, and is shown as it then is to those who look at it: not too often,
and each at moments of its own, so that no picture waits for those of all others.

*Invariants*: turns take ROUND_S and one slice at most; whatever changes in a world, who looks at it sees it.
*Not here*: who is next (turns.py), what has come on sockets (server.py).
"""

import time
from typing import TYPE_CHECKING
from uuid import UUID

from sandbox.runner.hosted import Hosted
from sandbox.runner.links import FRAME_EVERY_S, ControlLink, KafkaLink, LinkGone
from sandbox.runner.turns import NEVER_S

if TYPE_CHECKING:
    from sandbox.runner.server import Runner

ROUND_S = 0.01  # then whoever asks comes first
SWEEP_S = 0.02
LINGER_S = 0.012  # after an event: what follows from it is shown with it


def sweep(runner: "Runner") -> None:
    """See who looks at what and who is due, whatever has happened meanwhile, and go on with every client that waits."""
    runner.watching = {}
    for link in list(runner.links):
        if isinstance(link, ControlLink):
            for sandbox_id in link.watches:
                runner.watching.setdefault(sandbox_id, []).append(link)
            if not link.out:
                continue
        if link in runner.links:  # it may have gone with the world of another
            with runner.dropped_if_it_fails(link):
                if isinstance(link, KafkaLink):
                    go_on(runner, link)
                runner.settle(link)
    for sandbox_id in runner.watching.keys() - runner.hosted.keys():
        for link in _watching(runner, sandbox_id):
            with runner.dropped_if_it_fails(link):
                link.tell_asleep(sandbox_id)
                runner.settle(link)
    for sandbox_id in list(runner.hosted):
        answer(runner, sandbox_id)
    for hosted in runner.hosted.values():
        _plan(runner, hosted)


def go_on(runner: "Runner", link: KafkaLink) -> None:
    """Answer what can be answered; what is on its way to a moment is no moment that was asked for."""
    hosted = runner.hosted.get(link.sandbox_id)
    if hosted is not None and hosted.going_to is None:
        if not hosted.is_up(link.keeper.broker):
            raise LinkGone
        if link.keeper.waiting:
            link.keeper.go_on(hosted)


def give_turns(runner: "Runner") -> None:
    """To who is due, for a round's time."""
    runner.now_s = time.monotonic()
    ends_s = runner.now_s + ROUND_S
    while runner.now_s < ends_s and (turn := runner.turns.next(runner.now_s)) is not None:
        hosted = runner.hosted.get(turn.sandbox_id)
        if hosted is None:
            runner.turns.forget(turn.sandbox_id)
        else:
            with runner.forgotten_if_it_fails(turn.sandbox_id):
                _give_turn(runner, hosted, turn.slice_s)
        runner.now_s = time.monotonic()


def _give_turn(runner: "Runner", hosted: Hosted, slice_s: float) -> None:
    began_s, hurries = runner.now_s, hosted.hurries
    busy = hosted.tick(began_s, slice_s)
    answer(runner, hosted.id)
    for link in _watching(runner, hosted.id):
        if link.frame_due_s(hosted) <= began_s:
            with runner.dropped_if_it_fails(link):
                link.send_frame(hosted, began_s)
                runner.settle(link)
    ended_s = time.monotonic()
    if hurries:
        beside = any(one.plays for one in runner.hosted.values() if one is not hosted)
        runner.turns.had_hurried(hosted.id, began_s, ended_s, beside=beside)
    else:
        every_s = SWEEP_S if runner.clients.get(hosted.id) else FRAME_EVERY_S
        runner.turns.had(hosted.id, ended_s if busy else began_s + every_s)
    _plan(runner, hosted)


def answer(runner: "Runner", sandbox_id: UUID) -> None:
    """Tell clients what their requests have come to."""
    hosted = runner.hosted.get(sandbox_id)
    if hosted is None or not hosted.timeline.answers:
        return
    answers, hosted.timeline.answers = dict(hosted.timeline.answers), []
    for link in list(runner.clients.get(sandbox_id, ())):
        with runner.dropped_if_it_fails(link):
            link.keeper.go_on(hosted, answers)
            runner.settle(link)


def _plan(runner: "Runner", hosted: Hosted) -> None:
    """See when it is due: when something is to happen in it, or to be shown of it."""
    shown_s = min([NEVER_S, *(link.frame_due_s(hosted) for link in _watching(runner, hosted.id))])
    happens_s = hosted.next_s() + (0.0 if runner.clients.get(hosted.id) else LINGER_S)
    runner.turns.plan(hosted.id, happens_s, shown_s, hurries=hosted.hurries)


def _watching(runner: "Runner", sandbox_id: UUID) -> list[ControlLink]:
    return [link for link in runner.watching.get(sandbox_id, ()) if link in runner.links and sandbox_id in link.watches]
