from engine.broker.parked_requests import ParkedAck, ParkedFetch
from engine.simulation import swarm
from engine.simulation.driver import step
from tests.plain_data import impure


def test_a_world_holds_nothing_but_plain_data_at_any_event():
    waiting = set()
    for seed in (3, 4):
        world = swarm.build(seed)
        while world.events < 3_000 and step(world):
            slots = [slot for end in world.ends.values() if end.connection for slot in end.connection.slots]
            new = {type(slot) for slot in slots} - waiting
            if new or world.events % 500 == 0:
                waiting |= new
                assert impure(world) == []
    assert {ParkedAck, ParkedFetch} <= waiting, "requests were parked when we looked"
