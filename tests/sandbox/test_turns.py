"""Turns of worlds: rounds are short, everybody has slices, and who hurries slows nobody."""

import time
import uuid

from sandbox.runner.turns import PAUSE_S, ROUND_S, Turns


class World:
    """One that always has more to do."""

    def __init__(self, hurries: bool = False, plays: bool = True, slice_s: float = 0.004) -> None:
        self.hurries, self.plays, self.slice_s = hurries, plays, slice_s
        self.ticks, self.took_s = 0, 0.0

    def tick(self) -> bool:
        began_s = time.perf_counter()
        time.sleep(self.slice_s)
        self.ticks += 1
        self.took_s += time.perf_counter() - began_s
        return True


def played(worlds: list[World], seconds: float) -> Turns:
    hosted, turns = {uuid.uuid4(): world for world in worlds}, Turns()
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s:
        if not turns.round(hosted, lambda one: hosted[one].plays and hosted[one].tick()):
            time.sleep(turns.pause_s())
    return turns


def test_a_round_is_short_however_many_worlds_there_are_and_all_have_their_turn():
    worlds = {uuid.uuid4(): World() for _ in range(30)}
    turns = Turns()
    began_s = time.perf_counter()
    turns.round(worlds, lambda one: worlds[one].tick())
    assert time.perf_counter() - began_s < 3 * ROUND_S
    assert 1 <= sum(world.ticks for world in worlds.values()) <= 9
    for _ in range(40):
        turns.round(worlds, lambda one: worlds[one].tick())
    ticks = [world.ticks for world in worlds.values()]
    assert max(ticks) - min(ticks) <= 1


def test_who_hurries_takes_a_fifth_of_the_time_beside_others_and_all_of_it_alone():
    steady, runaway = World(slice_s=0.0), World(hurries=True, slice_s=0.01)
    played([steady, runaway], 0.6)
    assert 0.05 < runaway.took_s < 0.2
    assert steady.ticks > runaway.ticks
    alone = World(hurries=True, slice_s=0.01)
    played([alone, World(plays=False, slice_s=0.0)], 0.3)
    assert alone.took_s > 0.2


def test_who_hurries_has_slices_even_when_the_others_never_have_enough():
    steady, runaways = [World() for _ in range(12)], [World(hurries=True) for _ in range(3)]
    played([*steady, *runaways], 1.0)
    assert all(world.ticks > 1 for world in [*steady, *runaways])


def test_of_many_that_hurry_none_waits_for_ever():
    runaways = [World(hurries=True) for _ in range(12)]
    played(runaways, 1.0)
    ticks = [world.ticks for world in runaways]
    assert 1 < max(ticks) <= 2 * min(ticks), ticks


def test_turns_are_fair_whoever_stands_between():
    runaways, steady = [World(hurries=True) for _ in range(6)], [World() for _ in range(12)]
    played([*runaways, *steady], 1.5)
    for worlds in (runaways, steady):
        ticks = [world.ticks for world in worlds]
        assert 1 < max(ticks) <= 1.5 * min(ticks), ticks


def test_who_hurries_and_has_nothing_to_do_lets_the_runner_pause():
    hosted, turns = {uuid.uuid4(): World(hurries=True), uuid.uuid4(): World()}, Turns()
    assert not turns.round(hosted, lambda one: False)
    assert turns.pause_s() == PAUSE_S


def test_a_pause_ends_with_the_first_rest_of_who_has_more_to_do():
    turns, now_s = Turns(), time.perf_counter()
    soon, late, over = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    assert turns.pause_s() == PAUSE_S
    turns.rest_until_s, turns.eager = {soon: now_s + 0.002, late: now_s + 9, over: now_s - 1}, {soon, late}
    assert 0 <= turns.pause_s() <= 0.002
    turns.eager.add(over)
    assert turns.pause_s() == 0
