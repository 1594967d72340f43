"""Each lesson in a world: its solution makes all checks true in order, its wrong paths are refused in words."""

import pytest

from sandbox.checks import lint
from sandbox.checks.model import CAUSED
from sandbox.lessons import catalog
from tests.sandbox.lessons.played import Played, missing, solved, up_to

SLUGS = catalog.ORDER
STEPS = [(slug, number) for slug in SLUGS for number in range(len(catalog.lesson(slug, "x").steps))]
SPOILT = [(slug, number) for slug, number in STEPS if catalog.lesson(slug, "x").steps[number].never]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_has_everything_that_a_good_one_has(slug):
    assert lint.faults(catalog.lesson(slug, "x1")) == []


@pytest.mark.parametrize("slug", SLUGS)
def test_the_solution_makes_every_step_true_in_order(slug):
    played, _, told = solved(slug)
    for step, report in zip(played.lesson.steps, told, strict=True):
        assert report.done, (step.id, missing(report))


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_the_wrong_path_is_refused_with_its_hint(slug, number):
    played = up_to(slug, number)
    report = played.play(played.step.wrong)
    assert not report.done
    assert played.step.wrong_hint in report.hint_ids, (report.hint_ids, missing(report))
    assert all("{" not in said for said in report.hints), report.hints
    assert all(one.because or one.met for one in report.verdicts)


@pytest.mark.parametrize(("slug", "number"), SPOILT)
def test_what_must_never_happen_spoils_the_step_and_says_how(slug, number):
    """Then even its solution does not make it done; in a world where it did not happen, it does."""
    played = up_to(slug, number)
    report = played.play([*played.step.ruin, *played.step.solution])
    assert not report.done
    assert len(report.spoilt) == len(played.step.never)
    assert all(said and "{" not in said for said in report.spoilt)
    after = up_to(slug, number)
    assert after.play(after.step.solution).done, "done is done: nobody looks on"


def begin_anew(played: Played) -> None:
    """As hints say: clients removed, the step's topic deleted, the broker started."""
    timeline = played.timeline
    for node in list(timeline.world.nodes.values()):
        if node.actor is not None and node.name != "you":
            timeline.act({"do": "remove", "name": node.name})
    broker = timeline.world.nodes["broker-1"]
    if broker.machine is None:
        timeline.act({"do": "start"})
    timeline.run(20_000, timeline.world.now_us + 500_000)
    for move in played.step.solution:
        topic = move.get("act", {}).get("topic")
        if move.get("act", {}).get("do") == "create topic" and topic in broker.machine.image.topics:
            timeline.act({"do": "delete topic", "topic": topic})
            timeline.run(60)


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_after_the_wrong_path_the_right_one_still_leads_on(slug, number):
    played = up_to(slug, number)
    played.play(played.step.wrong)
    begin_anew(played)
    solution = [move | {"value": "3"} if move.get("answer") == "next_offset" else move for move in played.step.solution]
    solution = [
        move | {"value": f"{played.lesson.names['topic']}/0/3"} if move.get("answer") == "address" else move
        for move in solution
    ]  # the wrong record is there, and has taken an offset
    report = played.play(solution)
    assert report.done, missing(report)


def test_a_topic_of_too_many_partitions_can_be_made_again():
    played = up_to("keys-partitions-order", 0)
    played.timeline.act({"do": "create topic", "topic": played.lesson.names["topic"], "partitions": 5})
    played.timeline.run(60)
    assert played.look().hint_ids == ("other_count",)
    begin_anew(played)
    report = played.play(played.step.solution)
    assert report.done, missing(report)


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_what_the_learner_must_do_is_not_done_when_a_step_opens(slug, number):
    played = up_to(slug, number)
    caused = [one.id for one in played.step.checks if one.kind in (*CAUSED, "answered", "right")]
    assert caused
    opened = [one.id for one in played.look().verdicts if one.met]
    assert not set(opened) & set(caused)
    assert played.look().hints == ()


@pytest.mark.parametrize("slug", SLUGS)
def test_extra_objects_fail_nothing(slug):
    """Others' topics, producers and groups beside each step: the solution passes all the same, in another world."""
    played = Played(slug, salt="xtra", seed=8)
    timeline = played.timeline
    timeline.act({"do": "create topic", "topic": "noise", "partitions": 2})
    timeline.run(60)
    for number in range(len(played.lesson.steps)):
        played.open(number)
        for name, topic in [(f"n{number}", "noise"), (f"m{number}", f"orders{number}")]:
            if topic != "noise":
                timeline.act({"do": "create topic", "topic": topic})
                timeline.run(60)
            timeline.act(
                {"do": "add", "actor": {"kind": "producer", "name": name, "topic": topic, "limit": 30, "rate": 9}}
            )
            timeline.act(
                {"do": "add", "actor": {"kind": "consumer", "name": f"c{name}", "topic": topic, "group": f"g{name}"}}
            )
        report = played.play(played.step.solution)
        assert report.done, (played.step.id, missing(report))


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_no_step_passes_in_a_world_where_the_learner_does_nothing(slug, number):
    """All answers given, right ones among them, time runs on, and what was done in earlier steps goes on."""
    played = up_to(slug, number)
    idle = [move for move in played.step.solution if "act" not in move]
    assert not played.play([*idle, {"run_ms": 3_000}]).done, played.step.id


def test_the_names_of_two_learners_differ_and_ones_salt_solves_not_the_others():
    one, other = (catalog.lesson("first-event", salt) for salt in ("aaaa", "bbbb"))
    assert not set(one.names.values()) & set(other.names.values())
    played = Played("first-event", salt="aaaa")
    assert not played.play(other.steps[0].solution).done


def test_a_watch_made_anew_from_the_history_says_the_same():
    played = up_to("first-event", 3)
    told = played.play(played.step.solution)
    played.watch = None
    again = played.look()
    assert [(one.id, one.met, one.event) for one in again.verdicts] == [(o.id, o.met, o.event) for o in told.verdicts]


def test_the_articles_sample_and_what_clients_do_with_it():
    from sandbox.lessons.gadget import hashed

    keys = ("id_1234", "id_4321", "id_4320", "id_4319")
    ways = [[row.partition for row in hashed(key, 3)] for key in keys]
    java, librdkafka, article = zip(*ways, strict=True)
    assert (java, librdkafka, article) == ((0, 1, 2, 1), (0, 0, 0, 1), (1, 0, 2, 0))
    assert hashed("id_1234", 3)[2].value == -286100597
