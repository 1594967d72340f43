"""Requests grown from the generated message classes: each field of an honest request in turn takes every odd value.

What a field is stands beside its slot in the generated source (type, versions, null,
entity); so an API that supported.py names gets its requests without a line here.
"""

import copy
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from engine.wire.primitives import Message

FIELD = re.compile(r"^ +'(\w+)',  # (array of )?(\w+)(.*)$", re.MULTILINE)
VERSIONS = re.compile(r"versions (\d+)(?:-(\d+)|(\+))?")
NULL = re.compile(r"null in (\d+)")
ENTITY = re.compile(r"entity (\w+)")
NO_MORE = 1 << 30
INTEGERS = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}
UNKNOWN_ID = b"not-a-topic's-id"
TEXTS: dict[str, tuple[str, ...]] = {
    "topicName": ("x-two", "x-unknown", "", "..", "a/b"),
    "groupId": ("x-committed", "x-unknown", ""),
}
# Fields whose extremes would only wait, or get no answer by design (acks 0, a null batch in Produce).
VALUES: dict[str, tuple[Any, ...]] = {
    "max_wait_ms": (-1, 0, 1),
    "acks": (-2, -1, 1, 2),
    "records": (b"", b"\0", bytes(61), bytes(200)),
    "timeout_ms": (-1, 30_000),
    "config_operation": (0, 1, 2, 3),
}


class Field(NamedTuple):
    """What the generated source says of one slot."""

    kind: str
    many: bool
    first: int
    last: int
    nullable: bool
    entity: str


Path = tuple[str | int, ...]


class Case(NamedTuple):
    """A request, and what was done to it."""

    name: str
    request: Message


@cache
def fields(of: type[Message]) -> dict[str, Field]:
    """Read the fields of a generated class from its source."""
    source = inspect.getsource(of).partition("def __init__")[0]
    found = {}
    for name, many, kind, more in FIELD.findall(source):
        versions = VERSIONS.search(more)
        assert versions is not None, more
        first, last, open_end = versions.groups()
        entity = ENTITY.search(more)
        found[name] = Field(
            kind,
            bool(many),
            int(first),
            NO_MORE if open_end else int(last or first),
            NULL.search(more) is not None,
            entity[1] if entity else "",
        )
    assert set(found) == set(of.__slots__), of
    return found


def fitted(message: Message, version: int) -> Message:
    """Copy a message for one version: what that version lacks is left at its default."""
    default = type(message)()
    for name, field in fields(type(message)).items():
        value = getattr(message, name)
        if field.first <= version <= field.last:
            if isinstance(value, Message):
                value = fitted(value, version)
            elif isinstance(value, list):
                value = [fitted(one, version) if isinstance(one, Message) else one for one in value]
            setattr(default, name, value)
    return default


def filled(of: type[Message]) -> Message:
    """Build a message of defaults whose arrays of structs hold one element each."""
    message = of()
    for name, field in fields(of).items():
        part = getattr(inspect.getmodule(of), field.kind, None)
        if not (inspect.isclass(part) and issubclass(part, Message)):
            if field.kind == "records":
                setattr(message, name, b"")
        elif field.many:
            setattr(message, name, [filled(part)])
    return message


def variants(base: Message) -> Iterator[Case]:
    """Give the request with one field after the other changed."""
    for path, field in places(base, ()):
        for value in values(str(path[-1]), field, at(base, path)):
            changed = copy.deepcopy(base)
            setattr(at(changed, path[:-1]), str(path[-1]), value)
            shown = repr(value)
            yield Case(f"{'.'.join(map(str, path))}={shown if len(shown) < 60 else shown[:57] + '...'}", changed)


def places(message: Message, path: Path) -> Iterator[tuple[Path, Field]]:
    """Name every field of a message and of the first element of its arrays."""
    for name, field in fields(type(message)).items():
        value = getattr(message, name)
        yield (*path, name), field
        if isinstance(value, Message):
            yield from places(value, (*path, name))
        elif isinstance(value, list) and value and isinstance(value[0], Message):
            yield from places(value[0], (*path, name, 0))


def at(message: Any, path: Path) -> Any:
    """Follow a path of names and indexes."""
    for step in path:
        message = message[step] if isinstance(step, int) else getattr(message, step)
    return message


def values(name: str, field: Field, now: Any) -> Iterator[Any]:
    """List the odd values of a field."""
    if field.nullable and name not in VALUES:
        yield None
    if field.many:
        yield []
        if now:
            yield [*now, *copy.deepcopy(now)]
        if field.kind in INTEGERS or field.kind in ("string", "uuid"):
            for value in scalars(name, field):
                yield [value]
        return
    yield from scalars(name, field)


def scalars(name: str, field: Field) -> Iterator[Any]:
    """List the odd values of one number, text or run of bytes."""
    if name in VALUES:
        yield from VALUES[name]
    elif field.kind in INTEGERS:
        edge = 1 << (INTEGERS[field.kind] - 1)
        yield from (-edge, -2, -1, 0, 1, 3, edge - 1)
    elif field.kind == "bool":
        yield from (False, True)
    elif field.kind == "string":
        yield from TEXTS.get(field.entity, ("", "x", "a b\0", "1" * 300))
    elif field.kind == "uuid":
        yield from (bytes(16), UNKNOWN_ID)
    elif field.kind == "bytes":
        yield from (b"", b"\xff\xff\xff", bytes(40))
