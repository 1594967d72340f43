"""The broker's own configs as DescribeConfigs shows them: all static, none can be changed while it runs.

Not here: parsing (config.py), topics (core/metadata/configs.py).
"""

from engine.broker.config import BrokerConfig
from engine.broker.config_keys import KEYS
from engine.core.metadata.configs import ConfigSource, DescribedConfig, Synonym
from engine.wire.error_codes import ErrorCode, WireError


def describe(config: BrokerConfig) -> list[DescribedConfig]:
    """Every config that this broker knows."""
    described = []
    for name in sorted(KEYS):
        key = KEYS[name]
        synonyms = []
        if name in config.given:
            synonyms.append(Synonym(name, config.given[name], ConfigSource.STATIC_BROKER))
        if key.default is not None:
            synonyms.append(Synonym(name, key.default, ConfigSource.DEFAULT))
        value = synonyms[0].value if synonyms else None
        source = synonyms[0].source if synonyms else ConfigSource.DEFAULT
        described.append(DescribedConfig(key, value, source, synonyms))
    return described


def check_id(text: str, node_id: int, *, optional: bool) -> None:
    """WireError unless a resource's name is this broker's id; empty (all brokers) only where that is possible."""
    if not text:
        if optional:
            return
        raise WireError(ErrorCode.INVALID_REQUEST, "Broker id must not be empty")
    if not _is_integer(text):
        raise WireError(ErrorCode.INVALID_REQUEST, f"Broker id must be an integer, but it is: {text}")
    if int(text) != node_id:
        expected = f"{node_id} or empty string," if optional else f"{node_id}"
        raise WireError(ErrorCode.INVALID_REQUEST, f"Unexpected broker id, expected {expected} but received {text}")


def check_node_id(text: str, node_id: int) -> None:
    """As check_id, in the words with which changes are refused."""
    if not _is_integer(text):
        raise WireError(ErrorCode.INVALID_REQUEST, f"Node id must be an integer, but it is: {text}")
    if int(text) != node_id:
        raise WireError(ErrorCode.INVALID_REQUEST, f"Unexpected broker id, expected {node_id}, but received {text}")


def _is_integer(text: str) -> bool:
    digits = text[1:] if text[:1] in ("+", "-") else text
    return digits.isdecimal() and len(digits) <= 10
