"""Power lost at every single operation on the disk, one after another: between any two, and inside each append.

The scenario is small and calm, so that each operation is reached: formatting, creating topics,
appends, rolls, retention, deletions of records and topics, checkpoints, an orderly stop, a start.
"""

import random
from collections import Counter

from engine.simulation import campaign, cluster, swarm
from engine.simulation.checkers.every_checker import every_checker
from engine.simulation.driver import step
from engine.simulation.wire_client import WireClient
from engine.simulation.workloads.administrator import Administrator
from engine.simulation.workloads.consumer import Consumer
from engine.simulation.workloads.producer import Producer
from engine.simulation.world import World

ALL_DONE_US = 350_000  # when the calm run has stopped, started and gone on
STEPS = [
    ("create", "orders", 1, (("segment.ms", "10000"), ("retention.ms", "60000"), ("file.delete.delay.ms", "10"))),
    ("create", "passing", 2, ()),
    ("configure", "passing", "retention.ms", "100000"),
    ("delete records", "orders", 0, 2),
    ("grow", "passing", 3),
    ("delete", "passing"),
]


def small_world(seed: int) -> World:
    world = World(random.Random(seed), cut_chance=0.0, down_range_us=(1_000, 5_000))
    cluster.add_broker(world, swarm.BROKER, {**swarm.PROPERTIES, "log.retention.check.interval.ms": "60"})

    def add(name, actor):
        cluster.add_client(world, name, WireClient(swarm.ADDRESS, name), actor)

    add("administrator", Administrator(list(STEPS), pause_us=5_000))
    add("producer", Producer("orders", records_left=14, pause_us=8_000, in_flight_max=3))
    add("consumer", Consumer("orders"))
    for at_us, by_ms in ((60_000, 20_000), (90_000, 20_000), (150_000, 3_600_000)):
        for name in world.nodes:
            world.push(at_us, "leap", name, by_ms)
    world.push(200_000, "stop", swarm.BROKER)
    return world


def test_after_power_was_lost_at_any_operation_every_invariant_holds():
    calm = small_world(0)
    while calm.now_us < ALL_DONE_US and step(calm):
        pass
    operations = calm.nodes[swarm.BROKER].disk.operations
    assert operations > 100, "the scenario does something"
    reached: Counter[str] = Counter()
    for turn in range(3 * operations):
        number = turn % operations + 1
        world = small_world(turn)  # another seed loses something else
        world.nodes[swarm.BROKER].disk.operations_left = number
        try:
            campaign.run_checked(world, every_checker())
        except AssertionError as failure:
            raise AssertionError(f"operation {number} of {operations}: {failure}") from failure
        crashed = [entry for entry in world.observations if entry[3] == "power lost in an operation"]
        reached["power lost"] += len(crashed)
        reached["with loss"] += sum(1 for entry in world.observations if entry[3] == "crashed" and entry[4])
    assert reached["power lost"] >= 3 * operations * 0.95
    assert reached["with loss"] > 30
