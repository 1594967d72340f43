"""`manage.py check_code` says what failed, in order, and ends with a code that scripts understand."""

import sys
from io import StringIO

import pytest
from django.core.management import call_command

from console.management.commands import check_code
from console.management.commands.check_code import Step

SAYS_AND_FAILS = [sys.executable, "-c", "print('line 7 is wrong'); raise SystemExit(3)"]
PASSES = [sys.executable, "-c", "pass"]


def run(monkeypatch, steps, *wanted):
    """Run the command with these steps; return its exit code and what it said."""
    monkeypatch.setattr(check_code, "all_steps", lambda _root: steps)
    out, code = StringIO(), 0
    try:
        call_command("check_code", *wanted, stdout=out, stderr=out)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue()


def test_one_line_per_step_when_all_is_well(monkeypatch):
    code, said = run(monkeypatch, [Step("lint", PASSES), Step("types", PASSES)])
    assert code == 0
    assert [line.split()[:2] for line in said.splitlines()] == [["ok", "lint"], ["ok", "types"]]


def test_a_failed_step_shows_what_it_said_and_the_others_still_run(monkeypatch):
    code, said = run(monkeypatch, [Step("lint", SAYS_AND_FAILS), Step("types", PASSES)])
    assert code == 1
    assert "line 7 is wrong" in said
    assert "ok     types" in said
    assert said.splitlines()[-1] == "Failed: lint."


def test_a_tool_that_is_not_there_is_a_failed_step(monkeypatch):
    code, said = run(monkeypatch, [Step("lint", ["no-such-tool-anywhere"])])
    assert code == 1
    assert "cannot be started" in said


def test_single_steps_can_be_asked_for(monkeypatch):
    code, said = run(monkeypatch, [Step("lint", SAYS_AND_FAILS), Step("types", PASSES)], "types")
    assert (code, "lint" in said) == (0, False)


def test_an_unknown_step_is_refused_with_the_list_of_steps(monkeypatch):
    code, said = run(monkeypatch, [Step("lint", PASSES)], "lnit")
    assert code == 2
    assert "there are: lint" in said


@pytest.mark.parametrize("name", ["lint", "format", "templates", "imports", "tidy", "types"])
def test_every_part_of_the_quality_gate_is_a_step(name, settings):
    assert name in [step.name for step in check_code.all_steps(settings.BASE_DIR)]
