"""A declared producer: it hands one record after the other to our own client machine.

Each record carries the header `sandbox.record` = name:number, so that the same record
twice in a log is a fact.

Invariants:
- The number of a record never comes twice from this actor, also after its process was killed.
- Each record that was handed over is heard of again: acknowledged, not acknowledged, given up because its client was
  closed, or lost in the memory of a process that was killed.

Not here: batching, retries, idempotence (engine/client), when it ends (endings.py).
"""

from dataclasses import dataclass, field
from typing import Any, cast

from engine.client.calls import Flush, Produce, Produced, ProducerRecord
from engine.client.client import Client
from engine.client.config import ClientConfig
from engine.client.errors import NotProduced
from engine.simulation.hosted import endings
from engine.simulation.hosted.actor_specs import ProducerSpec
from engine.simulation.world import Node, World

HEADER = "sandbox.record"
WAKES_A_S = 100  # above that several records are handed over at once
OPEN_MAX = 1_000  # calls without a result: then it waits, as a full buffer makes a producer wait


@dataclass(slots=True, eq=False)
class ProduceActor:
    """Who writes."""

    spec: ProducerSpec
    start: int = 0  # counts starts of its process and changes of its spec: what an earlier one wanted does nothing
    made: int = 0
    calls: int = 0
    open: dict[int, int] = field(default_factory=dict)  # call -> the number of its record
    leaving: str = ""  # what it ends for (endings.py)
    asked_in: int = 0  # the event in which that was asked for
    unheard: bool = False  # it is frozen, and does not know yet
    flush: int = 0  # the call that says that all is sent

    def on_start(self, world: World, node: Node) -> None:
        """A process begins."""
        self.renew(world, node)

    def renew(self, world: World, node: Node) -> None:
        """Begin, or go on with another spec."""
        self.start += 1
        world.push(world.now_us, "wake", node.name, self.start)

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Hand over what is due, and say when to come again; or the time to close is up."""
        spec = self.spec
        if self.leaving:
            if detail == endings.closing(self):
                endings.go_on(world, node, self)
            return
        if detail != self.start or (spec.limit is not None and self.made >= spec.limit):
            return
        rate = spec.rate
        together = round(rate / WAKES_A_S) or 1
        if len(self.open) < OPEN_MAX:
            for _ in range(together if spec.limit is None else min(together, spec.limit - self.made)):
                self._produce(world, node)
        world.push(world.now_us + (int(together * 1_000_000 / rate) or 1), "wake", node.name, self.start)

    def _produce(self, world: World, node: Node) -> None:
        spec, name = self.spec, self.spec.name
        self.made += 1
        number = self._key_number(world)
        key = None if number is None else _fill(spec.key, self.made, number, name)
        value = _fill(spec.value, self.made, number or 0, name)
        headers = ((HEADER, f"{name}:{self.made}".encode()),)
        record = ProducerRecord(spec.topic, value, key, headers, spec.partition)
        self.calls += 1
        self.open[self.calls] = self.made
        assert isinstance(node.machine, Client), "whoever calls is up"
        node.machine.on_call(self.calls, Produce((record,)), node.clock.now_ms())

    def _key_number(self, world: World) -> int | None:
        keys, count = self.spec.keys, self.spec.key_count
        if keys == "none":
            return None
        if keys == "round":
            return self.made % count
        if keys == "random":
            return world.chance.randrange(count)
        if keys == "skewed":
            return 0 if world.chance.random() < 0.5 else world.chance.randrange(count)
        return 0

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """Note what became of a record."""
        if call == self.flush and self.leaving:
            endings.close_at(world, node, self, world.now_us)
            return
        number = self.open.pop(call, None)
        if number is None:
            return  # asked for by a process that is gone
        outcome = result[0] if isinstance(result, tuple) else result
        if isinstance(outcome, Produced):
            if outcome.offset >= 0:
                world.observe(node.name, "acknowledged", outcome.topic, outcome.partition, outcome.offset, number)
            else:  # acks=0, or a duplicate whose place the broker does not remember
                world.observe(node.name, "sent", outcome.topic, outcome.partition, number)
        else:
            unsure = isinstance(outcome, NotProduced) and outcome.maybe_written
            world.observe(node.name, "not acknowledged", number, str(outcome)[:200], unsure)

    # ---- its end

    def leave(self, world: World, node: Node) -> None:
        """Close as Kafka's producers do: make nothing more, and wait until all is sent, but not for ever."""
        if not self.open:
            endings.end(world, node, self)
            return
        self.calls += 1
        self.flush = self.calls
        cast("Client", node.machine).on_call(self.flush, Flush(), node.clock.now_ms())
        world.acted.append(node)
        endings.close_at(world, node, self, world.now_us + endings.CLOSE_US)

    def end_now(self, world: World, node: Node) -> None:
        """What is not sent or not acknowledged by now is given up."""
        self._note_open(world, node, "given up")
        endings.end(world, node, self)

    def on_killed(self, world: World, node: Node) -> ClientConfig | None:
        """What was in its memory is gone."""
        self._note_open(world, node, "lost in memory")
        return endings.killed(world, node, self)

    def _note_open(self, world: World, node: Node, kind: str) -> None:
        """Each record without a result: its client, when it is closed, says whether it was sent."""
        client = cast("Client", node.machine)
        client.close(node.clock.now_ms())
        results, client.effects.results = client.effects.results, []
        unsure: dict[int, bool] = {}
        for call, result in results:
            number = self.open.pop(call, None)
            if number is not None and isinstance(result, tuple):
                unsure[number] = bool(getattr(result[0], "maybe_written", False))
        for first, last in runs(unsure):
            world.observe(node.name, kind, first, last, unsure[first])


def runs(marked: dict[int, bool]) -> list[tuple[int, int]]:
    """Numbers in a row with the same mark, as (first, last)."""
    found: list[tuple[int, int]] = []
    for number in sorted(marked):
        if found and found[-1][1] == number - 1 and marked[found[-1][0]] == marked[number]:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found


def _fill(template: str, n: int, k: int, name: str) -> bytes:
    return template.replace("{n}", str(n)).replace("{k}", str(k)).replace("{name}", name).encode()
