import random
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.placeholders import BadPlaceholder, Moment, filled, moment, parsed

AT = Moment(7, datetime(2026, 11, 24, 14, 2, 11, 874000, UTC), random.Random(1))


def test_each_placeholder_is_filled_in():
    text = filled(parsed('{"n":{n},"at":"{now}","ms":{now_ms},"r":{random -3 -3},"id":"{uuid}"}'), AT)
    expected = r'\{"n":7,"at":"2026-11-24T14:02:11.874Z","ms":1795528931874,"r":-3,"id":"[0-9a-f-]{36}"\}'
    assert re.fullmatch(expected, text)


def test_other_braces_are_left_alone():
    for text in ("{}", "{ n }", '{"n": {"a": []}}', "{N}", "{1}", "{{n", "n}"):
        assert filled(parsed(text), AT) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("order-{uiid}", "Character 7: {uiid} is no placeholder. There are {n}"),
        ("a\n {random}", "Line 2, column 2: {random} needs two whole numbers"),
        ("{random 5 x}", "needs two whole numbers"),
        ("{random 9 1}", "{random 9 1} ends before it begins"),
        ("{random 0 99999999999999999999}", "9223372036854775807 at most"),
        ("{random 1 2 3}", "needs two whole numbers"),
        ("{n 5}", "{n} stands alone, without “5”"),
        ("{__import__}", None),
        ("{eval x}", "{eval} is no placeholder"),
    ],
)
def test_a_placeholder_that_cannot_be_filled_in_is_named_with_its_place(text, words):
    if words is None:
        assert filled(parsed(text), AT) == text
        return
    with pytest.raises(BadPlaceholder) as caught:
        parsed(text)
    assert words in str(caught.value)


@settings(deadline=None)
@given(st.integers(-(2**63) + 1, 2**63 - 1), st.integers(-(2**63) + 1, 2**63 - 1))
def test_random_numbers_stay_in_their_range(one, other):
    low, high = sorted((one, other))
    assert low <= int(filled(parsed(f"{{random {low} {high}}}"), moment(0))) <= high
