"""Work on very many things, done beside the loop that all pages share.

A thread of Python gives way to others every few milliseconds; what does not is one call in C that goes on and on: to
sort 300,000 names, to free what a long answer was. So here is sorted in chunks, and `taken` frees what it gives.

*Not here*: how long answers are decoded (engine/client/long_answers.py), Python's collector (project/collector.py).
"""

import asyncio
import heapq
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

MANY = 5_000  # things that the loop goes through in a few milliseconds
CHUNK = 4_000  # sorted at once

T = TypeVar("T")
_at_work: list[object] = []  # what is done beside the loop now


async def beside(things: int, work: Callable[[], T]) -> T:
    """The result of `work`, which goes through so many things: in a thread if they are many."""
    if things < MANY:
        return work()
    _at_work.append(work)
    try:
        return await asyncio.get_running_loop().run_in_executor(None, work)
    finally:
        _at_work.remove(work)


def is_busy() -> bool:
    """Whether anything is done beside the loop now."""
    return bool(_at_work)


def in_order(things: list[T], key: Callable[[T], Any], *, reverse: bool = False) -> list[T]:
    """Sorted, equal ones as they were, without a long call."""
    chunks = [sorted(things[at : at + CHUNK], key=key, reverse=reverse) for at in range(0, len(things), CHUNK)]
    return chunks[0] if len(chunks) == 1 else list(heapq.merge(*chunks, key=key, reverse=reverse))


def taken(things: list[T]) -> Iterator[T]:
    """Each of them, the last first; each is gone from the list before the next comes."""
    while things:
        yield things.pop()
