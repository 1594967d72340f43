"""Calls of a producer whose records are not all known, and flushes that wait for them.

Invariants:
- Each record gets one outcome; a call has its result when the last of its records has one.
- A flush has its result behind those of the calls that it waits for, those too that nobody waits for any more.

Not here: sending (producer.py); while a flush is open nothing lingers there, as in Kafka's producers.
"""

from dataclasses import dataclass, field

from engine.client.calls import Produced
from engine.client.errors import NotProduced
from engine.core.effects import Effects

Outcome = Produced | NotProduced


@dataclass(slots=True, eq=False)
class OpenProduce:
    """A call whose records are not all known."""

    outcomes: list[Outcome | None]
    missing: int
    told: bool = True  # whether somebody waits for its result


@dataclass(slots=True, eq=False)
class OpenProduces:
    """Who waits."""

    effects: Effects
    calls: dict[int, OpenProduce] = field(default_factory=dict)
    flushes: dict[int, dict[int, None]] = field(default_factory=dict)  # by its number: the calls it waits for

    def begin(self, number: int, count: int) -> None:
        """A call with so many records begins."""
        self.calls[number] = OpenProduce([None] * count, count)

    def flush(self, number: int) -> None:
        """Wait for all calls that are open."""
        if self.calls:
            self.flushes[number] = dict.fromkeys(self.calls)
        else:
            self.effects.results.append((number, None))

    def cancel(self, number: int) -> bool:
        """Forget a call or a flush; its records are sent all the same."""
        if self.flushes.pop(number, None) is not None:
            return True
        call = self.calls.get(number)
        if call is None or not call.told:
            return False
        call.told = False
        return True

    def outcome(self, number: int, slot: int, outcome: Outcome) -> None:
        """A record of a call is known."""
        call = self.calls.get(number)
        if call is None:
            return
        assert call.outcomes[slot] is None, "a record has one result"
        call.outcomes[slot] = outcome
        call.missing -= 1
        if not call.missing:
            del self.calls[number]
            if call.told:
                self.effects.results.append((number, tuple(call.outcomes)))
            if self.flushes:
                self._settled(number)

    def _settled(self, call: int) -> None:
        for number, calls in list(self.flushes.items()):
            calls.pop(call, None)
            if not calls:
                del self.flushes[number]
                self.effects.results.append((number, None))
