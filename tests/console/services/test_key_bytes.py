"""Keys as Kafka's serializers write them."""

import pytest

from console.services.key_bytes import BadKey, key_bytes


@pytest.mark.parametrize(
    ("text", "kind", "raw"),
    [
        ("id_1234", "text", b"id_1234"),
        ("ключ", "text", "ключ".encode()),
        ("", "text", b""),
        ('{"a": 1}', "json", b'{"a": 1}'),
        ("00 ff:1A", "hex", b"\x00\xff\x1a"),
        ("0x00ff", "hex", b"\x00\xff"),
        ("aGk=", "base64", b"hi"),
        ("-1", "int", b"\xff" * 4),
        ("42", "long", bytes(7) + b"\x2a"),
        ("1.5", "double", b"\x3f\xf8" + bytes(6)),
        ("anything", "null", None),
    ],
)
def test_a_key_becomes_its_bytes(text, kind, raw):
    assert key_bytes(text, kind) == raw


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("{", "json", "no JSON"),
        ("[" * 5000, "json", "JSON"),
        ("0g", "hex", "“g” is no hex digit"),
        ("abc", "hex", "these are 3"),
        ("a", "base64", "no base64"),
        ("ü", "base64", "no base64"),
        ("2147483648", "int", "too large for an Integer"),
        ("9223372036854775808", "long", "too large for a Long"),
        ("1.0", "int", "whole number"),
        ("one", "double", "A number"),
        ("\ud800", "text", "lone surrogate"),
        ("x" * 10_001, "text", "10001"),
    ],
)
def test_what_is_no_such_key_is_said(text, kind, words):
    with pytest.raises(BadKey, match=words):
        key_bytes(text, kind)
