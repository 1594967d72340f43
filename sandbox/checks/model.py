"""A lesson as it is declared: steps, what each asks, what makes it done, what is nearly right.

*Invariant*: plain values only; a lesson that exists was read and is whole (reading.py).
*Not here*: whether it is a good lesson (lint.py), how a check is decided (evaluate.py).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sandbox.checks.compare import Compare, Scalar

KINDS = ("seen", "did", "records", "order", "state", "answered", "right")
CAUSED = ("seen", "did", "records", "order")  # what the learner's own action must be the root of
STATES = ("topic", "partition", "record", "group", "actor", "broker", "file", "ledger")
MEASURES = {
    "records": ("count", "partitions", "keys", "runs", "longest_run", "share", "keys_on_several"),
    "order": ("delivered", "out_of_order", "out_of_order_within"),
}


class Clause(NamedTuple):
    """One predicate: of a check, of a hint, or of what must never happen."""

    id: str
    say: str
    kind: str  # one of KINDS
    of: str  # what is looked at: an observation, a deed, a topic, a kind of thing, a question
    where: Mapping[str, Compare]
    after: tuple[str, ...]  # other clauses that came true before
    times: Compare
    distinct: str  # count different values of this
    by: str  # "you": in this step; "yours": also earlier; "anyone"
    measure: Mapping[str, Compare]
    value: Scalar  # what an answer must be; "@clause.name" is what was found there
    waiting: str  # in words, while nothing has come
    unless: tuple[str, ...] = ()  # of hints: not when these hold
    remove: str = ""  # of hints: the client that stands in the way, to be removed by a press


class Ask(NamedTuple):
    """A question; its answer is kept before the deed."""

    id: str
    say: str
    kind: str  # choice, whole, text, address
    choices: tuple[tuple[str, str], ...]  # value, words
    shown_by: str  # the clause by which the world has answered
    truth: Scalar
    because: str  # why it is so


class Tool(NamedTuple):
    """A form of the panel: an action with some of its values left to the learner."""

    label: str
    action: Mapping[str, Any]
    fields: tuple[Mapping[str, Any], ...]  # name (with dots), label, kind, choices
    free: bool  # it may be used before the predictions are made


class Step(NamedTuple):
    """One step."""

    id: str
    title: str
    concepts: tuple[int, ...]
    introduces: tuple[str, ...]  # actions
    text: tuple[str, ...]  # paragraphs
    do: tuple[str, ...]  # one thing after the other
    after_text: tuple[str, ...]  # what was to be seen, once it is done
    asks: tuple[Ask, ...]
    checks: tuple[Clause, ...]
    hints: tuple[Clause, ...]
    never: tuple[Clause, ...]  # what spoils the step: then it is begun anew
    tools: tuple[Tool, ...]
    gadgets: tuple[str, ...]
    lens: str  # through which the picture is looked at when it opens; empty: as it was
    solution: tuple[Mapping[str, Any], ...]
    wrong: tuple[Mapping[str, Any], ...]
    wrong_hint: str
    ruin: tuple[Mapping[str, Any], ...]  # moves after which even the solution does not help


class Lesson(NamedTuple):
    """One lesson."""

    slug: str
    number: int
    title: str
    minutes: int
    goal: str
    aha: str
    version: int
    knows: tuple[str, ...]  # actions from lessons before
    names: Mapping[str, str]  # with their salt
    left_out: str
    steps: tuple[Step, ...]


CONCEPTS = {
    2: "An event is an immutable fact", 12: "A log of bytes, appended to", 13: "Publish and subscribe",
    20: "Topic", 21: "A producer pushes", 23: "Partition: a share by key", 24: "Order inside a partition",
    25: "Header, key, timestamp, value", 27: "Offset", 30: "Address: topic, partition, offset",
    54: "Hash of the key", 55: "No key: sticky partition", 56: "Hot key",
}  # fmt: skip
GADGETS = ("hash", "disk")
LENSES = ("replication", "durability", "keys", "delivery")
