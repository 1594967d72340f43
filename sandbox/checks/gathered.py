"""What a step needs of the history, gathered event by event: only what its checks and hints speak of.

The world's side (runner/lesson_watch.py) hands over plain facts; nothing here knows a world.

*Invariants*: what happened up to the step's opening is never in it; each clause keeps FACTS_MAX facts and as many
records, the newest of those that fit it, so that a flood of others pushes nothing out.
*Not here*: deciding (evaluate.py).
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.checks import compare
from sandbox.checks.model import Clause, Step

FACTS_MAX = 1_000
Fact = Mapping[str, Any]


@dataclass(slots=True)
class Answer:
    """What the learner answered, and when."""

    ask: str
    value: str
    event: int  # of the world, after which it was given


@dataclass(slots=True)
class Gathered:
    """What one step has seen since it opened."""

    step: Step
    since: int
    answers: list[Answer] = field(default_factory=list)
    facts: dict[str, deque[Fact]] = field(default_factory=dict)  # by clause
    dropped: dict[str, int] = field(default_factory=dict)
    records: dict[str, deque[Fact]] = field(default_factory=dict)  # by clause
    state: Mapping[str, Any] = field(default_factory=dict)  # at the present
    event: int = 0  # up to here

    def __post_init__(self) -> None:
        self.facts = {one.id: deque(maxlen=FACTS_MAX) for one in self.clauses}
        self.dropped = {one.id: 0 for one in self.clauses}
        self.records = {one.id: deque(maxlen=FACTS_MAX) for one in self.clauses if one.kind in ("records", "order")}

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """Checks, hints, and what must never happen."""
        return (*self.step.checks, *self.step.hints, *self.step.never)

    def wants(self, kind: str, name: str) -> bool:
        """Whether an observation of this kind, or a deed, is spoken of at all."""
        return any(one.kind == kind and one.of == name for one in self.clauses)

    def take_seen(self, fact: Fact) -> None:
        """Something was observed: event, at_us, kind, node, its values, root, and `do` of the root's deed."""
        for one in self.clauses:
            named = fact["kind"] if one.kind == "seen" else fact.get("topic")
            if one.of == named and (one.kind == "seen" or (one.kind == "order" and fact["kind"] == "delivered")):
                self._keep(one, fact)

    def take_did(self, fact: Fact) -> None:
        """The learner did something: event, at_us, do, and what it names."""
        for one in self.clauses:
            if one.kind == "did" and one.of == fact["do"]:
                self._keep(one, fact)

    def take_record(self, fact: Fact) -> None:
        """A record was appended: event, root, topic, partition, offset, key, value, headers, from."""
        for one in self.clauses:
            if one.id in self.records and one.of == fact["topic"] and self._may_count(one, fact):
                self.records[one.id].append(fact)

    def wants_records(self, topic: str) -> bool:
        """Whether any clause looks into the records of a topic."""
        return any(one.id in self.records and one.of == topic for one in self.clauses)

    def _keep(self, clause: Clause, fact: Fact) -> None:
        if self._may_count(clause, fact):
            kept = self.facts[clause.id]
            self.dropped[clause.id] += len(kept) == FACTS_MAX
            kept.append(fact)

    def _may_count(self, clause: Clause, fact: Fact) -> bool:
        """Whether it fits as far as can be said now: what refers to other checks is asked later."""
        plain = {name: how for name, how in clause.where.items() if not refers(how)}
        if clause.kind == "order" and "first" in fact:
            plain = {}  # a delivery: the clause chooses the records that are looked for in it
        return self.is_by(clause, fact) and all(compare.holds(how, value(fact, name)) for name, how in plain.items())

    def is_by(self, clause: Clause, fact: Fact) -> bool:
        """Whether it goes back to whom it should."""
        root = int(fact.get("root", 0))
        return clause.by == "anyone" or (root > self.since if clause.by == "you" else root > 0)

    def answer(self, ask: str) -> Answer | None:
        """The newest answer to a question."""
        return next((one for one in reversed(self.answers) if one.ask == ask), None)

    def first_answer(self, ask: str) -> Answer:
        """The first answer to a question that has one."""
        return next(one for one in self.answers if one.ask == ask)


def refers(how: compare.Compare) -> bool:
    """Whether a comparison takes its value from another check."""
    return any(isinstance(limit, str) and limit.startswith("@") for limit in how.values())


def value(fact: Fact, name: str) -> Any:
    """A value of a fact; dots go deeper."""
    found: Any = fact
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
