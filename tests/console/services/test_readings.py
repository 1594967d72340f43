import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services import encodings
from console.services.readings import READINGS, Reading, payload, preview, reading_of

ANY_BYTES = st.none() | st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace"))


@settings(deadline=None)
@given(ANY_BYTES, st.sampled_from(READINGS))
def test_any_bytes_can_be_read_in_any_way_or_it_is_said_why_not(data, kind):
    for shown in (preview(data, kind), payload(data, kind)):
        assert shown.size == len(data or b"")
        if kind != "auto" and data:
            try:
                encodings.decode(kind, data)
            except encodings.CannotDecode as error:
                assert shown.wrong == str(error)
            else:
                assert not shown.wrong


@settings(deadline=None)
@given(st.sampled_from(["integer", "long", "double"]), st.integers(-(2**31), 2**31 - 1))
def test_what_a_form_wrote_as_a_number_is_shown_as_it(kind, number):
    data = encodings.encode(kind, str(number))
    expected = str(float(number)) if kind == "double" else str(number)
    assert preview(data, kind).pieces == [expected]
    assert payload(data, kind).numbers[0][1] == expected


def test_eight_bytes_are_shown_in_both_ways():
    assert payload(encodings.encode("double", "2.5")).numbers[0] == ("Double", "2.5")
    assert [name for name, _ in payload(encodings.encode("long", "7")).numbers] == ["Long", "Double"]
    assert preview(encodings.encode("long", "7")).read_as == "Long"


@pytest.mark.parametrize("kind", READINGS)
def test_a_long_value_stays_bounded(kind):
    assert sum(len(piece) for piece in preview(b"x" * 3_000_000, kind).pieces) < 300
    assert sum(len(piece) for piece in payload(b"x" * 3_000_000, kind).text) < 6_000


def test_json_may_be_a_number_or_a_word_alone():
    assert payload(b"9223372036854775807", "json").kind == "json"
    assert payload(b"{", "json").wrong.startswith("not JSON")


def test_an_address_says_how_to_read():
    assert reading_of({"key_as": "long", "value_as": ""}) == Reading("long", "auto")
    assert reading_of({"key_as": "evil"}) == Reading("auto", "auto", "evil")
