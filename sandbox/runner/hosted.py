"""One sandbox as a runner hosts it: its timeline, how fast time goes in it, who looks at it.

*Invariants*: `tick` handles events for about its budget and no longer; a world that is behind its time by more than
BEHIND_S goes slower instead of catching up in one leap.
*Not here*: sockets (doorkeeper.py, server.py), leases and files of others.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from engine.simulation import snapshots
from engine.simulation.driver import next_us
from engine.simulation.hosted import conditions, deeds, disk_images, written
from engine.simulation.hosted.cells import Cells
from engine.simulation.hosted.conditions import Condition
from engine.simulation.hosted.learner import Action, topic_names
from engine.simulation.hosted.limits import WorldLimits
from engine.simulation.hosted.moments import Moments
from engine.simulation.hosted.picture import picture
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import Shape, parse
from engine.simulation.hosted.timeline import KEYFRAME_BLOCKS, Stopped, Timeline
from engine.simulation.hosted.views import BrokerView
from sandbox.limits import Limits
from sandbox.runner import traffic
from sandbox.runner.file_keeper import FileKeeper
from sandbox.runner.lesson_watch import LessonWatch
from sandbox.runner.traffic import Traffic
from sandbox.runner.turns import NEVER_S
from sandbox.runner.waking import Waking

CHUNK_EVENTS = 8  # between two looks at the clock
BEHIND_S = 0.5
JUMP_S = 0.015  # the first slice of the way to another moment: a short way has no other
FLICKER_S = 0.5  # of a shorter way no picture is shown
SPEED_MIN, SPEED_MAX = 0.1, 10.0
AS_FAST_AS_POSSIBLE = float("inf")
ARRIVAL_US = 5_000  # what is not answered has arrived by then
ANSWER_EVENTS_MAX, ANSWER_US_MAX = 3_000, 5_000_000  # how far a paused world goes on for one write


def world_limits(limits: Limits) -> WorldLimits:
    """The part of an account's limits that its world counts."""
    return WorldLimits(
        limits.topics, limits.partitions, limits.groups, limits.actors, limits.request_bytes, limits.records_a_s,
        limits.bytes_a_s,
    )  # fmt: skip


def shape_of(given: Mapping[str, Any], limits: Limits) -> Shape:
    """The shape of a sandbox with the disk that its limits give it."""
    shape = parse(given)
    return shape if limits.retained_bytes is None else shape._replace(disk_bytes=limits.retained_bytes)


@dataclass(slots=True, eq=False)
class Hosted:
    """A world that is awake."""

    id: UUID
    timeline: Timeline
    keeper: FileKeeper
    limits: Limits
    traffic: Traffic
    speed: float = 0.0  # 0 is paused
    until: Condition | None = None
    stopped: str = "paused"  # why it does not play
    anchor_s: float = 0.0  # wall time at which ...
    anchor_us: int = 0  # ... the world stood here
    used_s: float = 0.0
    fast_events: float = 0.0  # that may still be run faster than 1x
    filled_s: float = 0.0
    cells: Cells = field(default_factory=Cells)
    view: BrokerView | None = None
    lesson: LessonWatch | None = None  # the step of a lesson that somebody looks at
    moments: Moments = field(default_factory=Moments)
    going_to: int | None = None  # the moment it is on its way to
    going_since_s: float = 0.0
    waking: Waking | None = None  # ... which is where it stood when it fell asleep
    full: bool = False  # its history takes all the room it may
    changes: int = 0  # whatever a picture shows has another number

    # ---- time

    @property
    def plays(self) -> bool:
        """Whether time goes on."""
        return self.speed > 0

    @property
    def hurries(self) -> bool:
        """Whether its time goes faster than the wall clock's."""
        return self.speed > 1 or self.going_to is not None

    @property
    def is_shown(self) -> bool:
        """Whether a picture of it says anything: what lies on a short way would only flicker."""
        on_a_long_way = time.monotonic() - self.going_since_s >= FLICKER_S
        return self.waking is None and (self.going_to is None or on_a_long_way)

    def play(self, speed: float, until: Condition | None = None) -> None:
        """Let time go on; speed 1 is as fast as the wall clock."""
        if speed != AS_FAST_AS_POSSIBLE and not SPEED_MIN <= speed <= SPEED_MAX:
            raise Refused(f"a speed from {SPEED_MIN} to {SPEED_MAX:g}, or as fast as possible", "speed")
        self._must_have_room()
        self.until = None if until is None else conditions.check(until)
        self.speed, self.stopped, self.going_to = speed, "", None
        self._anchor(time.monotonic())
        self.changes += 1

    def pause(self, why: str = "paused") -> None:
        """Let time stand."""
        self.speed, self.stopped, self.until, self.going_to = 0.0, why, None, None
        self.changes += 1

    def tick(self, now_s: float, budget_s: float) -> bool:
        """Let happen what is due, for so long at most; say whether there is more."""
        if self.going_to is not None:
            return self._go_on(budget_s)
        if not self.plays:
            return False
        until_us = None
        if self.speed != AS_FAST_AS_POSSIBLE:
            until_us = self.anchor_us + int((now_s - self.anchor_s) * self.speed * 1_000_000)
        before, ends_s = self.timeline.world.events, time.perf_counter() + budget_s
        reason = Stopped.BUDGET
        while reason is Stopped.BUDGET and time.perf_counter() < ends_s and self._may_go_on(now_s):
            reason = self.timeline.run(CHUNK_EVENTS, until_us, self.until)
            if self.speed > 1:
                self.fast_events -= CHUNK_EVENTS
        self.changes += self.timeline.world.events != before
        if reason is Stopped.FOUND:
            self.pause("found")
        elif reason is Stopped.REST and self.speed == AS_FAST_AS_POSSIBLE:
            self.pause("rest")
        elif reason is Stopped.PRESENT:
            self._anchor(now_s)
        elif reason is Stopped.BUDGET and until_us is not None:
            behind_s = (until_us - self.timeline.world.now_us) / 1_000_000 / self.speed
            if behind_s > BEHIND_S:
                self._anchor(now_s)
            return True
        return reason is Stopped.BUDGET

    def next_s(self) -> float:
        """When something is to happen next, by the wall clock."""
        if self.going_to is not None:
            return 0.0
        if not self.plays:
            return NEVER_S
        filled_s, a_minute = 0.0, self.limits.events_a_minute
        if a_minute is not None and self.speed > 1 and self.fast_events <= 0:
            filled_s = self.filled_s + (CHUNK_EVENTS - self.fast_events) * 60 / a_minute
        if self.speed == AS_FAST_AS_POSSIBLE:
            return filled_s
        at_us = next_us(self.timeline.world)
        if at_us is None:
            return NEVER_S
        return max(filled_s, self.anchor_s + (at_us - self.anchor_us) / 1_000_000 / self.speed)

    def _anchor(self, now_s: float) -> None:
        self.anchor_s, self.anchor_us = now_s, self.timeline.world.now_us

    def _may_go_on(self, now_s: float) -> bool:
        """Running fast draws on a budget of events that wall time fills."""
        a_minute = self.limits.events_a_minute
        if a_minute is None or self.speed <= 1:
            return True
        self.fast_events = min(a_minute, self.fast_events + (now_s - self.filled_s) * a_minute / 60)
        self.filled_s = now_s
        return self.fast_events > 0

    def now_us(self) -> int:
        """Where the world's time stands: between two events, too."""
        world_us = self.timeline.world.now_us
        if not self.plays or self.speed == AS_FAST_AS_POSSIBLE or not self.timeline.at_present:
            return world_us
        return max(world_us, self.anchor_us + int((time.monotonic() - self.anchor_s) * self.speed * 1_000_000))

    def step(self, until: Condition | None = None, events_max: int = 1) -> Stopped:
        """Handle one event, or go on to the next that is such a one."""
        self._must_have_room()
        self.pause("stepped")
        checked = None if until is None else conditions.check(until)
        return self.timeline.run(events_max, None, checked)

    def keep_house(self) -> None:
        """Now and then: keep the history within its limit, and let time stand when that cannot be."""
        history = self.limits.history_bytes
        records = 2 * (self.limits.retained_bytes or 0)  # in the blocks of keyframes, and in the images of disks
        self.full = history is not None and not self.keeper.thin(history + records)
        if self.full and self.plays:
            self.pause("full")
        if self.traffic.unkept:
            self.keep_traffic()

    def count(self, *, taken: int = 0, given: int = 0) -> None:
        """So many bytes of records came in and went out."""
        if self.traffic.count(taken, given):
            self.keep_traffic()

    def keep_traffic(self) -> None:
        """Write down what went in and out."""
        self.traffic.unkept = 0
        self.keeper.keep_traffic(self.traffic.as_json())

    def _must_have_room(self) -> None:
        if self.full and self.timeline.at_present:
            raise Refused("the history of this sandbox takes all the room it may: look at it, or make a new one")

    def jump(self, events: int) -> None:
        """Go to a moment, and stay there: at once, or on in slices (`going_to`) until it is reached."""
        self.pause("jumped")
        self.timeline.aim(events)
        self.view = None
        self.going_to, self.going_since_s = events, time.monotonic()
        self._go_on(JUMP_S)

    def _go_on(self, budget_s: float) -> bool:
        """A slice of the way; say whether there is more of it."""
        ends_s = time.perf_counter() + budget_s
        while self.going_to is not None:
            if self.timeline.approach(self.going_to, CHUNK_EVENTS):
                self.going_to = self._next_goal()
            elif time.perf_counter() >= ends_s:
                break
        self.changes += 1
        return self.going_to is not None

    def _next_goal(self) -> int | None:
        goal = None if self.waking is None else self.waking.arrived(self.timeline)
        if goal is None:
            self.waking = None
        else:
            self.timeline.aim(goal)
        return goal

    def wake_up(self, waking: Waking) -> None:
        """Go to where it stood: at once, or on in slices."""
        self.waking = waking
        self.timeline.aim(self.timeline.head)
        self.going_to, self.going_since_s = self.timeline.head, time.monotonic()
        self._go_on(JUMP_S)

    # ---- acting

    def act(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an action of the learner at this moment."""
        done = self.timeline.act(action, self.now_us(), lambda one: self.traffic.must_take(_produced_bytes(one)))
        self.changes += 1
        self.count(taken=_produced_bytes(done))
        return done

    def write(self, line: int, call: int, frame: bytes, answered: bool) -> None:
        """Let a request from outside enter the world; a paused world goes on as far as its answer needs."""
        action = {"do": "send", "line": line, "call": call, "frame": written.frame_text(frame), "answered": answered}
        topic = deeds.topic_by_id(frame, topic_names(self.timeline.world))
        if topic:
            action["topic"] = topic
        self.timeline.record(action, self.now_us())
        self.changes += 1
        if self.plays:
            return
        if not answered:
            self.timeline.run(ANSWER_EVENTS_MAX, self.timeline.world.now_us + ARRIVAL_US)
            return
        last_us = self.timeline.world.now_us + ANSWER_US_MAX
        for _ in range(ANSWER_EVENTS_MAX):
            if any(known == call for known, _ in self.timeline.answers):
                return
            if self.timeline.run(1, last_us) is not Stopped.BUDGET:
                return

    # ---- looking

    def look(self, name: str) -> BrokerView:
        """A view of a broker as it is now, taken anew when something has happened. HungUp if it is down."""
        world = self.timeline.world
        if self.view is None or self.view.events != world.events:
            self.view = None
            self.view = BrokerView(world, name, cluster_id_of(self.id))
        return self.view

    def is_up(self, name: str) -> bool:
        """Whether a broker takes connections."""
        return self.timeline.world.nodes[name].machine is not None

    def frame(self) -> dict[str, Any]:
        """What a page shows: the picture, and how time goes."""
        shown = picture(self.timeline, self.cells)
        speed = "max" if self.speed == AS_FAST_AS_POSSIBLE else self.speed
        shown["time"] |= {
            "speed": speed, "stopped": self.stopped, "now_us": self.now_us(), "going_to": self.going_to,
        }  # fmt: skip
        return shown

    # ---- sleep

    def fall_asleep(self) -> None:
        """Write everything that waking needs; of who has not woken yet that is there."""
        if self.waking is not None:
            return
        world = self.timeline.world
        assert world.past is not None, "a hosted world has a past"
        self.keeper.keep_keyframe(world.events, snapshots.snapshot(world))
        images = disk_images.images_of(world) if self.timeline.at_present else None
        stands = world.events if self.going_to is None else self.going_to
        self.keeper.keep_moment(stands, self.timeline.head, images)
        self.keep_traffic()


def wake(sandbox_id: UUID, seed: int, shape: Shape, keeper: FileKeeper, limits: Limits) -> Hosted:
    """A sandbox from its files: where it stood, or at least behind the last action that was accepted, or on its way.

    What another build kept begins anew: on its disks if they are as new as its last action, else by its actions.
    """
    today = traffic.of(keeper.traffic(), limits.bytes_a_day)
    events, head = keeper.moment()
    last_action = max((one.after for one in keeper.actions), default=0)
    if keeper.nearest(max(head, last_action)) is None and keeper.from_other_build:
        images = keeper.disks()
        keeper = keeper.begin_again(with_actions=images is None or last_action > head)
        events = head = 0
        if not keeper.actions and images is not None:
            keeper.keep_keyframe(0, snapshots.snapshot(disk_images.awaken(seed, shape, images)))
        last_action = max((one.after for one in keeper.actions), default=0)
    timeline = Timeline(seed, shape, keeper, world_limits(limits), sandbox_id.int % KEYFRAME_BLOCKS)
    timeline.world = timeline.beginning()
    timeline.head = max(head, last_action)
    hosted = Hosted(sandbox_id, timeline, keeper, limits, today, used_s=time.monotonic())
    hosted.wake_up(Waking(events, head, last_action))
    return hosted


def _produced_bytes(action: Action) -> int:
    """How much an action brings in as records: the picture's own form is a way in like others."""
    frame = written.frame_of(action["frame"]) if action["do"] == "send" else b""
    return len(frame) if written.is_produce(frame) else 0


def cluster_id_of(sandbox_id: UUID) -> str:
    """The cluster id that this branch has for those outside."""
    return base64.urlsafe_b64encode(sandbox_id.bytes).decode().rstrip("=")
