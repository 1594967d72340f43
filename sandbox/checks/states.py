"""What there is at the present, as lists of things with values, from the picture of a world.

*Not here*: making the picture (engine/simulation/hosted/picture.py).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

State = Mapping[str, Any]
Thing = Mapping[str, Any]


def things(kind: str, state: State) -> list[Thing]:
    """All things of a kind."""
    return list(THINGS[kind](state)) if state else []


def _partitions(state: State) -> Iterable[Thing]:
    for topic in state["topics"]:
        for one in topic["partitions"]:
            yield {**one, "topic": topic["name"], "visible": one["high_watermark"]}


def _records(state: State) -> Iterable[Thing]:
    for one in _partitions(state):
        for record in one["records"]:
            yield {**record, "topic": one["topic"], "partition": one["index"]}


def _topics(state: State) -> Iterable[Thing]:
    for topic in state["topics"]:
        parts = topic["partitions"]
        yield {
            "name": topic["name"], "partitions": len(parts), "internal": topic["internal"],
            "records": sum(one["end"] - one["start"] for one in parts),
        }  # fmt: skip


def _groups(state: State) -> Iterable[Thing]:
    for group in state["groups"]:
        yield {**group, "members": len(group["members"])}


def _actors(state: State) -> Iterable[Thing]:
    for actor in state["actors"]:
        yield {**actor["spec"], **actor}


def _ledger(state: State) -> Iterable[Thing]:
    ledger = state["ledger"]
    yield {"lost": ledger["lost"], "lost_acknowledged": ledger["lost though acknowledged"]}


THINGS: dict[str, Callable[[State], Iterable[Thing]]] = {
    "topic": _topics,
    "partition": _partitions,
    "record": _records,
    "group": _groups,
    "actor": _actors,
    "broker": lambda state: state["brokers"],
    "file": lambda state: state.get("files", ()),
    "ledger": _ledger,
}
