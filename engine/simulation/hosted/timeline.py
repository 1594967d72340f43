"""A world with a past that can be walked in: one playhead, one present, one history.

The world stands at the playhead. Going forward from a past moment repeats what was
recorded, actions included, until the present; only there may somebody act. Another way
begins with a fork.

Invariants:
- The same seed, shape and actions give the same history, however often one went back and forth.
- `head` is the present; the playhead is `world.events`, never beyond it.
- An action is kept before it enters the world.
- A keyframe is taken every KEYFRAME_EVENTS events, so that no moment is further than that from one. At which of them
  is told (`keyframe_after`): worlds that begin together have as many events, and would all take theirs at one moment.

Not here: wall time and fairness (the runner), sockets, files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from engine.simulation import snapshots
from engine.simulation.driver import next_us, step
from engine.simulation.hosted import actions, conditions, copies
from engine.simulation.hosted.conditions import Condition
from engine.simulation.hosted.keepers import Keeper, Recorded
from engine.simulation.hosted.learner import YOU, Action
from engine.simulation.hosted.limits import WorldLimits
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import Shape, birth
from engine.simulation.past import BLOCK_ENTRIES, Entry, entry_of, unread, unseal
from engine.simulation.world import World

KEYFRAME_BLOCKS = 16
KEYFRAME_EVENTS = KEYFRAME_BLOCKS * BLOCK_ENTRIES  # where blocks end, so that a keyframe holds nothing of them
ACTIONS_MAX = 100_000
ACT_EVENTS_MAX = 1_000
BLOCKS_CACHED = 8


class Stopped(Enum):
    """Why a run came to its end."""

    BUDGET = "so many events were asked for"
    TIME = "the time that was asked for has come"
    FOUND = "what was waited for has happened"
    PRESENT = "the present is reached"
    REST = "nothing is going to happen any more"


@dataclass(slots=True, eq=False)
class Timeline:
    """One branch of a sandbox."""

    seed: int
    shape: Shape
    keeper: Keeper
    limits: WorldLimits = field(default_factory=WorldLimits)
    keyframe_after: int = 0  # blocks, of KEYFRAME_BLOCKS
    world: World = field(init=False)
    head: int = 0
    next_action: int = 0  # of the keeper's, to be repeated
    answers: list[tuple[int, bytes | None]] = field(default_factory=list)  # for the outside, of what is new
    cached: dict[int, list[list[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = birth(self.seed, self.shape)

    # ---- time

    @property
    def at_present(self) -> bool:
        """Whether the playhead stands where something new can happen."""
        return self.world.events == self.head

    def run(self, events_max: int, until_us: int | None = None, until: Condition | None = None) -> Stopped:
        """Let things happen: so many events at most, up to a time, until a condition holds."""
        world = self.world
        repeating = not self.at_present
        for _ in range(events_max):
            if not world.heap:
                return Stopped.REST
            if until_us is not None:
                at_us = next_us(world)
                if at_us is None or at_us > until_us:
                    return Stopped.REST if at_us is None else Stopped.TIME
            self._step()
            if until is not None:
                last = self._past.last()
                if last is not None and conditions.holds(until, last):
                    return Stopped.FOUND
            if repeating and self.at_present:
                return Stopped.PRESENT
        return Stopped.BUDGET

    def _step(self) -> None:
        world = self.world
        if self.next_action < len(self.keeper.actions):
            self._repeat_actions()
        before = world.events
        while step(world) and world.events == before:
            pass  # what is put off because somebody is frozen is no event yet
        events = world.events
        if events == before:
            return  # nothing happens any more
        past: Any = world.past
        if past.ledger.appended_in == events:
            copies.note(world, past.at_hand[5])
        learner: Any = world.nodes[YOU].actor
        if learner.answers:
            if events > self.head:
                self.answers += learner.answers
            learner.answers = []
        if events > self.head:
            self.head = events
        if past.sealed or not events % BLOCK_ENTRIES:
            self._keep(past)

    def _keep(self, past: Any) -> None:
        """What is sealed goes to the keeper, and the world itself now and then."""
        world, events = self.world, self.world.events
        is_keyframe = events % KEYFRAME_EVENTS == self.keyframe_after * BLOCK_ENTRIES
        if is_keyframe:
            past.seal_full()
        for number, block in past.take_sealed():
            self.keeper.keep_block(number, block)
        if is_keyframe:
            self.keeper.keep_keyframe(events, snapshots.snapshot(world))

    def _repeat_actions(self) -> None:
        recorded = self.keeper.actions
        while self.next_action < len(recorded) and recorded[self.next_action].after == self.world.events:
            _enter(self.world, recorded[self.next_action])
            self.next_action += 1

    def jump(self, events: int) -> None:
        """Go to the moment after so many events, however long that takes."""
        self.aim(events)
        self.approach(events, events)

    def aim(self, events: int) -> None:
        """Stand where the way to a moment is shortest: at the nearest keyframe before it, or where one is."""
        if not 0 <= events <= self.head:
            raise Refused(f"a moment between 0 and {self.head}", "to")
        found = self.keeper.nearest(events)
        if events < self.world.events or (found is not None and found[0] > self.world.events):
            self._restore(found)

    def approach(self, events: int, events_max: int) -> bool:
        """Go on as it was to a moment ahead, by so many events at most; say whether it is reached."""
        until = min(events, self.world.events + events_max)
        while self.world.events < until:
            self._step()
        if self.at_present:
            self._repeat_actions()  # those that nothing has followed yet
        return self.world.events == events

    def beginning(self) -> World:
        """The world before its first event: as its shape says, or as it was awakened on older disks."""
        found = self.keeper.nearest(0)
        return birth(self.seed, self.shape) if found is None else snapshots.restore(found[1])

    def _restore(self, found: tuple[int, snapshots.Snapshot] | None) -> None:
        self.world = self.beginning() if found is None else snapshots.restore(found[1])
        events, recorded = self.world.events, self.keeper.actions
        self.next_action = next((n for n, one in enumerate(recorded) if one.after >= events), len(recorded))

    # ---- acting

    def act(
        self, given: Mapping[str, Any], at_us: int = 0, may: Callable[[Action], None] = lambda action: None
    ) -> Action:
        """Carry out an action of the learner, now or at a time to come; Refused says why not, and so may `may`."""
        self._must_be_present()
        action = actions.check(self.world, given, self.limits)
        may(action)
        self.record(action, at_us)
        return action

    def record(self, action: Action, at_us: int = 0) -> None:
        """Keep an action that was checked, let it enter the world, and what happens at that very time with it.

        So the next action is checked against a world in which this one was carried out.
        """
        self._must_be_present()
        if len(self.keeper.actions) >= ACTIONS_MAX:
            raise Refused(f"a sandbox keeps {ACTIONS_MAX} actions: fork or begin a new one")
        recorded = Recorded(self.world.events, max(at_us, self.world.now_us), action)
        self.keeper.keep_action(recorded)
        _enter(self.world, recorded)
        self.next_action = len(self.keeper.actions)
        self.run(ACT_EVENTS_MAX, until_us=recorded.at_us)

    def _must_be_present(self) -> None:
        if not self.at_present:
            raise Refused("the past does not change: go to the present, or fork here")

    def must_have(self, events: int) -> None:
        """Refused if that is no moment of this history."""
        if not 0 <= events <= self.head:
            raise Refused(f"a moment between 0 and {self.head}", "from")

    def fork(self, events: int | None = None, *, arrives: bool = True) -> "Timeline":
        """A branch of its own, from the playhead or from any moment; else it has still to go there (`approach`)."""
        at = self.world.events if events is None else events
        self.must_have(at)
        keeper = self.keeper.fork(at, past=at < self.head)
        branch = Timeline(self.seed, self.shape, keeper, self.limits, self.keyframe_after)
        branch.head = at
        if at == self.world.events:
            branch.world = snapshots.fork(self.world)
            branch.next_action = min(self.next_action, len(branch.keeper.actions))
        else:
            branch._restore(branch.keeper.nearest(at))
            if arrives:
                branch.jump(at)
        if branch.at_present:
            branch._repeat_actions()
        return branch

    # ---- what happened

    def entry(self, number: int) -> Entry | None:
        """An event of the history, as far as it is known at the playhead or kept."""
        row = self.row(number)
        return None if row is None else entry_of(number, row)

    def row(self, number: int) -> list[Any] | None:
        """An event as it is kept, for who looks through many: (at, cause, kind, subject, brief, seen)."""
        if not 0 < number <= self.head:
            return None
        block, place = divmod(number - 1, BLOCK_ENTRIES)
        past = self._past
        if block == past.blocks and number <= past.count:
            young: list[Any] = past.young[place]
            return young
        rows = self.cached.get(block)
        if rows is None:
            kept = self.keeper.block(block)
            if kept is None:
                return None
            rows = unseal(kept)
            if len(self.cached) >= BLOCKS_CACHED:
                del self.cached[next(iter(self.cached))]
            self.cached[block] = rows
        return rows[place]

    def sealed(self, block: int) -> bytes | None:
        """What is kept of a block, unread; None of one that is not sealed yet at the playhead, or not known."""
        kept = self.keeper.block(block) if block < self._past.blocks else None
        return None if kept is None else unread(kept)

    def entries(self, first: int, count: int) -> list[Entry]:
        """Events in a row, those that are known."""
        found = (self.entry(number) for number in range(first, first + count))
        return [one for one in found if one is not None]

    @property
    def _past(self) -> Any:
        assert self.world.past is not None, "a hosted world has a past"
        return self.world.past


def _enter(world: World, recorded: Recorded) -> None:
    """The action is an event of its own, caused by nothing in the world."""
    events, world.events = world.events, 0
    world.push(recorded.at_us, "act", YOU, recorded.action)
    world.events = events
