"""Turns of worlds: who is due has one soon, everybody has slices, and who hurries slows nobody."""

import uuid
from dataclasses import dataclass, field

import pytest

from sandbox.runner.turns import HURRIED_S, LEAST_S, NEVER_S, RESTS, SLICE_S, STARVED_S, Turn, Turns

ONE, TWO = uuid.uuid4(), uuid.uuid4()


@dataclass
class World:
    """One that has a turn every so often, and uses so much of it."""

    every_s: float = 0.0
    cost_s: float = 1.0  # of its slice, if that is shorter
    hurries: bool = False
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    due_s: float = 0.0
    late_s: list[float] = field(default_factory=list)
    took_s: float = 0.0


def played(worlds: list[World], seconds: float, now_s: float = 0.0) -> None:
    """On a clock of its own, so that nothing depends on this machine."""
    turns, known, ends_s = Turns(), {world.id: world for world in worlds}, now_s + seconds
    for world in worlds:
        turns.plan(world.id, now_s, NEVER_S, hurries=world.hurries)
    while now_s < ends_s:
        turn = turns.next(now_s)
        if turn is None:
            now_s += max(turns.pause_s(now_s), 1e-6)
            continue
        world, began_s = known[turn.sandbox_id], now_s
        world.late_s.append(now_s - world.due_s)
        now_s += min(world.cost_s, turn.slice_s)
        world.took_s += now_s - began_s
        if world.hurries:
            turns.had_hurried(world.id, began_s, now_s, beside=any(not one.hurries for one in worlds))
        else:
            turns.had(world.id, began_s + world.every_s)
        world.due_s = max(now_s, began_s + world.every_s)
        turns.plan(world.id, 0.0, NEVER_S, hurries=world.hurries)


def test_whoever_has_been_due_longest_comes_first():
    turns = Turns()
    turns.plan(ONE, 2.0, NEVER_S, hurries=False)
    turns.plan(TWO, 1.0, NEVER_S, hurries=False)
    assert turns.next(0.9) is None
    assert turns.next(3.0) == Turn(TWO, SLICE_S)
    turns.forget(TWO)
    assert turns.next(3.0) == Turn(ONE, SLICE_S)


def test_what_happens_after_a_turn_is_seen_together_but_what_is_to_be_shown_does_not_wait():
    turns = Turns()
    turns.had(ONE, 5.0)
    turns.plan(ONE, 1.0, NEVER_S, hurries=False)
    assert (turns.next(4.9), turns.pause_s(4.0)) == (None, 1.0)
    turns.plan(ONE, 1.0, 2.0, hurries=False)
    assert turns.next(2.0) == Turn(ONE, SLICE_S)


def test_those_that_never_have_enough_share_alike():
    worlds = [World() for _ in range(30)]
    played(worlds, 3.0)
    turns = [len(world.late_s) for world in worlds]
    assert min(turns) > 1 and max(turns) - min(turns) <= 1


def test_pictures_that_begin_at_one_moment_do_not_wait_for_each_other_for_long():
    worlds = [World(every_s=0.08, cost_s=0.001) for _ in range(50)]
    played(worlds, 1.0)
    assert max(late_s for world in worlds for late_s in world.late_s[1:]) < 0.001


def test_who_hurries_has_what_the_others_leave_and_never_what_is_theirs():
    turns = Turns()
    turns.plan(ONE, 1.0, NEVER_S, hurries=False)
    turns.plan(TWO, 0.9, NEVER_S, hurries=True)
    assert turns.next(0.9) == Turn(TWO, HURRIED_S)
    turns.plan(TWO, 0.9985, NEVER_S, hurries=True)
    assert turns.next(0.9985) == Turn(TWO, pytest.approx(0.0015))
    assert turns.next(0.9999) == Turn(TWO, LEAST_S)
    assert turns.next(1.0) == Turn(ONE, SLICE_S)


def test_who_hurries_delays_others_by_no_more_than_its_least_slice():
    worlds = [World(every_s=0.08, cost_s=0.001) for _ in range(50)]
    runaway = World(hurries=True)
    played([*worlds, runaway], 2.0)
    assert max(late_s for world in worlds for late_s in world.late_s[1:]) < LEAST_S + 0.001
    assert runaway.took_s > 0.1


def test_who_hurries_takes_a_fifth_of_the_time_beside_others_and_all_of_it_alone():
    runaway = World(hurries=True)
    played([World(every_s=0.1, cost_s=0.0), runaway], 1.0)
    assert runaway.took_s == pytest.approx(1 / (1 + RESTS), rel=0.1)
    alone = World(hurries=True)
    played([alone], 1.0)
    assert alone.took_s == pytest.approx(1.0, rel=0.01)


def test_to_be_shown_does_not_cut_the_rest_of_who_hurries():
    turns = Turns()
    turns.had_hurried(ONE, 1.0, 1.5, beside=True)
    turns.plan(ONE, 0.0, 0.0, hurries=True)
    assert turns.next(3.4) is None
    assert turns.next(3.5) is not None


def test_who_hurries_has_slices_even_when_the_others_never_have_enough():
    runaways = [World(hurries=True) for _ in range(3)]
    played([*(World() for _ in range(12)), *runaways], 2.0)
    for one in runaways:
        assert len(one.late_s) > 10 and max(one.late_s) < 2 * STARVED_S


def test_of_many_that_hurry_none_waits_for_ever():
    runaways = [World(hurries=True) for _ in range(12)]
    played([*runaways, World(every_s=0.1, cost_s=0.001)], 1.0)
    turns = [len(world.late_s) for world in runaways]
    assert min(turns) > 1 and max(turns) - min(turns) <= 1


def test_however_many_hurry_who_keeps_to_the_wall_clock_has_its_turn():
    runaways, steady = [World(hurries=True) for _ in range(40)], World(every_s=0.1, cost_s=0.001)
    played([*runaways, steady], 2.0)
    assert len(steady.late_s) > 18 and max(steady.late_s) <= SLICE_S
    assert min(len(world.late_s) for world in runaways) > 5


def test_nobody_is_due_when_nothing_is_to_happen():
    turns = Turns()
    assert turns.pause_s(0.0) == NEVER_S
    turns.plan(ONE, NEVER_S, NEVER_S, hurries=True)
    turns.plan(TWO, NEVER_S, NEVER_S, hurries=False)
    assert (turns.next(1e9), turns.pause_s(0.0)) == (None, NEVER_S)
