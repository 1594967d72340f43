"""Reading lessons: what is wrong has a sentence and the line where it stands."""

import pytest

from sandbox.checks import lint, reading
from sandbox.checks.errors import LessonError
from sandbox.lessons import catalog

WHOLE = """number = 9
title = "T"
minutes = 1
goal = "G"
aha = "A"
version = 1
knows = ["create topic"]

[names]
topic = "orders-{salt}"

[[step]]
id = "9.1"
title = "One"
do = "Make {topic}."
text = ["So."]
after_text = ["There."]
concepts = [20]
wrong_hint = "other"

[[step.ask]]
id = "p"
say = "What?"
kind = "whole"
shown_by = "made"
truth = "@made.end"

[[step.check]]
id = "said"
say = "You said it"
answered = "p"

[[step.check]]
id = "made"
say = "You made {topic}"
seen = "opened"
where = { topic = "{topic}" }
after = ["said"]

[[step.hint]]
id = "other"
say = "Another name"
did = "create topic"

[[step.tool]]
label = "Make"
action = { do = "create topic" }
fields = [{ name = "topic", label = "Name" }]

[[step.solution]]
act = { do = "create topic", topic = "{topic}" }

[[step.wrong]]
act = { do = "create topic", topic = "x" }
"""


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_lesson_is_read_and_its_names_carry_the_salt():
    lesson = reading.read(WHOLE, "nine", "abcd")
    assert lesson.steps[0].do == ("Make orders-abcd.",)
    assert lesson.steps[0].checks[1].where == {"topic": {"eq": "orders-abcd"}}
    assert lint.faults(lesson) == []


@pytest.mark.parametrize(
    ("part", "instead", "words"),
    [
        ('seen = "opened"', 'sene = "opened"', "exactly one of"),
        ('where = { topic = "{topic}" }', 'where = { topic = { like = "x" } }', "compares by"),
        ('kind = "whole"', 'kind = "number"', "kind is one of"),
        ('after = ["said"]', 'after = ["nobody"]', "not in this step"),
        ('truth = "@made.end"', 'truth = ["x"]', "one value"),
        ('shown_by = "made"', 'shown_by = "other"', "no check of this step"),
        ('wrong_hint = "other"', 'wrong_hint = "said"', "no hint of this step"),
        ('answered = "p"', 'answered = "q"', "the question 'q'"),
        ('label = "Make"', 'labelle = "Make"', "label is missing"),
        ("minutes = 1", 'minutes = "1"', "whole number"),
        ("concepts = [20]", 'concepts = ["20"]', "whole numbers"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(part, instead, words):
    text = WHOLE.replace(part, instead, 1)
    with pytest.raises(LessonError, match=words) as wrong:
        reading.read(text, "nine", "abcd")
    assert 0 < wrong.value.line <= line_of(text, instead), wrong.value
    assert str(wrong.value).startswith(f"nine:{wrong.value.line}: ")


def test_a_text_that_is_no_toml_and_one_that_is_too_long_are_refused():
    with pytest.raises(LessonError, match="line 2"):
        reading.read("a = 1\nb = = 2", "nine", "x")
    with pytest.raises(LessonError, match="200 KiB"):
        reading.read("#" * (201 << 10), "nine", "x")


@pytest.mark.parametrize(
    ("part", "instead", "words"),
    [
        ('knows = ["create topic"]', "knows = []", "which no step has introduced"),
        ('topic = "orders-{salt}"', 'topic = "orders"', "no name carries the salt"),
        ('after = ["said"]\n', "", "nothing waits for the prediction"),
        ('seen = "opened"\n', 'state = "topic"\n', "could pass by accident"),
        ("concepts = [20]", "concepts = [99]", "no name in the table"),
    ],
)
def test_the_linter_tells_an_author_what_a_good_lesson_has(part, instead, words):
    faults = lint.faults(reading.read(WHOLE.replace(part, instead, 1), "nine", "x1"))
    assert any(words in fault for fault in faults), faults


def test_a_slug_is_one_of_the_catalog_never_a_path():
    for slug in ("../checks", "first-event/..", "", "nonsense"):
        with pytest.raises(catalog.NoLesson):
            catalog.text_of(slug)
