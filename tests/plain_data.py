"""What "plain data" means, as a walk over everything that an object holds.

Allowed are numbers, text, bytes, arrays, lists, tuples, deques, dicts, one kind of
chance, enumerations, and our own classes with slots. So no coroutine, future, lock,
file, socket, function or view of a buffer can hide in a machine; nor a set, whose
order is nobody's.

Not here: how worlds are copied (engine/simulation/snapshots.py).
"""

import random
from array import array
from collections import deque
from enum import Enum

ROOT_PACKAGES = ("engine.", "console.", "sandbox.", "tests.")
PLAIN = (int, float, str, bytes, bytearray, bool, type(None), array, random.Random)


def impure(root: object, boundary: tuple[object, ...] = ()) -> list[str]:
    """Return the paths from root to everything that is not plain data; `boundary` objects are not entered."""
    found: list[str] = []
    seen: dict[int, object] = {id(one): one for one in boundary}
    todo: list[tuple[str, object]] = [("root", root)]
    while todo:
        path, one = todo.pop()
        if type(one) in PLAIN or isinstance(one, Enum) or id(one) in seen:
            continue
        seen[id(one)] = one
        inside = parts(path, one)
        if inside is None:
            found.append(f"{path}: {type(one).__module__}.{type(one).__qualname__}")
        else:
            todo += inside
    return found


def parts(path: str, one: object) -> list[tuple[str, object]] | None:
    """Return what an object holds, each with its path; None if the object is not plain data."""
    if type(one) in (list, tuple, deque):
        return [(f"{path}[{number}]", item) for number, item in enumerate(one)]
    if type(one) is dict:
        return [item for key, value in one.items() for item in ((f"{path} key", key), (f"{path}[{key!r}]", value))]
    if not f"{type(one).__module__}.".startswith(ROOT_PACKAGES):
        return None
    if isinstance(one, tuple):
        return [(f"{path}.{name}", getattr(one, name)) for name in getattr(type(one), "_fields", ())]
    slots = [name for kind in type(one).__mro__ for name in slots_of(kind)]
    if not slots and not getattr(one, "__dict__", None):
        return []
    attributes = {**getattr(one, "__dict__", {}), **{name: getattr(one, name) for name in slots if hasattr(one, name)}}
    return [(f"{path}.{name}", value) for name, value in attributes.items()]


def slots_of(kind: type) -> tuple[str, ...]:
    """Return the slots that one class of an object's ancestry declares."""
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)
