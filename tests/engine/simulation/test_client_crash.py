from engine.simulation import snapshots, swarm
from engine.simulation.driver import run, step
from engine.simulation.workloads.client_member import ClientMember
from engine.simulation.world import Node, World

SEED = 3  # a world with a group of our clients


def member_of(world: World) -> Node:
    return next(node for node in world.nodes.values() if isinstance(node.actor, ClientMember))


def crashed_world() -> tuple[World, Node]:
    world = swarm.build(SEED)
    run(world, 1_000)
    node = member_of(world)
    world.push(world.now_us, "client crash", node.name, 5_000)
    while node.machine is not None:
        step(world)
    return world, node


def test_a_client_that_is_killed_comes_back_as_a_new_one_with_its_config():
    before = member_of(swarm.build(SEED))
    world, node = crashed_world()
    assert [end for end in world.ends.values() if end.node == node.name] == []
    while node.machine is None:
        step(world)
    assert node.machine.config == before.machine.config
    assert node.machine.group.identity.member_id == ""
    starts = node.actor.start
    step(world)
    while node.actor.start == starts:
        step(world)
    assert node.actor.asked


def test_a_world_in_which_a_client_is_down_is_copied_like_any_other():
    world, _ = crashed_world()
    copy = snapshots.fork(world)
    run(world, 2_000)
    run(copy, 2_000)
    assert copy.history.sha256() == world.history.sha256()
