"""Runs of simulated worlds under all checkers: one seed, or many.

Invariants:
- Checks change nothing, so a checked run has the history of an unchecked one.
- A run ends when its world has finished; one that does not is a violation.

Not here: printing (the command `simulate`), planted bugs (plants/).
"""

from collections import Counter
from dataclasses import dataclass, field

from engine.simulation import snapshots, swarm
from engine.simulation.checkers.checker import Checker, Violation
from engine.simulation.checkers.every_checker import every_checker
from engine.simulation.driver import step
from engine.simulation.reached import reached, unfinished
from engine.simulation.world import World

EVENTS_MAX = 40_000
TIME_US_MAX = 15_000_000  # faults end long before; whoever is not done then never will be
MUST_REACH = (
    "crashes with loss",
    "power lost inside a disk operation",
    "kills",
    "orderly stops",
    "restarts",
    "links cut",
    "nodes severed",
    "freezes",
    "wall clock leaps",
    "syncs failed",
    "disks filled",
    "resent batches",
    "duplicates answered",
    "incremental fetches",
    "sessions compared with full fetches",
    "segments rolled",
    "segments deleted by retention",
    "offsets listed",
    "group members joined",
    "offsets committed",
    "committed offsets fetched",
    "commits of old generations refused",
    "assignments of our members",
    "commits of our members",
    "partitions begun by our members",
    "partitions assigned",
    "partitions revoked",
    "partitions lost",
    "client crashes",
    "members that left and came back",
    "attacks",
    "topics: delete",
)


@dataclass(slots=True)
class Outcome:
    """What came of one seed."""

    seed: int
    world: World
    violation: str | None = None
    reached: Counter[str] = field(default_factory=Counter)


def run_checked(world: World, checkers: list[Checker], events_max: int = EVENTS_MAX) -> None:
    """Run a world until it has finished, under checkers; raise a Violation."""
    for number in range(events_max):
        if number % 50 == 0 and swarm.finished(world):
            break
        if not _step_checked(world, checkers):
            raise Violation("liveness: the world came to rest before the work was done")
        if world.now_us > TIME_US_MAX:
            break
    if not swarm.finished(world):
        raise Violation(f"liveness: not finished after {world.events} events; {unfinished(world)}")
    broker = swarm.broker_of(world)
    assert broker is not None, "a finished world has its broker up"
    for checker in checkers:
        checker.at_end(world, broker)


def _step_checked(world: World, checkers: list[Checker]) -> bool:
    if not world.heap:
        return False
    event = world.heap[0]
    is_start = event[3] == "start"
    if is_start:
        for checker in checkers:
            checker.before_start(world, event)
    world.last_node = ""
    step(world)
    if is_start:
        for checker in checkers:
            checker.after_start(world, event)
    if world.last_node == swarm.BROKER and (broker := swarm.broker_of(world)) is not None:
        for checker in checkers:
            checker.after_event(world, broker)
    return True


def run_seed(seed: int) -> Outcome:
    """Run one seed to its end under all checkers."""
    world = swarm.build(seed)
    outcome = Outcome(seed, world)
    try:
        run_checked(world, every_checker())
    except Violation as violation:
        outcome.violation = str(violation)
    except AssertionError as failure:
        outcome.violation = f"assertion: {failure}"
    outcome.reached = reached(world)
    return outcome


def check_from_here(world: World) -> str | None:
    """Let a copy of a world run to its end under all checkers; say what is violated."""
    copy = snapshots.fork(world)
    try:
        run_checked(copy, every_checker())
    except AssertionError as failure:
        return str(failure)
    return None
