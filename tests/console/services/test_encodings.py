import json
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.services.encodings import CannotDecode, CannotEncode, decode, encode, recognised, written


@pytest.mark.parametrize(
    ("kind", "text", "data"),
    [
        ("null", "whatever", None),
        ("text", "", b""),
        ("text", "Zoë\n", "Zoë\n".encode()),
        ("json", '{"id":9223372036854775807 , "x":1.10}', b'{"id":9223372036854775807 , "x":1.10}'),
        ("hex", "00 ff:0A\n0b", b"\x00\xff\x0a\x0b"),
        ("base64", "AP8K\nCw==", b"\x00\xff\x0a\x0b"),
        ("integer", "-1", b"\xff\xff\xff\xff"),
        ("integer", "2147483647", b"\x7f\xff\xff\xff"),
        ("long", " 42 ", b"\0\0\0\0\0\0\0\x2a"),
        ("long", "-9223372036854775808", b"\x80\0\0\0\0\0\0\0"),
        ("double", "0.1", bytes.fromhex("3fb999999999999a")),
        ("double", "-0.0", b"\x80\0\0\0\0\0\0\0"),
        ("double", "NaN", bytes.fromhex("7ff8000000000000")),
        ("double", "-Infinity", bytes.fromhex("fff0000000000000")),
        ("double", "5e-324", b"\0\0\0\0\0\0\0\x01"),
        ("short", "-32768", b"\x80\0"),
        ("float", "0.1", bytes.fromhex("3dcccccd")),
        ("float", "NaN", bytes.fromhex("7fc00000")),
        ("float", "3.4028235e38", bytes.fromhex("7f7fffff")),
        ("uuid", " 123E4567-e89b-12d3-a456-426614174000\n", bytes.fromhex("123e4567e89b12d3a456426614174000")),
    ],
)
def test_bytes_are_those_of_kafkas_serializers(kind, text, data):
    assert encode(kind, text) == data


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("hex", "0xff", "Character 2: “x” is not a hex digit (0-9, a-f). Leave 0x out."),
        ("hex", "ff f", "3 hex digits: a byte has two"),
        ("hex", "ff\nfg", "Line 2, column 2: “g”"),
        ("base64", "AP8_", "Character 4: “_” is not base64. This looks like the alphabet for URLs"),
        ("base64", "A=P8", "Character 2: = stands only at the end"),
        ("base64", "AP8", "3 characters: base64 has a multiple of four"),
        ("base64", "A===", "4 characters"),
        ("json", "", "empty is not JSON"),
        ("json", '{"a": 1,}', "a comma before a closing bracket"),
        ("json", '{\n "a": tru\n}', "Line 2, column 7: expecting value"),
        ("json", '{"a": NaN}', "NaN is not JSON"),
        ("json", "[" * 100_000, "Nested too deeply"),
        ("integer", "2147483648", "2147483648 is above 2147483647, the highest Integer (4 bytes)."),
        ("integer", "1.5", "An Integer is a whole number"),
        ("integer", "٣", "An Integer is a whole number"),
        ("long", "-9223372036854775809", "is below -9223372036854775808, the lowest Long"),
        ("long", "9" * 10_000, "(10000 digits) is above"),
        ("double", "1e309", "beyond the highest Double"),
        ("double", "1e-400", "nearer to zero than the smallest"),
        ("double", "1_0", "A Double is a number like"),
        ("double", "--inf", "A Double is a number like"),
        ("short", "32768", "is above 32767, the highest Short (2 bytes)."),
        ("float", "1e39", "1e39 is beyond the highest Float, 3.4028235e38"),
        ("float", "1e-46", "nearer to zero than the smallest Float"),
        ("uuid", "123e4567e89b12d3a456426614174000", "A UUID looks like"),
        ("text", "\ud800", "Character 1: half of a character"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(kind, text, words):
    with pytest.raises(CannotEncode) as caught:
        encode(kind, text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("integer", b"12345", "not an Integer: 5 bytes, not 4"),
        ("long", b"x", "not a Long: 1 byte, not 8"),
        ("double", b"", "not a Double: 0 bytes, not 8"),
        ("text", b"a\xff", "not UTF-8 text: byte 1 is ff"),
        ("json", b"{", "not JSON: character 2"),
        ("hex", None, "null, which has no bytes"),
    ],
)
def test_wrong_reading_is_said(kind, data, words):
    with pytest.raises(CannotDecode) as caught:
        decode(kind, data)
    assert words in str(caught.value)


NUMBERS = {
    "integer": st.integers(-(2**31), 2**31 - 1).map(str),
    "long": st.integers(-(2**63), 2**63 - 1).map(str),
    "double": st.floats().map(lambda number: decode("double", struct.pack(">d", number))),
    "float": st.binary(min_size=4, max_size=4).map(lambda data: decode("float", data)),
    "short": st.binary(min_size=2, max_size=2).map(lambda data: decode("short", data)),
    "uuid": st.uuids().map(str),
    "text": st.text(st.characters(exclude_categories=["Cs"])),
    "json": st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
        max_leaves=10,
    ).map(json.dumps),
    "hex": st.binary().map(lambda data: data.hex(" ")),
    "base64": st.binary().map(lambda data: decode("base64", data)),
}


@settings(deadline=None)
@given(st.sampled_from(sorted(NUMBERS)).flatmap(lambda kind: st.tuples(st.just(kind), NUMBERS[kind])))
def test_what_was_written_is_read_back_the_same(case):
    kind, text = case
    assert decode(kind, encode(kind, text)) == text


@settings(deadline=None)
@given(st.none() | st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")), st.booleans())
def test_any_bytes_can_be_written_again_exactly(data, lines):
    kind, text = written(data, lines=lines)
    assert encode(kind, text) == data
    assert "\r" not in text and "\0" not in text and (lines or "\n" not in text)


def test_bytes_are_recognised():
    cases = {
        b'{"a":1}': "json",
        b"": "text",
        b"word": "text",
        struct.pack(">i", -7): "integer",
        struct.pack(">q", 42): "long",
        struct.pack(">d", math.pi): "double",
        struct.pack(">d", math.inf): "long",
        bytes(range(5)): "hex",
        None: "null",
    }
    assert {data: recognised(data) for data in cases} == cases


def test_what_only_looks_like_json_is_written_again_as_text():
    assert written(b'{"a": NaN}', lines=True) == ("text", '{"a": NaN}')
