"""A world drawn from a seed: other settings, other workloads and other faults for every seed.

Some faults are left out for some seeds, so that what one fault hides another run shows.

Invariants:
- Faults end; then every actor can finish its work, and `finished` becomes true.
- With durability=pagecache no power is lost: that mode promises nothing about it.

Not here: what faults do (faults.py), how a run is checked (campaign.py).
"""

import random
from typing import cast

from engine.broker.broker import Broker
from engine.client.client import Client
from engine.client.config import ClientConfig, ConsumerConfig
from engine.simulation import cluster
from engine.simulation.wire_client import WireClient
from engine.simulation.workloads.administrator import Administrator, Step
from engine.simulation.workloads.client_consumer import ClientConsumer
from engine.simulation.workloads.client_member import ClientMember
from engine.simulation.workloads.client_producer import ClientProducer
from engine.simulation.workloads.consumer import Consumer
from engine.simulation.workloads.lister import Lister
from engine.simulation.workloads.member import Member
from engine.simulation.workloads.producer import Producer
from engine.simulation.workloads.vandal import Vandal
from engine.simulation.world import Actor, World

BROKER = "broker-1"
ADDRESS = f"{BROKER}:9092"
LAST_FAULT_US = 600_000
LEAP_MS = (20_000, 90_000, 3_600_000, 2 * 86_400_000, 6 * 86_400_000)
FAULTS = ("crash", "power", "kill", "stop", "cut", "sever", "freeze", "leap", "space", "sync")
COMING = ("crash", "start", "client crash", "revive")  # who waits for these is not done
GROUP_TOPIC = "orders"
ASSIGNORS = (("range",), ("roundrobin",), ("sticky",), ("cooperative-sticky",), ("range", "cooperative-sticky"))
PROPERTIES = {
    "log.retention.check.interval.ms": "200",
    "log.segment.delete.delay.ms": "100",
    "log.flush.offset.checkpoint.interval.ms": "100",
    "log.flush.start.offset.checkpoint.interval.ms": "100",
    "replica.high.watermark.checkpoint.interval.ms": "100",
    "group.min.session.timeout.ms": "50",
    "group.initial.rebalance.delay.ms": "30",
    "offsets.retention.minutes": "1000000",
    "offsets.topic.num.partitions": "2",
    "producer.id.expiration.ms": str((1 << 31) - 1),  # else leaps of the wall clock let producers be forgotten
}
AGING = (("retention.ms", "60000"), ("segment.ms", "10000"), ("file.delete.delay.ms", "100"))
SIZED = (("retention.bytes", "2500000"), ("segment.bytes", "1048576"), ("file.delete.delay.ms", "100"))


def build(seed: int) -> World:
    """Return the world of a seed, at its beginning."""
    chance = random.Random(seed)
    world = World(chance)
    world.cut_chance = chance.choice((0.0, 0.3, 0.3, 0.9))
    world.delay_range_us = chance.choice(((50, 800), (20, 200), (500, 5_000)))
    world.sync_range_us = chance.choice(((200, 6_000), (50, 500), (5_000, 40_000)))
    pagecache = chance.random() < 0.2
    properties = {**PROPERTIES, "durability": "pagecache" if pagecache else "fsync"}
    if chance.random() < 0.2:
        properties["record.validation"] = "full"
    partitions = chance.randint(1, 3)
    properties["num.partitions"] = str(partitions)
    cluster.add_broker(world, BROKER, properties)
    _add_workloads(world, partitions)
    _add_faults(world, pagecache)
    if chance.random() < 0.5:
        _add_group(world)
    return world


def broker_of(world: World) -> Broker | None:
    """The broker, if it is up."""
    return cast("Broker | None", world.nodes[BROKER].machine)


def actors_of(world: World) -> list[tuple[str, Actor]]:
    """Who uses the cluster."""
    return [(node.name, node.actor) for node in world.nodes.values() if node.actor is not None]


def finished(world: World) -> bool:
    """All faults are over, all work is done, all that was produced was consumed."""
    broker = broker_of(world)
    if broker is None or world.now_us <= LAST_FAULT_US or any(event[3] in COMING for event in world.heap):
        return False
    for _, actor in actors_of(world):
        if isinstance(actor, Consumer | ClientConsumer):
            if not _has_read_all(broker, actor):
                return False
        elif not getattr(actor, "done", True):
            return False
    return _group_has_read_all(world, broker)


def _group_has_read_all(world: World, broker: Broker) -> bool:
    """Each partition has a member of our clients' group that has read all of it."""
    reached: dict[tuple[str, int], int] = {}
    topic = ""
    for node in world.nodes.values():
        if isinstance(node.actor, ClientMember):
            topic = node.actor.topic
            assert node.machine is None or isinstance(node.machine, Client), "it uses our client"
            for place, position in node.machine.consumer.positions.items() if node.machine is not None else ():
                reached[place] = max(reached.get(place, -1), -1 if position.polled is None else position.polled)
    for index, partition in broker.replica_manager.topics.get(topic, {}).items() if topic else ():
        if max(reached.get((topic, index), -1), partition.log.log_start_offset) != partition.high_watermark:
            return False
        if (topic, index) not in reached or partition.high_watermark != partition.log.log_end_offset:
            return False
    return True


def _has_read_all(broker: Broker, consumer: Consumer | ClientConsumer) -> bool:
    for number, offset in consumer.offsets.items():
        partition = broker.replica_manager.partition(consumer.topic, number)
        if partition is None or partition.high_watermark != partition.log.log_end_offset:
            return False
        if max(offset, partition.log.log_start_offset) != partition.high_watermark:  # what retention took, nobody reads
            return False
    return bool(consumer.offsets)


def _add_client(world: World, name: str, actor: Actor) -> None:
    cluster.add_client(world, name, WireClient(ADDRESS, name), actor)


def _add_our_client(world: World, name: str, actor: Actor) -> None:
    config = ClientConfig(bootstrap=(ADDRESS,), client_id=name, consumer=ConsumerConfig(offset_reset="earliest"))
    cluster.add_client(world, name, Client(config, world.chance), actor)


def _add_workloads(world: World, partitions: int) -> None:
    chance = world.chance
    created_by_metadata = chance.random() < 0.2
    sized = chance.random() < 0.15
    steps: list[Step] = [] if created_by_metadata else [("create", "orders", partitions, ())]
    steps.append(("create", "aging", 1, AGING))
    if sized:
        steps.append(("create", "sized", 1, SIZED))
    name = "passing-0"
    for life in range(chance.randint(0, 4)):
        steps += _life_of_a_topic(chance, name)
        if steps[-1][0] != "delete" or chance.random() < 0.4:  # else the next one is created anew under this name
            name = f"passing-{life + 1}"
    if chance.random() < 0.5:
        steps += [("delete records", "orders", 0, chance.randint(1, 20)), ("configure", "aging", "segment.ms", "5000")]
    _add_client(world, "administrator", Administrator(steps))
    for number in range(chance.randint(2, 4)):
        _add_client(world, f"producer-{number}", _producer(chance, "orders", number % partitions, created_by_metadata))
    _add_client(world, "ager", _producer(chance, "aging", 0, False))
    if sized:
        _add_client(world, "filler", _producer(chance, "sized", 0, False, padding=60_000))
    for number in range(chance.randint(1, 2)):
        _add_client(world, f"consumer-{number}", _consumer(chance, "orders"))
    _add_client(world, "reader", _consumer(chance, "aging"))
    if chance.random() < 0.6:
        producer = ClientProducer("orders", chance.randrange(partitions), chance.randint(20, 90), chance.randint(1, 9))
        _add_our_client(world, "our-producer", producer)
    if chance.random() < 0.6:
        _add_our_client(world, "our-consumer", ClientConsumer("orders", chance.choice((20, 300))))
    _add_client(world, "lister", Lister("orders", version=chance.randint(1, 10), asks_left=chance.randint(4, 24)))
    if chance.random() < 0.5:
        for number in range(chance.randint(1, 3)):
            _add_client(world, f"member-{number}", Member("orders", rounds_left=chance.randint(6, 40)))
    if chance.random() < 0.4:
        cluster.add_client(world, "vandal", WireClient(ADDRESS, "vandal", listens=False), Vandal())


def _add_group(world: World) -> None:
    """A group of our own clients, with faults of its own."""
    chance = world.chance
    assignors = chance.choice(ASSIGNORS)
    auto_commit = chance.random() < 0.5
    for number in range(chance.randint(2, 4)):
        name = f"our-member-{number}"
        consumer = ConsumerConfig(
            group_id="our-readers", offset_reset="earliest", assignors=assignors, session_timeout_ms=120,
            group_instance_id=name if chance.random() < 0.2 else None, heartbeat_interval_ms=30, wait_ms_max=50,
            max_poll_interval_ms=200, auto_commit=auto_commit, auto_commit_interval_ms=chance.choice((20, 100)),
        )  # fmt: skip
        config = ClientConfig(
            bootstrap=(ADDRESS,), client_id=name, consumer=consumer, request_timeout_ms=1_000, backoff_ms_min=10,
            backoff_ms_max=100, metadata_age_ms_max=300,
        )  # fmt: skip
        actor = ClientMember(
            GROUP_TOPIC, lives_left=chance.randint(0, 3), polls_a_life=chance.randint(3, 20),
            commits="auto" if auto_commit else chance.choice(("sync", "async")), poll_ms=chance.choice((0, 30, 100)),
            work_us=chance.choice((500, 5_000, 20_000)), dawdles=chance.randint(0, 2),
        )  # fmt: skip
        cluster.add_client(world, name, Client(config, chance), actor)
        for _ in range(chance.randint(0, 3)):
            at_us = chance.randint(20_000, LAST_FAULT_US - 100_000)
            fault = chance.choice(("client crash", "client crash", "freeze", "sever"))
            detail: object = chance.randint(1_000, 150_000)
            if fault == "freeze":  # long enough for the others to go on without it
                detail = chance.randint(1_000, 400_000)
            elif fault == "sever":
                detail = (BROKER, chance.randint(1_000, 80_000))
            world.push(at_us, fault, name, detail)


def _producer(chance: random.Random, topic: str, partition: int, creates: bool, padding: int = 0) -> Producer:
    acks = chance.choice((-1, -1, -1, 1, 0))
    idempotent = acks == -1 and chance.random() < 0.75
    return Producer(
        topic, creates=creates, partition=partition, records_left=chance.randint(20, 120),
        batch_records=chance.choice((1, 1, 3, 10)), pause_us=chance.choice((0, 500, 3_000, 10_000)),
        in_flight_max=chance.randint(1, 5), acks=acks, idempotent=idempotent,
        version=chance.randint(3, 13), padding=padding,
    )  # fmt: skip


def _consumer(chance: random.Random, topic: str) -> Consumer:
    compares = chance.random() < 0.3
    return Consumer(
        topic, version=chance.randint(4, 17), uses_session=compares or chance.random() < 0.6, compares=compares,
        wait_ms_max=chance.choice((0, 20, 500)), bytes_max=1 << 20 if compares else chance.choice((1, 400, 1 << 20)),
        partition_bytes_max=1 << 18 if compares else chance.choice((1, 200, 1 << 16)),
    )  # fmt: skip


def _life_of_a_topic(chance: random.Random, name: str) -> list[Step]:
    partitions = chance.randint(1, 3)
    life: list[Step] = [("create", name, partitions, ()), ("describe", name)]
    if chance.random() < 0.7:
        life.append(("configure", name, "retention.ms", str(chance.randint(100_000, 900_000))))
    if chance.random() < 0.5:
        life += [("grow", name, partitions + chance.randint(1, 3)), ("describe", name)]
    if chance.random() < 0.7:
        life.append(("delete", name))
    elif chance.random() < 0.5:
        life.append(("configure", name, "max.message.bytes", "2000000"))
    return life


def _add_faults(world: World, pagecache: bool) -> None:
    chance = world.chance
    if chance.random() < 0.1:
        return
    chosen = [fault for fault in FAULTS if chance.random() < 0.5]
    for fault in chosen:
        for _ in range(chance.randint(1, 3)):
            at_us = chance.randint(2_000, LAST_FAULT_US - 100_000)
            if fault in ("crash", "power", "sync") and pagecache:
                continue
            _add_fault(world, fault, at_us)


def _add_fault(world: World, fault: str, at_us: int) -> None:
    chance = world.chance
    if fault in ("crash", "kill", "stop"):
        world.push(at_us, fault, BROKER)
    elif fault == "power":
        world.push(at_us, "power", BROKER, chance.randint(1, 60))
    elif fault == "cut":
        world.push(at_us, "cut", BROKER, chance.randrange(1 << 16))
    elif fault == "sever":
        other = chance.choice(list(world.nodes))
        if other != BROKER:
            world.push(at_us, "sever", BROKER, (other, chance.randint(1_000, 80_000)))
    elif fault == "freeze":
        world.push(at_us, "freeze", chance.choice(list(world.nodes)), chance.randint(1_000, 80_000))
    elif fault == "leap":
        by_ms = chance.choice((*LEAP_MS, -600_000))
        for name in world.nodes:
            world.push(at_us, "leap", name, by_ms)
        world.push(at_us + chance.randint(0, 20_000), "task", BROKER, "enforce_retention")
    elif fault == "space":
        world.push(at_us, "space", BROKER, chance.randint(0, 3_000))
        world.push(at_us + chance.randint(1_000, 90_000), "space", BROKER, None)
    else:
        assert fault == "sync", f"{fault!r} is no fault"
        world.push(at_us, "spoil sync", BROKER)
