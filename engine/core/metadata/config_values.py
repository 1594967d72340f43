"""What a config is: its name, type, default, bounds and documentation; text to value, in Kafka's words when refused.

Both the broker's own configs (broker/config.py) and the topics' (configs.py) are
tables of `ConfigKey`. Everything here is a pure function of text.

Invariants: a default passes its own check.
Not here: where a value comes from (configs.py), who acts on it.
Spec: org.apache.kafka.common.config.ConfigDef (parseType, Range, ValidString, ValidList).
"""

from enum import IntEnum
from typing import NamedTuple

from engine.core.limits import CONFIG_VALUE_CHARACTERS_MAX

Value = bool | int | float | str | tuple[str, ...]


class ConfigType(IntEnum):
    """Types as DescribeConfigs numbers them."""

    BOOLEAN = 1
    STRING = 2
    INT = 3
    SHORT = 4
    LONG = 5
    DOUBLE = 6
    LIST = 7
    CLASS = 8
    PASSWORD = 9


class ConfigRefused(ValueError):
    """A value that the config cannot have; the text is what the client reads."""


class ConfigKey(NamedTuple):
    """One config. `default` is text as DescribeConfigs shows it; None is "not set"."""

    name: str
    type: ConfigType
    default: str | None
    documentation: str
    least: float | None = None
    most: float | None = None
    valid: tuple[str, ...] = ()  # of a string, or of each element of a list
    or_else: int | None = None  # a number that is valid too, outside least..most
    throttled: bool = False  # a list of partition:broker pairs, or "*"
    server_name: str | None = None  # a topic's config: the broker config that is its default
    acted_on: bool = True  # False: described, but a change is refused in words
    may_be_empty: bool = True  # of a list

    def parse(self, text: str) -> Value:
        """The value, checked; ConfigRefused says what is wrong with it."""
        value = parse_type(self.name, self.type, text)
        self._check(value, text)
        return value

    def _check(self, value: Value, text: str) -> None:
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.or_else is not None:
                assert self.least is not None and self.most is not None
                if value != self.or_else and not self.least <= value <= self.most:
                    reason = f"Value must be between {self.least} and {self.most} or equal to {self.or_else}"
                    raise _invalid(self.name, _shown(value), reason)
                return
            if self.least is not None and value < self.least:
                raise _invalid(self.name, _shown(value), f"Value must be at least {_shown(self.least)}")
            if self.most is not None and value > self.most:
                raise _invalid(self.name, _shown(value), f"Value must be no more than {_shown(self.most)}")
        elif isinstance(value, tuple):
            if self.throttled and value != ("*",) and not all(_is_replica(element) for element in value):
                reason = (
                    f"{self.name} must be the literal '*' or a list of replicas in the following format: "
                    "[partitionId]:[brokerId],[partitionId]:[brokerId],..."
                )
                raise _invalid(self.name, _list(value), reason)
            if not value and not self.may_be_empty:
                raise ConfigRefused(
                    f"Configuration '{self.name}' must not be empty. Valid values include: {_list(self.valid)}"
                )
            if self.valid:
                for element in value:
                    if element not in self.valid:
                        raise _invalid(self.name, element, f"String must be one of: {', '.join(self.valid)}")
        elif self.valid and value not in self.valid:
            raise _invalid(self.name, text.strip(), f"String must be one of: {', '.join(self.valid)}")


_BITS = {ConfigType.SHORT: 16, ConfigType.INT: 32, ConfigType.LONG: 64}


def parse_type(name: str, kind: ConfigType, text: str) -> Value:
    """Text to a value of this type."""
    text = text.strip()
    if len(text) > CONFIG_VALUE_CHARACTERS_MAX:
        raise _invalid(name, text[:50] + "...", "the value is too long")
    if kind is ConfigType.BOOLEAN:
        if text.lower() not in ("true", "false"):
            raise _invalid(name, text, "Expected value to be either true or false")
        return text.lower() == "true"
    if kind in _BITS:
        number = _integer(text)
        if number is None or not -(1 << _BITS[kind] - 1) <= number < 1 << _BITS[kind] - 1:
            raise _invalid(name, text, f"Not a number of type {kind.name}")
        return number
    if kind is ConfigType.DOUBLE:
        try:
            return float(text)
        except ValueError:
            raise _invalid(name, text, f"Not a number of type {kind.name}") from None
    if kind is ConfigType.LIST:
        return tuple(element.strip() for element in text.split(",")) if text else ()
    return text


def _integer(text: str) -> int | None:
    """Java reads an optional sign and digits; Python's int() would also take underscores and blanks."""
    digits = text[1:] if text[:1] in ("+", "-") else text
    return int(text) if digits.isdecimal() and len(digits) <= 20 else None


def _is_replica(text: str) -> bool:
    partition, colon, broker = text.partition(":")
    return bool(colon) and partition.isdecimal() and broker.isdecimal()


def _invalid(name: str, text: str, reason: str) -> ConfigRefused:
    return ConfigRefused(f"Invalid value {text} for configuration {name}: {reason}")


def _shown(value: float) -> str:
    return str(value)


def _list(values: tuple[str, ...]) -> str:
    return f"[{', '.join(values)}]"
