"""Each lesson in a world: its solution makes all checks true in order, its wrong paths are refused in words."""

import pytest

from sandbox.checks import lint
from sandbox.checks.model import CAUSED
from sandbox.lessons import catalog
from sandbox.runner import lesson_watch
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


def step_of(slug: str, step_id: str) -> Played:
    return up_to(slug, [one.id for one in catalog.lesson(slug, "x").steps].index(step_id))


def test_a_right_prediction_stays_right_when_the_record_has_a_slip_of_the_pen():
    played = step_of("first-event", "1.3")
    topic, key, trace = (played.lesson.names[name] for name in ("topic", "key", "trace"))
    slip = {"do": "produce", "topic": topic, "key": key, "value": "paid", "headers": {"trace": "trase"}}
    report = played.play([{"answer": "next_offset", "value": "2"}, {"act": slip}, {"run": 60}])
    assert "no_header" in report.hint_ids
    report = played.play([{"act": {**slip, "headers": {"trace": trace}}}, {"run": 60}])
    assert missing(report) == [("located", "Not that record yet: topic, partition and offset, divided by slashes.")]
    assert played.play([{"answer": "address", "value": f"{topic}/0/3"}]).done


def test_a_wrong_prediction_is_said_anew_and_judged_on_the_next_record():
    played = step_of("first-event", "1.3")
    sent = [move for move in played.step.solution if "act" in move or "run" in move]
    report = played.play([{"answer": "next_offset", "value": "9"}, *sent])
    assert [name for name, _ in missing(report)] == ["foresaw", "located"]
    address = {"answer": "address", "value": f"{played.lesson.names['topic']}/0/3"}
    assert played.play([{"answer": "next_offset", "value": "3"}, *sent, address]).done


def test_a_wrong_prediction_of_a_partition_takes_nothing_away_that_cannot_be_done_twice():
    """A partition is added once: a wrong number is said anew, and only the record is sent again."""
    played = step_of("keys-partitions-order", "3.6")
    right = next(move for move in played.step.solution if move.get("answer") == "where_a")
    wrong = {"answer": "where_a", "value": str((int(played.value(right)) + 1) % 4)}
    report = played.play([wrong if move is right else move for move in played.step.solution])
    assert [name for name, _ in missing(report)] == ["right_a"]
    sent = next(move for move in played.step.solution if move.get("act", {}).get("do") == "produce")
    report = played.play([right, sent, {"run_ms": 500}])
    assert report.done and report.hints == (), (missing(report), report.hints)


def shown(played: Played) -> dict:
    return lesson_watch.as_json(played.watch, played.timeline, played.look())


def test_the_order_in_which_a_reader_got_records_is_shown_as_it_came():
    played = step_of("keys-partitions-order", "3.4")
    assert shown(played)["received"] == []
    played.play(played.step.solution)
    (strip,) = shown(played)["received"]
    numbers = [number for _, part in strip["stays"] for number in part]
    assert (strip["node"], strip["more"], sorted(numbers)) == ("reader", 0, list(range(1, 13)))
    assert numbers != sorted(numbers) and all(part == sorted(part) for _, part in strip["stays"])
    lanes = [lane for lane, _ in strip["stays"]]
    assert len(lanes) == len(set(lanes)) > 1, "partition after partition"


def test_the_shares_of_a_hot_key_are_counted_since_its_keys_changed():
    played = step_of("keys-partitions-order", "3.5")
    changed = next(
        place for place, move in enumerate(played.step.solution) if move.get("act", {}).get("do") == "change"
    )
    played.play(played.step.solution[:changed])
    ((of_60, counted),) = shown(played)["shares"]
    hot = dict(counted)
    assert of_60.startswith("Of 60 records or more")
    assert max(hot.values()) > sum(hot.values()) * 0.55
    played.play(played.step.solution[changed:])
    before, (of_150, counted) = shown(played)["shares"]
    even = dict(counted)
    assert of_150.startswith("Of 150 records after that") and before[0] == of_60, "both are shown"
    assert sorted(even) == [0, 1, 2] and max(even.values()) < sum(even.values()) * 0.45


REMOVED = [
    (one.id, step.id)
    for step in catalog.lesson("keys-partitions-order", "x").steps
    for one in step.hints
    if one.remove and one.id == step.wrong_hint
]


@pytest.mark.parametrize(("hint", "step_id"), REMOVED)
def test_a_hint_is_gone_when_what_it_speaks_of_is_removed_and_the_step_can_still_be_done(hint, step_id):
    played = step_of("keys-partitions-order", step_id)
    assert hint in played.play(played.step.wrong).hint_ids
    (remove,) = [one.remove for one in played.step.hints if one.id == hint]
    assert hint not in played.play([{"act": {"do": "remove", "name": remove}}, {"run_ms": 500}]).hint_ids
    done = [move for move in played.step.solution if move.get("act", {}).get("actor", {}).get("name") != "reader"]
    if step_id == "3.7":  # the other client of the two is there already
        done = [
            move for move in done if move.get("act", {}).get("actor", {}).get("name") != played.lesson.names["java"]
        ]
    if step_id == "3.4":
        done += [{"act": {"do": "add", "actor": {**played.step.solution[-2]["act"]["actor"], "name": "reader2"}}}]
        done += [{"run_ms": 2_000}]
    report = played.play(done)
    assert report.done, missing(report)
    assert hint not in report.hint_ids


@pytest.mark.parametrize(("slug", "number"), STEPS)
def test_nothing_that_is_read_before_the_answer_gives_it_away(slug, number):
    """Neither the words of the right choice nor what explains it stand in the title, the text or what is to be done."""
    step = catalog.lesson(slug, "x").steps[number]
    told = " ".join((step.title, *step.text, *step.do)).lower()
    for ask in step.asks:
        for part in (dict(ask.choices).get(str(ask.truth), ""), ask.because):
            assert not part or part.lower().rstrip(".") not in told, (step.id, ask.id)


def test_the_articles_sample_and_what_clients_do_with_it():
    from sandbox.lessons.gadget import hashed

    keys = ("id_1234", "id_4321", "id_4320", "id_4319")
    ways = [[row.partition for row in hashed(key, 3)] for key in keys]
    java, librdkafka, article = zip(*ways, strict=True)
    assert (java, librdkafka, article) == ((0, 1, 2, 1), (0, 0, 0, 1), (1, 0, 2, 0))
    assert hashed("id_1234", 3)[2].value == -286100597
