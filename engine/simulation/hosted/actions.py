"""What a learner can do to a world, as plain JSON: checked here, carried out by learner.py.

`check` gives the action with every default filled in, as it is kept and replayed; or
Refused with a sentence. It looks at the world and changes nothing.

Invariant: what passed here never raises when it is carried out, whatever happens before.
Not here: requests of outside programs (doors.py decides about those), limits per account (limits.py).
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.broker.broker import Broker
from engine.core.metadata.config_changes import Change, Operation, changed, records_for_topic
from engine.core.metadata.image import MetadataImage
from engine.core.metadata.topic_names import refusal
from engine.simulation.hosted import actor_specs, written
from engine.simulation.hosted.actor_specs import ConsumerSpec
from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.learner import YOU, Action
from engine.simulation.hosted.limits import WorldLimits
from engine.simulation.hosted.refused import Refused
from engine.simulation.hosted.shape import broker_of, groups_of
from engine.simulation.world import World
from engine.wire.error_codes import WireError

LEAP_MS_MAX = 400 * 86_400_000
FOR_MS_MAX = 3_600_000
TIMES_MAX = 1_000
OWN_LINE = 0  # of the picture's own forms; programs outside have others


def check(world: World, given: Mapping[str, Any], limits: WorldLimits) -> Action:
    """The action as it will be carried out."""
    fields = Fields(given, "an action")
    do = fields.one_of("do", tuple(CHECKS))
    fields.of = f"the action {do!r}"
    action = {"do": do, **CHECKS[do](world, fields, limits)}  # a part may name another deed: a request that is sent
    fields.done()
    return action


def _add(world: World, fields: Fields, limits: WorldLimits) -> Action:
    spec = _actor(fields)
    node = world.nodes.get(spec.name)
    if node is not None and (node.disk is not None or node.name == YOU or node.actor is not None):
        raise Refused(f"there is a {spec.name} already", "name")
    if isinstance(spec, ConsumerSpec) and spec.group is not None:
        limits.check_groups(_groups(world), spec.group)
    limits.check_actors(sum(1 for node in world.nodes.values() if node.actor is not None and node.name != YOU))
    return {"actor": actor_specs.as_json(spec)}


def _change(world: World, fields: Fields, limits: WorldLimits) -> Action:
    spec = _actor(fields)
    _client(world, spec.name)
    kinds = {"ProduceActor": "producer", "ConsumeActor": "consumer"}
    declared = actor_specs.as_json(spec)
    if kinds[type(world.nodes[spec.name].actor).__name__] != declared["kind"]:
        raise Refused(f"{spec.name} is no {declared['kind']}: remove it and add another", "kind")
    return {"actor": declared}


def _actor(fields: Fields) -> actor_specs.ActorSpec:
    part = fields.part("actor")
    if part is None:
        raise Refused("which actor?", "actor")
    return actor_specs.parse(part.given)


def _remove(world: World, fields: Fields, limits: WorldLimits) -> Action:
    return {"name": _client(world, fields.text("name")), "orderly": fields.flag("orderly", True)}


def _stop_client(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = _client(world, fields.text("name"))
    if world.nodes[name].machine is None:
        raise Refused(f"{name} is down already", "name")
    return {"name": name}


def _start_client(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = _client(world, fields.text("name"))
    if world.nodes[name].machine is not None:
        raise Refused(f"{name} is up already", "name")
    return {"name": name}


def _crash_client(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = _client(world, fields.text("name"))
    if world.nodes[name].machine is None:
        raise Refused(f"{name} is down already", "name")
    return {"name": name, "down_ms": fields.whole("down_ms", 1, FOR_MS_MAX, 1_000)}


def _kill(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = _broker(world, fields.text("name", "broker-1"))
    if world.nodes[name].machine is None:
        raise Refused(f"{name} is down already", "name")
    return {"name": name, "loses": fields.one_of("loses", ("nothing", "unsynced"), "nothing")}


def _stop(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = _broker(world, fields.text("name", "broker-1"))
    if world.nodes[name].machine is None:
        raise Refused(f"{name} is down already", "name")
    return {"name": name}


def _start(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = _broker(world, fields.text("name", "broker-1"))
    if world.nodes[name].machine is not None:
        raise Refused(f"{name} is up already", "name")
    return {"name": name}


def _slow_disk(world: World, fields: Fields, limits: WorldLimits) -> Action:
    return {"name": _broker(world, fields.text("name", "broker-1")), "by_ms": fields.whole("by_ms", 0, 600_000, 1_000)}


def _full_disk(world: World, fields: Fields, limits: WorldLimits) -> Action:
    return {
        "name": _broker(world, fields.text("name", "broker-1")),
        "full": fields.flag("full", True),
        "spare_bytes": fields.whole("spare_bytes", 0, 1 << 30, 0),
    }


def _cut(world: World, fields: Fields, limits: WorldLimits) -> Action:
    return {"name": _client(world, fields.text("name")), "for_ms": fields.whole("for_ms", 1, FOR_MS_MAX, 5_000)}


def _freeze(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = fields.text("name")
    node = world.nodes.get(name)
    if node is None or name == YOU or node.machine is None:
        raise Refused(f"nobody is called {name} here, or it is down", "name")
    return {"name": name, "for_ms": fields.whole("for_ms", 1, FOR_MS_MAX, 10_000)}


def _leap(world: World, fields: Fields, limits: WorldLimits) -> Action:
    name = fields.text("name", None)
    if name is not None and name not in world.nodes:
        raise Refused(f"nobody is called {name} here", "name")
    return {"name": name, "by_ms": fields.whole("by_ms", -LEAP_MS_MAX, LEAP_MS_MAX)}


def _produce(world: World, fields: Fields, limits: WorldLimits) -> Action:
    """Records by hand: as a request, so that they are what any client's would be."""
    topic = fields.text("topic")
    image = _metadata(world)
    if topic not in image.topics:
        raise Refused(f"there is no topic {topic}", "topic")
    count = len(image.topics[topic].partitions)
    key, value = fields.text("key", None, 1_000), fields.text("value", None, actor_specs.VALUE_BYTES_MAX // 4)
    chosen = fields.whole("partition", 0, count - 1, None)
    times = fields.whole("count", 1, TIMES_MAX, 1)
    acks = actor_specs.ACKS[fields.one_of("acks", tuple(actor_specs.ACKS), "all")]
    headers = tuple((name, text.encode()) for name, text in fields.mapping("headers").items())
    encoded = (None if key is None else key.encode(), None if value is None else value.encode())
    partition = written.partition_for(encoded[0], count) if chosen is None else chosen
    wall_ms = world.now_us // 1000 + next(node.clock for node in world.nodes.values() if node.disk).wall_offset_ms
    return _sent(world, written.produce_frame(topic, partition, [encoded] * times, acks, wall_ms, headers), acks != 0)


def _create_topic(world: World, fields: Fields, limits: WorldLimits) -> Action:
    image = _metadata(world)
    topic, partitions = fields.text("topic"), fields.whole("partitions", 1, 10_000, 1)
    if topic in image.topics:
        raise Refused(f"there is a topic {topic} already", "topic")
    wrong = refusal(topic)
    if wrong is not None:
        raise Refused(wrong, "topic")
    there = [one for name, one in image.topics.items() if not name.startswith("__")]
    limits.check_topics(len(there), 1)
    limits.check_partitions(sum(len(one.partitions) for one in there), partitions)
    configs = {name: value for name, value in fields.mapping("configs").items() if value}
    _check_configs(world, topic, [Change(name, Operation.SET, value) for name, value in configs.items()])
    return _sent(world, written.create_frame(topic, partitions, configs), True)


def _change_topic(world: World, fields: Fields, limits: WorldLimits) -> Action:
    """Other configs; an empty text takes one back to its default."""
    topic = _topic(world, fields)
    changes = [
        Change(name, Operation.SET, value) if value else Change(name, Operation.DELETE, None)
        for name, value in fields.mapping("configs").items()
    ]
    if not changes:
        raise Refused("which config, and to what?", "configs")
    _check_configs(world, topic, changes)
    return _sent(world, written.configs_frame(topic, changes), True)


def _delete_topic(world: World, fields: Fields, limits: WorldLimits) -> Action:
    return _sent(world, written.delete_frame(_topic(world, fields)), True)


def _check_configs(world: World, topic: str, changes: list[Change]) -> None:
    """What the broker would answer, before it is asked: the sentence and the config that it is about."""
    broker = _broker_up(world)
    current, server = broker.image.topic_configs(topic), broker.config.server
    for one in changes:  # each by itself first: so that the refusal has a place
        try:
            records_for_topic(topic, current, changed(current, [one], server), server, [])
        except WireError as wrong:
            raise _in_words(wrong, one.name) from None
    try:
        records_for_topic(topic, current, changed(current, changes, server), server, [])
    except WireError as wrong:
        raise _in_words(wrong, "configs") from None


def _in_words(wrong: WireError, field: str) -> Refused:
    return Refused((wrong.message or wrong.code.name).rstrip("."), field)


def _topic(world: World, fields: Fields) -> str:
    """A topic of people's own that is there."""
    topic = fields.text("topic")
    if topic not in _metadata(world).topics or topic.startswith("__"):
        raise Refused(f"there is no topic {topic} of yours", "topic")
    return str(topic)


def _add_partitions(world: World, fields: Fields, limits: WorldLimits) -> Action:
    image = _metadata(world)
    topic, total = fields.text("topic"), fields.whole("partitions", 1, 10_000)
    if topic not in image.topics:
        raise Refused(f"there is no topic {topic}", "topic")
    there = len(image.topics[topic].partitions)
    if total <= there:
        raise Refused(f"{topic} has {there} partitions already, and partitions are never taken away", "partitions")
    others = [one for name, one in image.topics.items() if not name.startswith("__")]
    limits.check_partitions(sum(len(one.partitions) for one in others), total - there)
    return _sent(world, written.more_partitions_frame(topic, total), True)


def _sent(world: World, frame: bytes, answered: bool) -> Action:
    return {
        "do": "send",
        "line": OWN_LINE,
        "call": -1 - world.number,
        "frame": written.frame_text(frame),
        "answered": answered,
    }


def _groups(world: World) -> list[str]:
    """The groups that are there, or that somebody declared."""
    found: list[str] = []
    for node in world.nodes.values():
        spec = getattr(node.actor, "spec", None)
        if isinstance(spec, ConsumerSpec) and spec.group is not None:
            found.append(spec.group)
        elif node.disk is not None:
            found += groups_of(broker_of(node))
    return list(dict.fromkeys(found))


def _metadata(world: World) -> MetadataImage:
    return _broker_up(world).image


def _broker_up(world: World) -> Broker:
    for node in world.nodes.values():
        broker: object = node.machine
        if isinstance(broker, Broker):
            return broker
    raise Refused("no broker is up: start it first")


CHECKS: dict[str, Callable[[World, Fields, WorldLimits], Action]] = {
    "add": _add,
    "change": _change,
    "remove": _remove,
    "stop client": _stop_client,
    "start client": _start_client,
    "crash client": _crash_client,
    "kill": _kill,
    "stop": _stop,
    "start": _start,
    "slow disk": _slow_disk,
    "full disk": _full_disk,
    "cut": _cut,
    "freeze": _freeze,
    "leap": _leap,
    "produce": _produce,
    "create topic": _create_topic,
    "add partitions": _add_partitions,
    "change topic": _change_topic,
    "delete topic": _delete_topic,
}


def _client(world: World, name: str) -> str:
    node = world.nodes.get(name)
    if node is None or node.actor is None or name == YOU:
        raise Refused(f"no client is called {name} here", "name")
    return name


def _broker(world: World, name: str) -> str:
    node = world.nodes.get(name)
    if node is None or node.disk is None:
        raise Refused(f"no broker is called {name} here", "name")
    return name
