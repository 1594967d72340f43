"""Deciding on plain facts: causes, order, references, floods, and what is said while something is missing."""

from hypothesis import given
from hypothesis import strategies as st

from sandbox.checks import compare, evaluate, lint, measures, reading
from sandbox.checks.answers import same
from sandbox.checks.gathered import FACTS_MAX, Answer, Gathered
from tests.sandbox.checks.test_reading import WHOLE

STEP = reading.read(WHOLE, "nine", "abcd").steps[0]


def gathered(answers=(), since: int = 10) -> Gathered:
    return Gathered(STEP, since, list(answers), event=100)


def opened(event: int, root: int, topic: str = "orders-abcd") -> dict:
    return {
        "kind": "opened",
        "node": "broker-1",
        "topic": topic,
        "partition": 0,
        "end": 0,
        "event": event,
        "root": root,
    }


def test_only_the_learners_own_action_in_this_step_counts():
    for root, done in [(0, False), (5, False), (10, False), (30, True)]:
        one = gathered([Answer("p", "0", 20)])
        one.take_seen(opened(31, root))
        assert evaluate.report(one).done is done


def test_a_deed_before_its_prediction_does_not_count_and_says_what_it_waits_for():
    one = gathered()
    one.take_seen(opened(31, 30))
    made = evaluate.report(one).verdicts[1]
    assert (made.met, made.waits, made.because) == (False, True, "Waits for: You said it.")
    one.answers = [Answer("p", "0", 40)]
    assert not evaluate.report(one).done
    one.take_seen(opened(51, 50))
    assert evaluate.report(one).done


def test_a_flood_of_others_pushes_nothing_out():
    one = gathered([Answer("p", "0", 20)])
    one.take_seen(opened(31, 30))
    for number in range(FACTS_MAX * 2):
        one.take_seen(opened(100 + number, 99, "another"))
    assert evaluate.report(one).done


NEVER = """
[[step.never]]
id = "gone"
say = "You deleted {found.topic}."
did = "delete topic"
where = { topic = "{topic}" }

[[step.ruin]]
act = { do = "delete topic", topic = "{topic}" }

[[step.check]]
"""


def test_what_must_never_happen_counts_when_the_learner_did_it_since_the_step_opened():
    step = reading.read(WHOLE.replace("[[step.check]]", NEVER, 1), "nine", "abcd").steps[0]
    for event, topic, spoilt in [
        (5, "orders-abcd", ()),
        (40, "other", ()),
        (40, "orders-abcd", ("You deleted orders-abcd.",)),
    ]:
        one = Gathered(step, 10, [Answer("p", "0", 20)], event=100)
        one.take_seen(opened(31, 30))
        one.take_did({"do": "delete topic", "topic": topic, "event": event, "root": event})
        report = evaluate.report(one)
        assert (report.spoilt, report.done) == (spoilt, not spoilt)


def test_measures_of_records():
    lanes = [0, 0, 0, 1, 1, 2]
    records = [{"partition": lane, "key": f"k{lane % 2}", "offset": 0} for lane in lanes]
    found = measures.of_records(records)
    assert found["longest_run"] == 3 and found["runs"] == 3 and found["keys_on_several"] == 1
    assert found["share"] == 0.5 and measures.of_records([])["share"] == 0.0


def test_order_is_kept_inside_partitions_and_not_between_them():
    records = [{"partition": number % 2, "offset": number // 2, "key": None} for number in range(6)]
    reads = [{"node": "c", "partition": lane, "first": 0, "last": 2} for lane in (0, 1)]
    assert measures.of_order(records, reads) == {"delivered": 6, "out_of_order": 2, "out_of_order_within": 0}
    each = [{"node": "c", "partition": number % 2, "first": number // 2, "last": number // 2} for number in range(6)]
    assert measures.of_order(records, each)["out_of_order"] == 0


def test_what_is_missing_is_said_in_peoples_words():
    def said(name, found, how):
        return evaluate._measure_words(name, found, how)

    assert said("count", 1, {"ge": 12}) == "1 record so far, and at least 12 are needed"
    assert said("share", 0.7, {"lt": 0.45}) == "the fullest partition has 70 %, and less than 45 % are needed"
    assert said("keys_on_several", 2, {"eq": 0}) == "2 keys are in more than one partition, and there must be none"
    assert compare.words({"ge": 3, "le": 3}) == "exactly 3" and compare.words({"le": 3}) == "at most 3"


def test_answers_are_taken_as_people_write_them():
    assert same(" 1,024 ", 1024) and not same("1024 bytes", 1024)
    assert same("orders-x 0 2", "orders-x/0/2") and same("orders-x, 0, 2", "orders-x/0/2")
    assert not same("orders-x/0/3", "orders-x/0/2") and same("true", True)


@given(st.sampled_from(sorted(compare.HOW)), st.one_of(st.integers(), st.text(), st.booleans(), st.floats()),
       st.one_of(st.none(), st.integers(), st.text(), st.booleans()))  # fmt: skip
def test_a_comparison_never_raises(how, limit, value):
    assert compare.holds(compare.read({how: limit}, "eq"), value) in (True, False)


facts = st.fixed_dictionaries({
    "kind": st.sampled_from(["opened", "appended", "killed"]), "node": st.just("broker-1"),
    "topic": st.sampled_from(["orders-abcd", "x"]), "event": st.integers(11, 200), "root": st.integers(0, 10),
    "partition": st.just(0), "end": st.integers(0, 3),
})  # fmt: skip


@given(st.lists(facts, max_size=30), st.booleans())
def test_no_check_passes_without_an_action_of_the_learner(seen, answers):
    one = gathered([Answer("p", "0", 20)] if answers else [])
    for fact in seen:
        one.take_seen(fact)
    assert not evaluate.report(one).done


def test_what_must_never_happen_has_moves_that_make_it_happen():
    text = WHOLE.replace("[[step.check]]", NEVER.replace("[[step.ruin]]", "[[step.solution]]"), 1)
    assert any("(ruin)" in fault for fault in lint.faults(reading.read(text, "nine", "abcd")))
