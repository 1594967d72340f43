import random

import pytest

from engine.simulation import cluster
from engine.simulation.driver import run
from engine.simulation.world import World
from tests.engine.simulation.echo import Echo
from tests.engine.simulation.test_driver import start


class Keeper(Echo):
    """Keeps a view of the buffer, as no machine may."""

    def on_bytes(self, connection, buffer, view, start, end, now_ms):
        self.happened.append(view[start:end])
        return end - start


def test_a_machine_that_keeps_a_view_is_found_out():
    world = World(random.Random(1))
    cluster.add_client(world, "server", Keeper())
    cluster.add_client(world, "client", Echo("server:1", b"hello"))
    world.addresses["server:1"] = "server"
    start(world)
    with pytest.raises(BufferError):
        run(world, 100)
