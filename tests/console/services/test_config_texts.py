"""Values with units, and what a refusal is about."""

import pytest

from console.services.config_texts import about, exact, typed, wanted


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("retention.ms", "30 d", "2592000000"),
        ("retention.ms", "14\u202fd", "1209600000"),
        ("retention.ms", "1.5h", "5400000"),
        ("retention.ms", "1\u202f209\u202f600\u202f000", "1209600000"),
        ("retention.ms", " -1 ", "-1"),
        ("retention.ms", "soon", "soon"),
        ("retention.ms", "3 fortnights", "3 fortnights"),
        ("max.message.bytes", "4 MB", "4194304"),
        ("retention.bytes", "999999999999999 TB", str(999999999999999 << 40)),
        ("cleanup.policy", "4 MB", "4 MB"),
        ("retention.ms", "", ""),
    ],
)
def test_units_become_exact_numbers_and_the_rest_stays(name, typed, value):
    assert exact(name, typed) == value


@pytest.mark.parametrize(("text", "value"), [("", None), ("  ", None), ('""', ""), (' "" ', ""), ("7 d", "604800000")])
def test_an_empty_field_is_the_default_and_two_quotes_are_an_empty_value(text, value):
    assert wanted("retention.ms", text) == value
    assert wanted("retention.ms", typed(value)) == value


def test_a_refusal_is_about_the_longest_name_that_stands_in_it():
    names = ["retention.ms", "local.retention.ms", "retention"]
    assert about("Invalid value x for configuration local.retention.ms: no", names) == "local.retention.ms"
    assert about("Unknown topic config name: retention", names) == "retention"
    assert about("Invalid value for retention.ms.", names) == "retention.ms"
    assert about("no name here", names) == ""
