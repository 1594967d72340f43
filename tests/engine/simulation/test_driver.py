import random

import pytest

from engine.core.effects import Work
from engine.core.work import WORK
from engine.simulation import cluster
from engine.simulation.driver import run, step
from engine.simulation.network import WINDOW_BYTES
from engine.simulation.world import WALL_OFFSET_MS, World
from tests.engine.simulation.echo import Echo


def echo_world(seed: int = 1, greeting: bytes = b"hello", **settings) -> tuple[World, Echo, Echo]:
    world = World(random.Random(seed))
    for name, value in settings.items():
        setattr(world, name, value)
    server, client = Echo(), Echo("server:1", greeting)
    cluster.add_client(world, "server", server)
    cluster.add_client(world, "client", client)
    world.addresses["server:1"] = "server"
    return world, server, client


def start(world: World) -> None:
    for name in list(world.nodes):
        world.push(0, "deadline", name, (0, 0))
        world.nodes[name].deadlines_ms = [0]
    world.acted.clear()


@pytest.mark.parametrize("cut_chance", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("size", [1, 5, 1000, 3 * WINDOW_BYTES])
def test_bytes_come_back_in_order_however_they_are_cut(cut_chance, size):
    greeting = random.Random(size).randbytes(size)
    world, server, client = echo_world(2, greeting, cut_chance=cut_chance)
    start(world)
    run(world, 20_000)
    assert server.read == greeting
    assert client.read == greeting
    assert not world.heap


def test_a_machine_that_pauses_reads_on_when_its_queue_is_empty():
    greeting = bytes(range(256)) * 1000
    world, server, client = echo_world(3, greeting)
    server.pauses = True
    start(world)
    run(world, 20_000)
    assert client.read == greeting
    assert ("drained",) in server.happened


def test_every_event_names_the_event_that_caused_it():
    world, _, _ = echo_world()
    start(world)
    causes = {}
    while world.heap:
        number, cause = world.heap[0][1:3]
        assert cause < number and (cause == 0 or cause in causes)
        causes[number] = cause
        step(world)
    assert len(causes) > 5


def test_nobody_listens_at_an_unknown_address():
    world, _, client = echo_world()
    world.addresses.clear()
    start(world)
    run(world, 100)
    assert client.happened == [("refused", "server:1", "connection refused")]


def test_what_was_sent_before_an_orderly_close_arrives():
    world, server, client = echo_world(4, b"x" * 5000)
    start(world)
    while len(server.read) < 5000:
        assert step(world)
    connection = next(iter(server.connections.values()))
    server.effects.close.append(connection)
    world.acted.append(world.nodes["server"])
    world.push(world.now_us, "thaw", "server")
    run(world, 1000)
    assert client.read == b"x" * 5000
    assert client.happened[-1][0] == server.happened[-1][0] == "closed"


def test_an_aborted_connection_is_gone_at_both_ends():
    world, server, client = echo_world(5)
    start(world)
    while not server.connections:
        assert step(world)
    server.effects.abort.append(next(iter(server.connections.values())))
    world.acted.append(world.nodes["server"])
    run(world, 1000)
    assert not server.connections and not client.connections and not world.ends


def test_a_cut_link_is_heard_of_at_both_ends():
    world, server, client = echo_world(6)
    start(world)
    while not client.connections:
        assert step(world)
    world.push(world.now_us, "cut", "client", 0)
    run(world, 1000)
    assert [what[0] for what in server.happened] == [what[0] for what in client.happened] == ["connected", "closed"]


def test_severed_nodes_cannot_connect_until_they_are_mended():
    world, _, client = echo_world(7)
    world.push(0, "sever", "server", ("client", 50_000))
    start(world)
    run(world, 1000)
    assert client.happened[0][0] == "refused"
    client.next_deadline_ms = 60
    world.acted.append(world.nodes["client"])
    world.push(world.now_us, "thaw", "client")
    run(world, 1000)
    assert client.read == b"hello"


def test_a_frozen_node_does_everything_later_and_in_order():
    greeting = random.Random(8).randbytes(20_000)
    world, server, client = echo_world(8, greeting, cut_chance=0.9)
    start(world)
    world.push(300, "freeze", "server", 2_000_000)
    run(world, 20_000)
    assert server.read == client.read == greeting
    assert world.now_us > 2_000_000


def test_a_leap_changes_the_wall_clock_alone():
    world, server, _ = echo_world(9)
    world.push(5_000, "leap", "server", 86_400_000)
    run(world, 1)
    assert server.happened == [("wall clock", WALL_OFFSET_MS + 86_400_000)]
    assert world.nodes["server"].clock.now_ms() == 5


def test_work_is_done_and_its_result_comes_back(monkeypatch):
    monkeypatch.setitem(WORK, "length", len)
    world, server, _ = echo_world(10)
    server.effects.work.append(Work(7, "length", b"12345"))
    world.acted.append(world.nodes["server"])
    world.push(0, "thaw", "server")
    run(world, 10)
    assert ("worked", 7, 5) in server.happened
