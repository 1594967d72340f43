"""The learner as a node of the world: what they do are its events, what they write from outside its requests.

An action that comes here was checked (actions.py) and is carried out as it is; one that
does nothing any more (the actor is gone since) does nothing.

Invariants:
- All that a learner does is an event "act" with the action as its detail, so every chain
  of causes can end in one.
- Answers for the outside gather in `answers`; nothing in the world looks at them.

Not here: what may be asked (actions.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from engine.broker.broker import Broker
from engine.client.client import Client
from engine.client.config import ClientConfig
from engine.simulation import cluster
from engine.simulation.hosted import actor_specs, endings, written
from engine.simulation.hosted.actor_specs import ConsumerSpec, ProducerSpec
from engine.simulation.hosted.consume_actor import ConsumeActor
from engine.simulation.hosted.outside import Outside
from engine.simulation.hosted.produce_actor import ProduceActor
from engine.simulation.hosted.written import Sent
from engine.simulation.world import Node, World

YOU = "you"
ANSWERS_MAX = 1_000  # nobody takes those of a world that is run again
Action = dict[str, Any]


@dataclass(slots=True, eq=False)
class Learner:
    """Who acts."""

    disk_bytes: int | None = None  # what a disk holds when it is not made full
    answers: list[tuple[int, bytes | None]] = field(default_factory=list)  # by call
    produces: dict[int, Sent] = field(default_factory=dict)  # not answered yet, by call

    def on_start(self, world: World, node: Node) -> None:
        """Nothing: a learner begins by acting."""

    def on_result(self, world: World, node: Node, call: int, result: object) -> None:
        """An answer for the outside; what it says of records is a fact for the ledger."""
        sent = self.produces.pop(call, None)
        if sent is not None:
            for kind, values in written.outcomes(sent, cast("bytes | None", result)):
                world.observe(YOU, kind, *values)
        if len(self.answers) < ANSWERS_MAX:
            self.answers.append((call, cast("bytes | None", result)))

    def on_wake(self, world: World, node: Node, detail: Any) -> None:
        """Carry an action out."""
        DEEDS[detail["do"]](self, world, detail)

    # ---- actors

    def _add(self, world: World, action: Action) -> None:
        spec = actor_specs.parse(action["actor"])
        node = world.nodes.get(spec.name)
        if node is not None and (node.actor is not None or node.disk is not None):
            return  # somebody else came by that name since this was checked
        incarnation = 0 if node is None else node.incarnation + 1
        client = Client(actor_specs.client_config(spec, endings.bootstrap(world)), world.chance)
        actor = ProduceActor(spec, made=action.get("made", 0)) if isinstance(spec, ProducerSpec) else ConsumeActor(spec)
        node = cluster.add_client(world, spec.name, client, actor)
        node.incarnation, node.declared = incarnation, world.events
        assert world.past is not None, "a hosted world has a past"
        world.past.ledger.forget_writer(spec.name)
        world.observe(spec.name, "added", action["actor"]["kind"], spec.topic)

    def _change(self, world: World, action: Action) -> None:
        """Another spec: a producer may go on with it; else it ends in order, as for a stop, and begins again."""
        spec = actor_specs.parse(action["actor"])
        node = world.nodes.get(spec.name)
        actor = None if node is None else node.actor
        if (isinstance(actor, ProduceActor) and isinstance(spec, ProducerSpec)) or (
            isinstance(actor, ConsumeActor) and isinstance(spec, ConsumerSpec)
        ):
            actor.spec = spec
        else:
            return  # it is gone, or somebody else came by that name, since this was checked
        assert node is not None, "an actor is one of a node"
        node.declared = world.events
        config = actor_specs.client_config(spec, endings.bootstrap(world))
        world.observe(spec.name, "changed", spec.topic)
        if actor.leaving:
            return  # it ends all the same
        same = isinstance(node.machine, Client) and node.machine.config == config
        if same and isinstance(actor, ProduceActor):
            actor.renew(world, node)
        elif node.machine is not None:
            endings.begin(world, node, actor, endings.CHANGE)
        else:
            _revive_as(world, node, config)

    def _remove(self, world: World, action: Action) -> None:
        node = world.nodes.get(action["name"])
        if node is None or not isinstance(node.actor, ProduceActor | ConsumeActor):
            return
        if node.machine is None:
            endings.remove(world, node)
        elif action["orderly"]:
            endings.ask(world, node, node.actor, endings.REMOVE)
        else:
            node.actor.leaving = endings.REMOVE
            cluster.crash_client(world, node.name, 0)

    def _stop_client(self, world: World, action: Action) -> None:
        """Its process ends, and it stays declared: it can be started again."""
        node = world.nodes.get(action["name"])
        if node is not None and isinstance(node.actor, ProduceActor | ConsumeActor) and node.machine is not None:
            endings.ask(world, node, node.actor, endings.STOP)

    def _start_client(self, world: World, action: Action) -> None:
        node = world.nodes.get(action["name"])
        if node is not None and isinstance(node.actor, ProduceActor | ConsumeActor):
            cluster.start_client(world, node.name, endings.config_of(world, node.actor))

    def _crash_client(self, world: World, action: Action) -> None:
        node = world.nodes.get(action["name"])
        if node is not None and isinstance(node.machine, Client):
            cluster.crash_client(world, node.name, action["down_ms"] * 1000)

    # ---- records and requests

    def _send(self, world: World, action: Action) -> None:
        node = world.nodes[YOU]
        frame = written.frame_of(action["frame"])
        sent = written.sent(frame, topic_names(world))
        if sent is not None and len(self.produces) < ANSWERS_MAX:
            self.produces[action["call"]] = sent
        cast("Outside", node.machine).send(action["line"], action["call"], frame, action["answered"])
        world.acted.append(node)

    def _hang_up(self, world: World, action: Action) -> None:
        node = world.nodes[YOU]
        cast("Outside", node.machine).hang_up(action["line"])
        world.acted.append(node)

    # ---- brokers and the rest of the world

    def _kill(self, world: World, action: Action) -> None:
        if action["loses"] == "unsynced":
            world.push(world.now_us, "crash", action["name"], True)
        else:
            world.push(world.now_us, "kill", action["name"])

    def _stop(self, world: World, action: Action) -> None:
        world.push(world.now_us, "stop", action["name"])

    def _start(self, world: World, action: Action) -> None:
        world.push(world.now_us, "start", action["name"])

    def _slow_disk(self, world: World, action: Action) -> None:
        world.push(world.now_us, "slow", action["name"], action["by_ms"] * 1000)

    def _full_disk(self, world: World, action: Action) -> None:
        disk = world.nodes[action["name"]].disk
        assert disk is not None, "only brokers have disks"
        if action["full"]:
            disk.bytes_max = disk.used_bytes + action["spare_bytes"]
            world.observe(action["name"], "disk is short", action["spare_bytes"])
        else:
            disk.bytes_max = self.disk_bytes
            world.observe(action["name"], "disk has room", self.disk_bytes)

    def _cut(self, world: World, action: Action) -> None:
        for broker in [node for node in world.nodes.values() if node.disk is not None]:
            world.push(world.now_us, "sever", action["name"], (broker.name, action["for_ms"] * 1000))

    def _freeze(self, world: World, action: Action) -> None:
        world.push(world.now_us, "freeze", action["name"], action["for_ms"] * 1000)

    def _leap(self, world: World, action: Action) -> None:
        if action["name"] is None:
            world.wall_offset_ms += action["by_ms"]  # who comes later has the same clock
        for node in world.nodes.values():
            if action["name"] is None or node.name == action["name"]:
                world.push(world.now_us, "leap", node.name, action["by_ms"])


DEEDS: dict[str, Callable[[Learner, World, Action], None]] = {
    "add": Learner._add,
    "change": Learner._change,
    "remove": Learner._remove,
    "stop client": Learner._stop_client,
    "start client": Learner._start_client,
    "crash client": Learner._crash_client,
    "send": Learner._send,
    "hang up": Learner._hang_up,
    "kill": Learner._kill,
    "stop": Learner._stop,
    "start": Learner._start,
    "slow disk": Learner._slow_disk,
    "full disk": Learner._full_disk,
    "cut": Learner._cut,
    "freeze": Learner._freeze,
    "leap": Learner._leap,
}


def topic_names(world: World) -> dict[bytes, str]:
    """Topics by id, as far as a broker that is up knows them."""
    for node in world.nodes.values():
        broker: object = node.machine
        if isinstance(broker, Broker):
            return broker.image.topic_names
    return {}


def _revive_as(world: World, node: Node, config: ClientConfig) -> None:
    """Who crashed and is about to come back comes back as it is declared now."""
    coming = [
        at_us
        for at_us, _, _, kind, subject, detail in world.heap
        if (kind, subject) == ("revive", node.name) and detail[0] == node.incarnation
    ]
    node.incarnation += 1
    for at_us in coming[:1]:
        cluster.start_client(world, node.name, config, at_us - world.now_us)
