"""How the process of a declared client ends because somebody wants it to, and what becomes of it then.

Stopped in order it stays declared, removed it is gone, changed it begins again as it is declared by then. All three
take time: a producer sends what it has, a consumer finishes its work, commits and leaves its group. Who is killed on
the way is not waited for any more, and does not come back either: that it should end was asked for.

Invariants:
- `leaving` says what was asked for; when the process has ended it is "" again.
- A frozen process hears of it when it goes on, as a stopped one does of a signal; ended at once, it does nothing more.
- What was asked for comes true once, whether the process ended in order, was cut short or was killed.

Not here: what a client does until it has ended (produce_actor.py, consume_actor.py).
"""

from typing import TYPE_CHECKING, cast

from engine.client.client import Client
from engine.client.config import ClientConfig
from engine.simulation import cluster, faults
from engine.simulation.hosted import actor_specs
from engine.simulation.world import Node, World

if TYPE_CHECKING:
    from engine.simulation.hosted.consume_actor import ConsumeActor
    from engine.simulation.hosted.produce_actor import ProduceActor

CLOSE_US = 30_000_000  # then it ends, wherever it stands: as long as Kafka's consumers take by default to close
STOP, REMOVE, CHANGE = "stop", "remove", "change"


def ask(world: World, node: Node, actor: "ProduceActor | ConsumeActor", then: str) -> None:
    """Let a process that is up end in order; asked for again, it ends at once. Who is to be removed will be."""
    if not actor.leaving:
        begin(world, node, actor, then)
    elif actor.leaving == CHANGE:
        actor.leaving = then  # it is on its way already, and now for good
    else:
        actor.leaving = REMOVE if REMOVE in (actor.leaving, then) else then
        actor.end_now(world, node)


def begin(world: World, node: Node, actor: "ProduceActor | ConsumeActor", then: str) -> None:
    """Let a process end in order, as soon as it can hear of it."""
    actor.leaving, actor.asked_in, actor.unheard = then, world.events, node.name in world.frozen
    if actor.unheard:
        close_at(world, node, actor, world.now_us)  # put off as whatever else is the node's
    else:
        actor.leave(world, node)


def go_on(world: World, node: Node, actor: "ProduceActor | ConsumeActor") -> None:
    """A process that is to end hears of that now, or the time to end in order is up."""
    if actor.unheard:
        actor.unheard = False
        actor.leave(world, node)
    else:
        actor.end_now(world, node)


def close_at(world: World, node: Node, actor: "ProduceActor | ConsumeActor", at_us: int) -> None:
    """The end is an event of its own, because it was asked for: not because of the answer that was waited for."""
    world.push(at_us, "close", node.name, closing(actor))


def closing(actor: "ProduceActor | ConsumeActor") -> tuple[int, int]:
    """What that event is to say: the life that ends, and the event in which that was asked for."""
    return actor.start, actor.asked_in


def end(world: World, node: Node, actor: "ProduceActor | ConsumeActor") -> None:
    """The process ends now, and what was asked for comes true."""
    then = actor.leaving
    cluster.end_client(world, node.name)
    _come_true(world, node, actor)
    if then == CHANGE:
        cluster.start_client(world, node.name, config_of(world, actor))


def killed(world: World, node: Node, actor: "ProduceActor | ConsumeActor") -> ClientConfig | None:
    """Its process is killed: as what it comes back, if it does."""
    then = actor.leaving
    if then:
        _come_true(world, node, actor)
    if then in (STOP, REMOVE):
        return None
    return config_of(world, actor) if then == CHANGE else cast("Client", node.machine).config


def _come_true(world: World, node: Node, actor: "ProduceActor | ConsumeActor") -> None:
    then, actor.leaving = actor.leaving, ""
    if then == REMOVE:
        remove(world, node)
    elif then == STOP:
        world.observe(node.name, "client stopped")


def remove(world: World, node: Node) -> None:
    """Who is down is declared no more."""
    node.actor = None
    faults.forget(world, node.name)
    world.observe(node.name, "removed actor")


def config_of(world: World, actor: "ProduceActor | ConsumeActor") -> ClientConfig:
    """How its client is set."""
    return actor_specs.client_config(actor.spec, bootstrap(world))


def bootstrap(world: World) -> str:
    """The address that clients begin with."""
    return next(iter(world.addresses))
