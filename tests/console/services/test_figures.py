from datetime import UTC, datetime

import pytest

from console.services import figures

T = "\u202f"


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0"), (4218, f"4{T}218"), (-12_345, f"\u221212{T}345"), (2**63 - 1, f"9{T}223{T}372{T}036{T}854{T}775{T}807")],
)
def test_thousands_are_set_off_and_exact(number, words):
    assert figures.thin(number) == words


def test_counts_are_exact_up_to_seven_digits():
    assert figures.count(9_999_999) == (f"9{T}999{T}999", "")
    assert figures.count(241_812_345) == ("241.8", "million")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (10_000_000, ("10.0", "million")),
        (999_949_999, ("999.9", "million")),
        (999_999_999, ("1.0", "billion")),
        (999_999_999_999, ("1.0", "trillion")),
        (2**63 - 1, ("9223372.0", "trillion")),
    ],
)
def test_a_rounded_count_never_reaches_a_thousand_of_its_word(number, words):
    assert figures.count(number) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, ("0", "B")),
        (1023, ("1023", "B")),
        (1024, ("1.0", "KB")),
        (10_240, ("10", "KB")),
        (1_048_575, ("1.0", "MB")),
        (442_381_631_488, ("412", "GB")),
    ],
)
def test_sizes_have_a_unit(size, words):
    assert figures.size(size) == words


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (999, f"999{T}ms"),
        (604_800_000, f"7{T}d"),
        (186_000, f"3{T}min 6{T}s"),
        (90_000_000, f"1{T}d 1{T}h"),
        (86_460_000, f"1{T}d"),
    ],
)
def test_durations_have_at_most_two_units(ms, words):
    assert figures.duration_ms(ms) == words


def test_times_are_exact_to_the_millisecond_and_dated_unless_today():
    today = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert figures.clock(1_795_356_391_874, today=today) == "14:06:31.874"
    assert figures.clock(1_795_356_391_874, today=today.replace(day=23)) == "2026-11-22 14:06:31.874"
    assert figures.clock(-1, today=today) == "–"
    assert figures.clock(2**63 - 1, today=today) == str(2**63 - 1)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("retention.ms", "604800000", f"7{T}d"),
        ("retention.ms", "-1", "no limit"),
        ("retention.bytes", "1073741824", f"1.0{T}GB"),
        ("flush.messages", str(2**63 - 1), "no limit"),
        ("max.connections", str(2**31 - 1), f"2{T}147{T}483{T}647"),
        ("metadata.log.max.record.bytes.between.snapshots", "20971520", f"20{T}MB"),
        ("node.id", "1001", None),
        ("min.insync.replicas", "2", None),
        ("cleanup.policy", "delete", None),
        ("retention.ms", "9" * 5000, None),
    ],
)
def test_settings_are_said_for_people(name, value, words):
    assert figures.config_words(name, value) == words
