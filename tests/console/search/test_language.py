"""The filter language: what is understood, and that nothing else is."""

import pytest

from console.search import FilterError, parse
from console.search.language import All, Any, Condition, Not
from console.search.words import quoted
from tests.timing import least_cpu_s

# reliability.md, appendix C, and B where a regular expression might be tried
ESCAPES = [
    "__import__('os').system('id')", "().__class__.__mro__[1].__subclasses__()", "value.__class__",
    '"{0.__class__}".format(value)', 'f"{value}"', "value['__class__']", "getattr(value,'x')", "lambda: 1",
    "[x for x in (1,)]", "(x := 1)", "exec('1')", "open('/etc/passwd')", "globals()", "10**10**10", "'a'*10**9",
    "[0]*10**9", "1<<10**9", "(" * 900 + "x" + ")" * 900, "(" * 10_000 + ")" * 10_000, " and ".join(["a"] * 10_000),
    " and ".join(["a"] * 300), "not " * 400 + "a", "x = x", "f(f)", "__ｃlass__", "a\0b", '"a\0b"', "\0", "a" * 2**20,
    "value.x<NaN", "value.x=NaN", "value.x>=-Infinity", "{{ page }}", "{% debug %}", "${7*7}", "key matches (a+)+$",
    'key matches "(a|aa)+$"', r"value:(.*a){20}", "value" + ".a" * 10_000 + "=1", "value" + ".a" * 900 + "=1",
    "value.x=" + "9" * 100_000, "value.x=" + "9" * 1_900, "offset>" + "9" * 1_900, "partition:0.." + "1" * 1_900,
]  # fmt: skip


@pytest.mark.parametrize("text", ESCAPES, ids=lambda text: text[:30].encode("ascii", "replace").decode())
def test_every_escape_is_refused_when_it_is_read_within_50_ms(text):
    def read():
        with pytest.raises(FilterError) as refused:
            parse(text)
        return refused

    assert least_cpu_s(read) < 0.05
    refused = read()
    assert 0 <= refused.value.begin <= refused.value.end and refused.value.begin <= len(text)
    assert len(str(refused.value)) < 400 + 2_000


@pytest.mark.parametrize(
    ("text", "begin", "words"),
    [
        ("a (b", 2, "not closed"),
        ("a b)", 3, "closes nothing"),
        ('key:"b', 4, "not closed"),
        (r'"a\q"', 2, "backslash"),
        ("a and", 5, "missing"),
        ("or a", 0, "between two conditions"),
        ("=a", 0, "needs a field"),
        ("colour:red", 0, "no field colour"),
        ("key", 0, "must be compared"),
        ("key:", 4, "missing"),
        ("key<4", 3, "compares numbers"),
        ("value.n<x", 8, "needs a number"),
        ("value..n=1", 0, "empty"),
        ("partition:x", 10, "whole number"),
        ("offset=9223372036854775808", 7, "9223372036854775807"),
        ("time>=yesterday", 6, "A time looks like"),
        ("time:2026-11-24", 5, "from..to"),
        ("time<1969-12-31", 5, "1970"),
        ('""', 0, "everywhere"),
        ("note value ~ x", 5, "must be compared"),
    ],
)
def test_a_mistake_is_said_at_its_place(text, begin, words):
    with pytest.raises(FilterError, match=words) as refused:
        parse(text)
    assert refused.value.begin == begin


def test_the_words_of_the_design_are_understood():
    text = 'key:ord_118 value.ship_to.city="Αθήνα" time:2026-11-24T13:30..2026-11-24T14:06 partition:0-11,14'
    found = parse(text)
    assert [text[part.begin : part.end] for part in found.parts] == [
        "key:ord_118",
        'value.ship_to.city="Αθήνα"',
        "time:2026-11-24T13:30..2026-11-24T14:06",
        "partition:0-11,14",
    ]
    _, city, when, partitions = found.parts
    assert city.path == ("ship_to", "city") and city.text == "Αθήνα" and not city.bare
    assert when.ranges == ((1_795_527_000_000, 1_795_529_159_999),)
    assert partitions.ranges == ((0, 11), (14, 14))


def test_and_binds_closer_than_or_and_words_beside_each_other_are_joined():
    tree = parse("a b or not c and (d OR e)").tree
    assert isinstance(tree, Any)
    first, second = tree.children
    assert isinstance(first, All) and [child.text for child in first.children] == ["a", "b"]
    assert isinstance(second, All) and isinstance(second.children[0], Not)


def test_a_part_can_be_taken_out_and_what_stays_is_a_filter():
    found = parse("a and key:b and (c or d)")
    assert [found.without(part) for part in found.parts] == ["key:b and (c or d)", "a and (c or d)", "a and key:b"]
    assert parse("a").without(parse("a").tree) == ""
    for part in found.parts:
        parse(found.without(part))


@pytest.mark.parametrize(
    "text", ["a", "two words", 'a "quote"', "back\\slash", "line\nbreak\t", "and", "Αθήνα=(1)", "__ｃ"]
)
def test_any_text_can_be_quoted(text):
    assert parse(f"key:{quoted(text)}").tree == Condition("key", ":", text, 0, len(quoted(text)) + 4)


def test_an_empty_filter_matches_everything_and_says_so():
    assert parse("").is_empty and parse(" \t").is_empty and not parse("a").is_empty
