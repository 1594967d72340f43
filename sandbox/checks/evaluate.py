"""Deciding a step: which of its clauses hold, what is missing of the others, and which near miss to speak of.

*Invariants*: pure: the same facts give the same report; a clause that does not hold says why; a step is done when all
of its clauses hold and nothing happened that never may.
*Not here*: where facts come from (runner/lesson_watch.py), what a page shows (views).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.checks import compare, measures
from sandbox.checks.answers import same
from sandbox.checks.compare import Compare
from sandbox.checks.gathered import Fact, Gathered, refers, value
from sandbox.checks.measures import Received
from sandbox.checks.model import Clause
from sandbox.checks.states import things


class Verdict(NamedTuple):
    """What is to be said of one clause."""

    id: str
    say: str
    met: bool
    because: str  # what is missing and by how much; or what met it
    event: int  # in which it came true; 0: it does not hold
    waits: bool = False  # for another clause only
    fact: Mapping[str, Any] = {}  # what was found last, for references


class Report(NamedTuple):
    """What is to be said of a step."""

    verdicts: tuple[Verdict, ...]
    hints: tuple[str, ...]
    hint_ids: tuple[str, ...]
    spoilt: tuple[str, ...] = ()  # what should never have happened, and did

    @property
    def done(self) -> bool:
        """Whether every clause holds, and nothing spoilt it."""
        return not self.spoilt and all(one.met for one in self.verdicts)


class Sights(NamedTuple):
    """What a page shows beside the words: who got what in which order, and how partitions share."""

    received: list[Received]
    shares: list[tuple[str, list[tuple[int, int]]]]  # a check in words, and of its records: partition, how many


@dataclass(slots=True)
class Evaluation:
    """One look at what is gathered."""

    gathered: Gathered
    found: dict[str, Verdict] = field(default_factory=dict)

    def report(self) -> Report:
        """Decide everything."""
        step = self.gathered.step
        verdicts = tuple(self.verdict(one) for one in step.checks)
        hints = [one for one in step.hints if self._speaks(one)]
        spoilt = [one for one in step.never if self._speaks(one)]
        return Report(
            verdicts, self._said(hints), tuple(one.id for one in hints), self._said(spoilt)
        )  # fmt: skip

    def _said(self, clauses: Sequence[Clause]) -> tuple[str, ...]:
        return tuple(_with_found(one.say, self.verdict(one).fact) for one in clauses)

    def _speaks(self, hint: Clause) -> bool:
        if any(self.found[name].met for name in hint.unless):
            return False
        return self.verdict(hint).met

    def verdict(self, clause: Clause) -> Verdict:
        """Decide one clause, and those that it waits for."""
        known = self.found.get(clause.id)
        if known is None:
            missing = [name for name in clause.after if not self._check(name).met]
            if missing:
                first = self._check(missing[0])
                known = Verdict(clause.id, clause.say, False, f"Waits for: {first.say}.", 0, True)
            else:
                known = DECIDE[clause.kind](self, clause, self._begun(clause))
            self.found[clause.id] = known
        return known

    def _check(self, name: str) -> Verdict:
        return self.verdict(next(one for one in self.gathered.step.checks if one.id == name))

    # ---- kinds

    def _facts(self, clause: Clause, begun: int) -> Verdict:
        kept = [one for one in self.gathered.facts[clause.id] if one["event"] > begun and self._fits(clause, one)]
        if clause.distinct:
            kept = list({value(one, clause.distinct): one for one in reversed(kept)}.values())[::-1]
            kept.sort(key=lambda one: int(one["event"]))
        count = len(kept) + (self.gathered.dropped[clause.id] if not begun else 0)
        return self._counted(clause, kept, count)

    def _counted(self, clause: Clause, kept: Sequence[Fact], count: int) -> Verdict:
        if not compare.holds(clause.times, count):
            because = clause.waiting if not count and clause.waiting else _so_far(clause.times, count)
            return Verdict(clause.id, clause.say, False, because, 0)
        fact = self._deciding(clause, kept, clause.times)
        return Verdict(clause.id, clause.say, True, "", int(fact.get("event", self.gathered.event)), fact=fact)

    def _deciding(self, clause: Clause, kept: Sequence[Fact], count: Compare) -> Fact:
        """The fact by which a check came true, whatever came later; a hint speaks of the newest."""
        if not kept:
            return {}
        if clause in self.gathered.step.hints:
            return kept[-1]
        least = count.get("ge", 1)
        return kept[max(0, min(len(kept), int(least)) - 1)]

    def _records(self, clause: Clause, begun: int) -> Verdict:
        chosen = self._chosen(clause, begun)
        return self._measured(clause, measures.of_records(chosen), chosen)

    def _order(self, clause: Clause, begun: int) -> Verdict:
        written = list(self.gathered.records[clause.id])
        read = [one for one in self.gathered.facts[clause.id] if one["event"] > begun]
        return self._measured(clause, measures.of_order(written, read), read)

    def sights(self) -> Sights:
        """What can be seen of the checks that measure order and shares and wait for nothing any more."""
        readers: list[Received] = []
        shares = []
        for one in self.gathered.step.checks:
            if self._check(one.id).waits:
                continue
            if one.kind == "order":
                readers = measures.received(list(self.gathered.records[one.id]), self.gathered.facts[one.id])
            elif "share" in one.measure:
                shares.append((one.say, measures.shares(self._chosen(one, self._begun(one)))))
        return Sights([one for one in readers if one.numbers], [one for one in shares if one[1]])

    def _begun(self, clause: Clause) -> int:
        """The event from which on a clause counts."""
        return max((self._since(name, clause) for name in clause.after), default=0)

    def _since(self, name: str, clause: Clause) -> int:
        """When a check came true that this clause waits for.

        A prediction is judged on records since it was said last; whatever else was done since it was said first stays
        done, so that saying it anew takes nothing away that cannot be done twice.
        """
        check = next(one for one in self.gathered.step.checks if one.id == name)
        if check.kind == "answered" and clause.kind == "records":
            newest = self.gathered.answer(check.of)
            assert newest is not None, "it waits for the answer"
            return newest.event
        return self.found[name].event

    def _chosen(self, clause: Clause, begun: int) -> list[Fact]:
        return [one for one in self.gathered.records[clause.id] if one["event"] > begun and self._fits(clause, one)]

    def _measured(self, clause: Clause, found: Mapping[str, Any], chosen: Sequence[Fact]) -> Verdict:
        short = [name for name, how in clause.measure.items() if not compare.holds(how, found[name])]
        if short:
            if not chosen and clause.waiting:
                return Verdict(clause.id, clause.say, False, clause.waiting, 0)
            because = "; ".join(_measure_words(name, found[name], clause.measure[name]) for name in short)
            return Verdict(clause.id, clause.say, False, f"{because[:1].upper()}{because[1:]}.", 0)
        fact = {**self._deciding(clause, chosen, clause.measure.get("count", {})), **found}
        if "topic" in fact and "offset" in fact:
            fact["address"] = f"{fact['topic']}/{fact['partition']}/{fact['offset']}"
        return Verdict(clause.id, clause.say, True, "", int(fact.get("event", 0)), fact=fact)

    def _state(self, clause: Clause, begun: int) -> Verdict:
        kept = [one for one in things(clause.of, self.gathered.state) if self._fits(clause, one, plain=True)]
        if compare.holds(clause.times, len(kept)):
            return Verdict(clause.id, clause.say, True, "", self.gathered.event, fact=kept[0] if kept else {})
        return Verdict(clause.id, clause.say, False, self._nearest(clause), 0)

    def _nearest(self, clause: Clause) -> str:
        """Which value of the one that fits best is not as it should be."""
        if clause.waiting:
            return clause.waiting
        best, missing = None, len(clause.where) + 1
        for one in things(clause.of, self.gathered.state):
            wrong = [
                name for name, how in clause.where.items() if not compare.holds(self._resolved(how), value(one, name))
            ]
            if len(wrong) < missing:
                best, missing = (one, wrong), len(wrong)
        if best is None or missing == len(clause.where):
            return f"There is no such {clause.of} now."
        one, wrong = best
        return (
            "; ".join(
                f"{name} is {value(one, name)}, needed: {compare.words(self._resolved(clause.where[name]))}"
                for name in wrong
            )
            + "."
        )

    def _answered(self, clause: Clause, begun: int) -> Verdict:
        answer = self.gathered.answer(clause.of)
        if answer is None:
            return Verdict(clause.id, clause.say, False, clause.waiting or "No answer yet.", 0)
        return Verdict(
            clause.id,
            clause.say,
            True,
            f"You said: {answer.value}.",
            self.gathered.first_answer(clause.of).event,
            fact={"value": answer.value},
        )

    def _right(self, clause: Clause, begun: int) -> Verdict:
        answer, truth = self.gathered.answer(clause.of), self.resolve(clause.value)
        if answer is None or truth is None:
            waiting = "" if "{" in clause.waiting else clause.waiting  # words about an answer are for when there is one
            return Verdict(clause.id, clause.say, False, waiting or "No answer yet.", 0, truth is None)
        if same(answer.value, truth):
            return Verdict(clause.id, clause.say, True, f"You said {answer.value}, and so it is.", self.gathered.event)
        said = clause.waiting or "You said {said}; look again."
        return Verdict(
            clause.id, clause.say, False, said.replace("{said}", answer.value).replace("{truth}", str(truth)), 0
        )

    # ---- values

    def _fits(self, clause: Clause, fact: Fact, *, plain: bool = False) -> bool:
        """Whether a fact is as it should be; what needs no other check was asked when it was gathered."""
        return all(
            compare.holds(self._resolved(how), value(fact, name))
            for name, how in clause.where.items()
            if plain or refers(how)
        )

    def _resolved(self, how: Compare) -> Compare:
        return {name: self.resolve(limit) if isinstance(limit, str) else limit for name, limit in how.items()}

    def resolve(self, given: Any) -> Any:
        """A value, or what "@check.name" found; None if it has found nothing."""
        if not isinstance(given, str) or not given.startswith("@"):
            return given
        name, _, path = given[1:].partition(".")
        verdict = self._check(name)
        return value(verdict.fact, path) if verdict.met else None


DECIDE: dict[str, Callable[[Evaluation, Clause, int], Verdict]] = {
    "seen": Evaluation._facts,
    "did": Evaluation._facts,
    "records": Evaluation._records,
    "order": Evaluation._order,
    "state": Evaluation._state,
    "answered": Evaluation._answered,
    "right": Evaluation._right,
}


def report(gathered: Gathered) -> Report:
    """Decide a step."""
    return Evaluation(gathered).report()


def _so_far(times: Compare, count: int) -> str:
    if times == {"ge": 1}:
        return "Not yet."
    return f"{count} so far, and {compare.words(times)} are needed."


SO_FAR = {  # what is there, before how much of it is needed
    "count": "{} records so far", "partitions": "they are in {} partitions", "keys": "they have {} different keys",
    "runs": "{} stays in one partition", "longest_run": "at most {} in a row went to one partition",
    "share": "the fullest partition has {}", "keys_on_several": "{} keys are in more than one partition",
    "delivered": "one reader got {} of them", "out_of_order": "{} came after one that was written later",
    "out_of_order_within": "{} did so inside one partition",
}  # fmt: skip
ONE = {"records": "record", "partitions": "partition", "keys": "key", "stays": "stay"}


def _measure_words(name: str, found: Any, how: Compare) -> str:
    """In people's words: how much there is, and how much is needed."""
    if name == "share":
        percents = {one: round(limit * 100) if isinstance(limit, int | float) else limit for one, limit in how.items()}
        return f"{SO_FAR[name].format(f'{found:.0%}'.replace('%', ' %'))}, and {compare.words(percents)} % are needed"
    said = SO_FAR[name].format(found)
    if found == 1:
        for more, one in ONE.items():
            said = said.replace(f" {more}", f" {one}")
        said = said.replace(" keys are", " key is")
    return f"{said}, and there must be none" if how == {"eq": 0} else f"{said}, and {compare.words(how)} are needed"


def _with_found(text: str, fact: Mapping[str, Any]) -> str:
    """Put what was found in place of {found.name}."""
    while "{found." in text:
        before, _, rest = text.partition("{found.")
        name, _, after = rest.partition("}")
        text = f"{before}{value(fact, name)}{after}"
    return text
