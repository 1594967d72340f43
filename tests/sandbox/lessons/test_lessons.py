"""Each lesson in a world: its solution makes all checks true in order, its wrong paths are refused in words."""

import pytest

from sandbox.checks import lint
from sandbox.checks.model import CAUSED
from sandbox.lessons import catalog
from tests.sandbox.lessons.played import Played, missing

SLUGS = catalog.ORDER
STEPS = [(slug, number) for slug in SLUGS for number in range(len(catalog.lesson(slug, "x").steps))]


def up_to(slug: str, number: int, **more) -> Played:
    """The steps before are solved, this one is open."""
    played = Played(slug, **more)
    for place in range(number):
        played.open(place)
        played.play(played.step.solution)
    played.open(number)
    return played


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_has_everything_that_a_good_one_has(slug):
    assert lint.faults(catalog.lesson(slug, "x1")) == []


@pytest.mark.parametrize("slug", SLUGS)
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_solution_makes_every_step_true_in_order(slug, seed):
    played = Played(slug, seed=seed, salt=f"s{seed}")
    for number in range(len(played.lesson.steps)):
        played.open(number)
        opened = played.look()
        assert not opened.done, f"{played.step.id} is done when it opens"
        report = played.play(played.step.solution)
        assert report.done, (played.step.id, missing(report))


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_the_wrong_path_is_refused_with_its_hint(slug, number):
    played = up_to(slug, number)
    report = played.play(played.step.wrong)
    assert not report.done
    assert played.step.wrong_hint in report.hint_ids, (report.hint_ids, missing(report))
    assert all("{" not in said for said in report.hints), report.hints
    assert all(one.because or one.met for one in report.verdicts)


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_what_the_learner_must_do_is_not_done_when_a_step_opens(slug, number):
    played = up_to(slug, number)
    caused = [one.id for one in played.step.checks if one.kind in (*CAUSED, "answered", "right")]
    assert caused
    opened = [one.id for one in played.look().verdicts if one.met]
    assert not set(opened) & set(caused)
    assert played.look().hints == ()
