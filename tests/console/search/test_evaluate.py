"""Whether a record matches, and that the quick look before it never loses one."""

import json
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from console.search import FilterError, matches, parse, prefilter
from console.search.words import quoted
from tests.timing import least_cpu_s


@dataclass(frozen=True)
class Rec:
    partition: int = 3
    offset: int = 100
    timestamp_ms: int = 1_795_527_000_000
    key: bytes | None = b"cust-119"
    value: bytes | None = b""
    headers: tuple = ()


DOCUMENT = {
    "id": 9223372036854775807, "n": 12.50, "ok": True, "none": None, "city": "Αθήνα", "list": [{"sku": "KB-1"}, 7],
    "a.b": {"odd name": "x"}, "text": "5", "big": 10**30, "nul": "null",
}  # fmt: skip
RECORD = Rec(
    value=json.dumps(DOCUMENT).encode(),
    headers=(("trace-id", b"4bf92f"), ("Zahl", b"\x00\x01"), ("none", None), ("none", b"x")),
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cust", True), ("CUST", False), ("KB-1", True), ("trace", True), ("4bf", True), ("nowhere", False),
        ("key:119", True), ("key=cust-119", True), ("key=119", False), ("key!=119", True), ("key=null", False),
        ("key:KB", False), ("value:KB", True), ("value=null", False), ("header:trace-id", True), ("header:119", False),
        ("header=4bf92f", True), ("header.trace-id=4bf92f", True), ("header.trace-id:bf9", True),
        ("header.trace-id=x", False), ("header.none=null", True), ("header.none!=null", False), 
        ("header.gone=x", False),
        ("header.gone!=x", True), ("value.id=9223372036854775807", True), ("value.id=9223372036854775806", False),
        ("value.id>9223372036854775806", True), ("value.n=12.5", True), ("value.n=1.25e1", True), 
        ("value.n<12.6", True),
        ("value.n<=12.49", False), ("value.city=Αθήνα", True), ("value.city:θή", True), ("value.city!=Αθήνα", False),
        ("value.ok=true", True), ("value.ok=false", False), ('value.ok="true"', False), ("value.none=null", True),
        ("value.gone=null", False), ("value.gone!=5", True), ("value.list.0.sku=KB-1", True), ("value.list.1=7", True),
        ("value.list.9=7", False), ('value."a.b"."odd name"=x', True), ("value.text=5", True), ('value.text="5"', True),
        ('value.n="12.5"', False), ("value.text<6", False), ("value.big>1e29", True), ('value.nul="null"', True),
        ("value.nul=null", False), ("key.id=5", False), ("partition:0-3", True), ("partition=2", False),
        ("offset>=100", True), ("offset:101..200", False), ("offset!=100", False), ("time>=2026-11-24", True),
        ("time:2026-11-24T13:30..2026-11-24T13:31", True), ("time:2026-11-24..2026-11-24T13:30", False),
        ("cust and not nowhere", True), ("nowhere or key:119", True), ("not (cust or x)", False), ("", True),
    ],
)  # fmt: skip
def test_a_record_matches(text, expected):
    assert matches(parse(text), RECORD) is expected


def test_null_and_empty_differ():
    tombstone = Rec(key=None, value=None)
    assert matches(parse("key=null value=null"), tombstone) and not matches(parse('value=""'), tombstone)
    assert matches(parse('value=""'), Rec(value=b"")) and not matches(parse("value=null"), Rec(value=b""))
    assert not matches(parse("value.a=null"), tombstone)


@pytest.mark.parametrize(
    "value",
    [b'{"a":' * 100_000 + b"1", b"[" * 400_000, b'{"a":"' + b"x" * (1 << 20) + b'"}'],
    ids=["deep", "deep-lists", "large"],
)
def test_what_cannot_be_compared_is_an_error_and_no_silent_miss(value):
    record = Rec(value=value)

    def refused():
        with pytest.raises(FilterError):
            matches(parse("value.a=1"), record)

    assert least_cpu_s(refused) < 0.2
    assert matches(parse("cust or value.a=1"), record), "what is known already needs no look at the fields"


def test_the_work_for_a_record_is_bounded():
    record = Rec(value=b"a" * (4 << 20))
    with pytest.raises(FilterError, match="too large"):
        matches(parse(" ".join(f"not x{number}" for number in range(29))), record)


@pytest.mark.parametrize(
    "value", [b'{"a":1e99999999999}', b'{"a":' + b"9" * 100_000 + b"}", b'{"a":NaN}', b'{"a":Infinity}']
)
def test_numbers_beyond_reason_equal_nothing_and_take_no_time(value):
    def compared():
        assert not matches(parse("value.a=1"), Rec(value=value)) and not matches(parse("value.a<1"), Rec(value=value))

    assert least_cpu_s(compared) < 0.05


texts = some.text('ab\\"é{}:,1\n�', min_size=1, max_size=6)
leaves = some.one_of(some.none(), some.booleans(), some.integers(-3, 3), some.floats(-2, 2), texts)
trees = some.recursive(
    leaves,
    lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
documents = some.builds(lambda tree, ascii: json.dumps(tree, ensure_ascii=ascii).encode(), trees, some.booleans())
values = some.one_of(some.none(), some.binary(max_size=8), documents)
headers = some.lists(some.tuples(texts, some.one_of(some.none(), some.binary(max_size=4))), max_size=2).map(tuple)
records = some.builds(Rec, key=values, value=values, headers=headers)

places = some.sampled_from(["key", "value", "header"])
signs = some.sampled_from([":", "=", "!="])
operands = some.one_of(texts.map(quoted), some.sampled_from(["1", "null", "true", "-1.5", "a"]))
conditions = some.one_of(
    texts.map(quoted),
    some.builds("{}{}{}".format, places, signs, operands),
    some.builds("{}.{}{}{}".format, places, texts.map(quoted), signs, operands),
    some.builds("value.{}<{}".format, texts.map(quoted), some.integers(-3, 3)),
)
filters = some.recursive(
    conditions,
    lambda inner: some.one_of(
        inner.map("not {}".format), some.builds("({} {} {})".format, inner, some.sampled_from(["and", "or"]), inner)
    ),
    max_leaves=4,
)


@settings(max_examples=400, deadline=None)
@given(filters, records)
def test_a_record_that_matches_holds_one_of_the_prefilters_texts(text, record):
    asked = parse(text)
    needles = prefilter(asked)
    if needles is not None and matches(asked, record):
        parts = [record.key, record.value, *(part for name, value in record.headers for part in (name.encode(), value))]
        assert any(needle in part for needle in needles for part in parts if part is not None)


def test_plain_text_has_a_prefilter_and_what_cannot_have_one_has_none():
    assert prefilter(parse("abc")) == (b"abc",)
    assert prefilter(parse("abc or key:x")) == (b"abc", b"x")
    assert prefilter(parse("partition:1 longer ab")) == (b"longer",)
    assert prefilter(parse("value.city=Αθήνα")) == ("Αθήνα".encode(), b"\\")
    assert prefilter(parse("value.n=5")) == (b'"n"', b"\\")
    assert (
        prefilter(parse("not a")) is None
        and prefilter(parse("a or partition:1")) is None
        and prefilter(parse("")) is None
    )
    assert matches(parse("a"), replace(RECORD, key=b"a"))
