"""Random messages made by kio, an independent implementation of the protocol, and what ours must say about them."""

import datetime
import importlib
import random
import types
import uuid
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pkgutil import resolve_name
from typing import Any, NamedTuple, get_args, get_origin

from kio.schema.errors import ErrorCode
from kio.schema.index import schema_name_map
from kio.serial import entity_writer

INTEGERS = {"int8": (-128, 127), "int16": (-(2**15), 2**15 - 1), "uint16": (0, 2**16 - 1)}
INTEGERS |= {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
LETTERS = "abdé€\U0001f600z"
PLACES = ("engine.wire.headers", "engine.wire.record_types.control", "engine.wire.messages.consumer_protocol")
PLACES += ("engine.wire.messages.default_principal",)


class Schema(NamedTuple):
    """One message in one version, as both sides know it."""

    name: str
    version: int
    entity: type
    encode: Any
    decode: Any


@cache
def schemas() -> tuple[Schema, ...]:
    """Return everything that kio has."""
    found = []
    for name, versions in schema_name_map.items():
        for version, kinds in versions.items():
            for kind, path in kinds.items():
                entity = resolve_name(path)
                encode, decode = our_functions(name, kind.name, entity.__name__)
                found.append(Schema(f"{entity.__name__} v{version}", version, entity, encode, decode))
    return tuple(found)


def our_functions(name: str, kind: str, class_name: str) -> tuple[Any, Any]:
    """Return encoder and decoder of ours for a schema of kio's."""
    if kind in ("request", "response"):
        module = importlib.import_module(f"engine.wire.messages.{name}")
        return getattr(module, f"encode_{kind}"), getattr(module, f"decode_{kind}")
    for place in PLACES:
        module = importlib.import_module(place)
        if hasattr(module, class_name):
            return getattr(module, f"encode_{name}"), getattr(module, f"decode_{name}")
    raise LookupError(f"we lack {class_name}")


def kio_bytes(message: Any) -> bytes:
    """Return what kio writes."""
    out = bytearray()
    entity_writer(type(message))(Appending(out), message)
    return bytes(out)


class Appending:
    """The part of a file that kio writes to."""

    def __init__(self, out: bytearray) -> None:
        self.out = out

    def write(self, data: bytes) -> int:
        self.out += data
        return len(data)


def random_entity(kind: type, rng: random.Random, dull: float) -> Any:
    """Return a random object; `dull` is the chance that a field which has a default stays at it."""
    values = {}
    for field in fields(kind):
        has_default = field.default is not MISSING or field.default_factory is not MISSING
        if not (has_default and rng.random() < dull):
            values[field.name] = random_value(field.type, field.metadata.get("kafka_type"), rng, dull)
    return kind(**values)


def random_value(kind: Any, kafka_type: str | None, rng: random.Random, dull: float) -> Any:
    """Return a random value of a field's or an element's type."""
    if get_origin(kind) in (types.UnionType,) or type(None) in get_args(kind):
        if rng.random() < 0.3:
            return None
        (kind,) = (part for part in get_args(kind) if part is not type(None))
    if get_origin(kind) is tuple:
        count = rng.choice(
            (0, 1, 1, 2, 3) if is_dataclass(get_args(kind)[0]) else (0, 1, 2, 5, 140 * (rng.random() < 0.2))
        )
        return tuple(random_value(get_args(kind)[0], kafka_type, rng, dull) for _ in range(count))
    if is_dataclass(kind):
        return random_entity(kind, rng, dull)
    return random_scalar(kafka_type, rng)


def random_scalar(kafka_type: str | None, rng: random.Random) -> Any:
    """Return a random value of one of Kafka's types, bounds included."""
    if kafka_type in INTEGERS:
        low, high = INTEGERS[kafka_type]
        return rng.choice((low, high, 0, 1, rng.randint(low, high), rng.randint(max(low, -9), 99)))
    if kafka_type == "timedelta_i32":
        return datetime.timedelta(milliseconds=rng.choice((0, 1, -1, 2**31 - 1, -(2**31), rng.randrange(10**6))))
    if kafka_type == "timedelta_i64":
        return datetime.timedelta(milliseconds=rng.choice((0, 1, -1, rng.randrange(2**40))))
    if kafka_type == "datetime_i64":
        return datetime.datetime.fromtimestamp(rng.randrange(2**32), tz=datetime.UTC)
    if kafka_type == "error_code":
        return rng.choice(list(ErrorCode))
    if kafka_type == "string":
        return "".join(rng.choices(LETTERS, k=rng.choice((0, 1, 5, 12, 12, 130, 200))))
    if kafka_type in ("bytes", "records"):
        return rng.randbytes(rng.choice((0, 1, 7, 20, 127, 128, 300)))
    simple = {
        "uuid": uuid.UUID(bytes=rng.randbytes(16)),
        "bool": rng.random() < 0.5,
        "float64": rng.choice((0.0, -1.5, 1e300)),
    }
    return simple[kafka_type or ""]


def differences(theirs: Any, ours: Any, path: str) -> list[str]:
    """Return where our message says something else than kio's, field by field."""
    if is_dataclass(theirs):
        found = []
        for field in fields(theirs):
            spellings = (field.name, field.name.rstrip("_"), f"{field.name}_ms")
            name = next(spelling for spelling in spellings if hasattr(ours, spelling))
            given, got = getattr(theirs, field.name), getattr(ours, name)
            if got is None and is_dataclass(given):  # None stands for a tagged struct of defaults
                found += [] if at_defaults(given) else [f"{path}.{name}: {given!r} is missing"]
            else:
                found += differences(given, got, f"{path}.{name}")
        return found
    if isinstance(theirs, tuple) and isinstance(ours, list) and len(theirs) == len(ours):
        return [
            one for number in range(len(ours)) for one in differences(theirs[number], ours[number], f"{path}[{number}]")
        ]
    return (
        []
        if plain(theirs) == ours or (theirs is None and ours in (-1, bytes(16)))
        else [f"{path}: {theirs!r}, not {ours!r}"]
    )


def at_defaults(given: Any) -> bool:
    """Say whether a struct is at its defaults; kio leaves those out that are 0."""
    return all(getattr(given, field.name) in (field.default, 0) for field in fields(given))


def plain(value: Any) -> Any:
    """Return a value of kio's as we hold it."""
    if isinstance(value, datetime.timedelta):
        return value // datetime.timedelta(milliseconds=1)
    if isinstance(value, datetime.datetime):
        return int(value.timestamp()) * 1000
    if isinstance(value, uuid.UUID):
        return value.bytes
    return int(value) if isinstance(value, ErrorCode) else value
