"""The command `simulate`. No test here is marked django_db: using a database would fail."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from engine.simulation.plants import durability
from engine.simulation.plants.plant import active


def simulate(**options) -> list[str]:
    out = StringIO()
    call_command("simulate", stdout=out, stderr=StringIO(), **options)
    return out.getvalue().splitlines()


def test_it_says_what_it_reached_and_last_the_history():
    lines = simulate(seed=7, events=1500)
    assert re.fullmatch(r"history [0-9a-f]{64}", lines[-1])
    assert lines[-2] == "checked to the end: every invariant holds"
    figures = dict(re.findall(r"^(\S.*?) +([\d,]+)$", "\n".join(lines), re.MULTILINE))
    assert figures["events"] == "1,500"
    assert {"restarts", "resent batches", "high watermark moves"} <= figures.keys()


def test_one_seed_has_one_history_and_another_has_another():
    histories = [simulate(seed=seed, events=800)[-1] for seed in (3, 3, 4)]
    assert histories[0] == histories[1] != histories[2]


def test_without_a_number_of_events_it_runs_to_the_end():
    lines = simulate(seed=5)
    assert lines[-2] == "checked to the end: every invariant holds"


def test_steps_are_printed_with_their_causes():
    lines = simulate(seed=5, events=40, steps=True)
    steps = [line for line in lines if " <- " in line]
    assert len(steps) >= 40
    assert all(re.match(r" *[\d.]+ ms +\d+ <- \d+ ", line) for line in steps)


def test_a_campaign_sums_up():
    lines = simulate(seed=0, seeds=3)
    assert lines[-1] == "3 of 3 seeds kept every invariant"


def test_a_violation_is_said_and_fails():
    with active(durability.PLANTS[0]), pytest.raises(CommandError, match=r"seeds that did not: \[0, 1\]"):
        simulate(seed=0, seeds=2)
    with active(durability.PLANTS[0]), pytest.raises(CommandError, match="S28"):
        simulate(seed=0, events=50)
