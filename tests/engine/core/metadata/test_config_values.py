"""Values of configs: types, bounds, Kafka's words."""

import pytest

from engine.core.metadata.config_values import ConfigKey, ConfigRefused, ConfigType


def key(kind: ConfigType, **rules: object) -> ConfigKey:
    return ConfigKey("x", kind, None, "A sentence.", **rules)  # type: ignore[arg-type]


def test_texts_become_values() -> None:
    for kind, text, value in (
        (ConfigType.BOOLEAN, " TRUE ", True),
        (ConfigType.INT, "+5", 5),
        (ConfigType.LONG, "9223372036854775807", 2**63 - 1),
        (ConfigType.DOUBLE, "0.5", 0.5),
        (ConfigType.LIST, " a , b ", ("a", "b")),
        (ConfigType.LIST, "", ()),
        (ConfigType.STRING, " a b ", "a b"),
    ):
        assert key(kind).parse(text) == value


def test_what_java_would_not_read_is_refused() -> None:
    for kind, text, reason in (
        (ConfigType.INT, "1_000", "Not a number of type INT"),
        (ConfigType.INT, "2147483648", "Not a number of type INT"),
        (ConfigType.INT, "", "Not a number of type INT"),
        (ConfigType.INT, "٣x", "Not a number of type INT"),
        (ConfigType.LONG, "9" * 30, "Not a number of type LONG"),
        (ConfigType.SHORT, "32768", "Not a number of type SHORT"),
        (ConfigType.DOUBLE, "x", "Not a number of type DOUBLE"),
        (ConfigType.BOOLEAN, "1", "Expected value to be either true or false"),
    ):
        with pytest.raises(ConfigRefused, match=f"^Invalid value .* for configuration x: {reason}$"):
            key(kind).parse(text)


def test_bounds_are_said_in_kafkas_words() -> None:
    with pytest.raises(ConfigRefused, match=r"^Invalid value -5 for configuration x: Value must be at least -1$"):
        key(ConfigType.LONG, least=-1).parse("-5")
    with pytest.raises(ConfigRefused, match=r"^Invalid value 2\.0 for configuration x: Value must be no more than 1$"):
        key(ConfigType.DOUBLE, least=0, most=1).parse("2")
    level = key(ConfigType.INT, least=1, most=9, or_else=-1)
    assert level.parse("-1") == -1
    with pytest.raises(ConfigRefused, match=r"Value must be between 1 and 9 or equal to -1$"):
        level.parse("99")


def test_lists_hold_only_what_they_may() -> None:
    with pytest.raises(ConfigRefused, match=r"^Invalid value z for configuration x: String must be one of: a, b$"):
        key(ConfigType.LIST, valid=("a", "b")).parse("a,z")
    with pytest.raises(ConfigRefused, match="must not be empty"):
        key(ConfigType.LIST, valid=("a",), may_be_empty=False).parse("")
    throttled = key(ConfigType.LIST, throttled=True)
    assert throttled.parse("*") == ("*",)
    assert throttled.parse("0:1,1:2") == ("0:1", "1:2")
    with pytest.raises(ConfigRefused, match="must be the literal"):
        throttled.parse("abc")


def test_a_value_without_end_is_refused_without_being_repeated() -> None:
    with pytest.raises(ConfigRefused) as refused:
        key(ConfigType.STRING).parse("x" * 100_000)
    assert len(str(refused.value)) < 200
