"""What is costly to ask is asked once for all who look, kept with its age, and read anew in the background.

A small cluster is asked for each page, so that it shows what is so now. Where an answer is of very many things, pages
get the last one at once, and while somebody looks it is read anew every now and then: nobody waits for 39,000
partitions, and their decoding does not fill the loop that all pages use.

Invariants:
- One read at a time of a thing; at most KEPT_MAX things, and none that nobody asked for in FORGET_S.
- What is older than STALE_S is not given out: then a page waits, and learns why if nothing comes.

Not here: what is read (topics.py, groups.py, cluster.py). Everything runs on the loop of connection.py.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from console.kafka.connection import TIME_LIMIT_S, ConnectionSpec, Session, run, use
from console.kafka.errors import ClusterUnreachable, KafkaError

COSTLY = 5_000  # things in an answer (partitions, replicas): from here on it is kept
REST_S = 5.0  # between two reads of what is costly
STALE_S = 300.0
FORGET_S = 120.0
READ_LIMIT_S = 120.0
KEPT_MAX = 256

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """An answer, and when it was asked for."""

    value: T
    at_s: float  # monotonic

    @property
    def age_s(self) -> float:
        """How old it is."""
        return time.monotonic() - self.at_s


@dataclass(slots=True)
class _Kept:
    """One thing of one cluster."""

    read: Read[Any] | None = None
    weight: int = 0
    task: "asyncio.Task[Read[Any]] | None" = None
    asked_s: float = field(default_factory=time.monotonic)


_kept: dict[tuple[ConnectionSpec, object], _Kept] = {}


async def shared(
    spec: ConnectionSpec,
    session: Session,
    key: object,
    reading: Callable[[Session], Awaitable[T]],
    *,
    weigh: Callable[[T], int],
    fresh_s: float = 0.0,
    rest_s: float = REST_S,
) -> Read[T]:
    """The answer to `reading`, at most `fresh_s` old if it is cheap; if it is costly, the last one with its age."""
    kept = _entry(spec, key)
    now_s = time.monotonic()
    age_s = now_s - kept.read.at_s if kept.read else STALE_S
    costly = kept.weight >= COSTLY
    if kept.read is not None and age_s < STALE_S and (costly or age_s <= fresh_s):
        if costly and age_s > rest_s:
            _begin(kept, spec, reading, weigh)
        return kept.read
    # Who wants it as it is now does not take what was begun before: it may be from before a write.
    if kept.task is None or kept.task.done() or not (costly or fresh_s):
        _begin(kept, spec, reading, weigh, anew=kept.read is not None and not costly)
    assert kept.task is not None, "it was begun"
    task: asyncio.Task[Read[T]] = kept.task
    try:
        async with asyncio.timeout(session.remaining_ms / 1000):
            return await asyncio.shield(task)
    except TimeoutError:
        words = f"{spec.bootstrap} did not answer in time for this page; what was asked for is still being read"
        raise ClusterUnreachable(words) from None


def run_shared(spec: ConnectionSpec, key: object, operation: Callable[[Session], Awaitable[T]], *, fresh_s: float) -> T:
    """Run an operation from a view; with `fresh_s`, who asks the same within that time gets the same answer."""
    if not fresh_s:
        return run(spec, operation)

    async def read(session: Session) -> T:
        return (await shared(spec, session, key, operation, weigh=lambda answer: 0, fresh_s=fresh_s)).value

    return run(spec, read)


def _entry(spec: ConnectionSpec, key: object) -> _Kept:
    now_s = time.monotonic()
    kept = _kept.pop((spec, key), None) or _Kept()
    kept.asked_s = now_s
    _kept[spec, key] = kept  # the last one asked for stands last
    for old, entry in list(_kept.items()):
        if len(_kept) <= KEPT_MAX and now_s - entry.asked_s < FORGET_S:
            break
        del _kept[old]
    return kept


def _begin(
    kept: _Kept,
    spec: ConnectionSpec,
    reading: Callable[[Session], Awaitable[Any]],
    weigh: Callable[[Any], int],
    *,
    anew: bool = False,
) -> None:
    if kept.task is not None and not kept.task.done() and not anew:
        return

    async def read() -> Read[Any]:
        begun_s = time.monotonic()
        # Only the first read, and those of what is costly, may take longer than a page waits: there is one at a time.
        value = await use(spec, reading, time_limit_s=TIME_LIMIT_S if anew else READ_LIMIT_S)
        kept.weight = weigh(value)
        found = Read(value, begun_s)
        if kept.read is None or kept.read.at_s < begun_s:
            kept.read = found
        return found

    kept.task = asyncio.get_running_loop().create_task(read())
    kept.task.add_done_callback(_look_at_the_end)


def _look_at_the_end(task: "asyncio.Task[Read[Any]]") -> None:
    """A cluster that fails in the background is said by the next page that has to wait; a bug of ours is not hidden."""
    if not task.cancelled() and task.exception() is not None and not isinstance(task.exception(), KafkaError):
        asyncio.get_running_loop().call_exception_handler({"message": "a shared read failed", "task": task})
