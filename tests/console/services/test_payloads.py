import json

import pytest

from console.services import payloads
from console.templatetags.console_tags import json_tree
from tests.timing import least_cpu_s


def test_numbers_keep_the_digits_they_came_with():
    data = b'{"id":9223372036854775807,"score":0.1000000000000000055511151231257827,"e":1e400,"z":-0.0,"v":1249.00}'
    tree = dict(payloads.payload(data).tree)
    assert [str(tree[key]) for key in ("id", "score", "e", "z", "v")] == [
        "9223372036854775807", "0.1000000000000000055511151231257827", "1e400", "-0.0", "1249.00",
    ]  # fmt: skip
    assert "0.1000000000000000055511151231257827" in json_tree(payloads.payload(data).tree)


def test_doubled_names_are_both_shown():
    assert payloads.payload(b'{"a":1,"a":2}').tree == [("a", "1"), ("a", "2")]


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b"[" * 200 + b"]" * 200, b'{"a":' * 60 + b"1" + b"}" * 60, b"[" + b"1," * 200_000 + b"1]"],
    ids=["open", "deep", "deep objects", "long"],
)
def test_hostile_json_is_shown_as_text_with_the_reason(data):
    shown = payloads.payload(data, everything=True)
    assert shown.kind == "text" and shown.note
    assert least_cpu_s(lambda: payloads.payload(data, everything=True)) < 0.5


def test_a_number_of_a_million_digits_costs_nothing_special():
    assert least_cpu_s(lambda: payloads.payload(b"[" + b"9" * 250_000 + b"]")) < 0.3


def test_lone_surrogates_are_named_and_never_reach_an_encoder():
    shown = json_tree(payloads.payload(b'{"a":"\\ud800x"}').tree)
    assert "U+D800" in shown
    shown.encode()


def test_bytes_are_bytes():
    shown = payloads.payload((2**40).to_bytes(8, "big"))
    assert (shown.kind, shown.hex[0][1]) == ("bytes", "00 00 01 00 00 00 00 00")


def test_null_and_empty_differ():
    assert (payloads.payload(None).kind, payloads.payload(b"").kind) == ("null", "empty")
    assert (payloads.preview(None).kind, payloads.preview(b"").kind) == ("null", "empty")


def test_long_values_are_folded_and_say_by_how_much():
    shown = payloads.payload(b"x" * 10_000)
    assert (len("".join(shown.text)), shown.folded, shown.size) == (4096, 5904, 10_000)
    assert payloads.payload(b"x" * 10_000, everything=True).folded == 0
    assert payloads.payload(b"x" * 3_000_000, everything=True).folded == 3_000_000 - 1_048_576


def test_a_cut_through_a_character_does_not_make_text_binary():
    data = "é".encode() * 5000
    assert payloads.payload(b"x" + data).kind == "text"
    assert payloads.preview(b"x" + data).kind == "text"


@pytest.mark.parametrize(
    "character", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x00", "\x07", "\x7f", "\x85", "\U000e0041"]
)
def test_what_cannot_be_seen_is_named(character):
    assert payloads.pieces(f"a{character}b", multiline=True) == ["a", f"U+{ord(character):04X}", "b"]


def test_line_breaks_are_kept_in_full_and_blanks_on_one_line():
    assert payloads.pieces("a\nb", multiline=True) == ["a\nb"]
    assert "".join(payloads.preview(b"a\n\tb").pieces) == "a b"


def test_other_scripts_are_left_alone():
    assert payloads.pieces("Ünïcödé 日本語 עברית 🎉", multiline=False) == ["Ünïcödé 日本語 עברית 🎉"]


def test_random_bytes_never_raise():
    import random

    rng = random.Random(7)
    for _ in range(500):
        data = rng.randbytes(rng.randrange(60))
        for one in (data, b"{" + data, b"[" + data, json.dumps({"a": data.hex()}).encode()[: rng.randrange(40)]):
            payloads.preview(one), payloads.payload(one)
