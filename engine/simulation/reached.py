"""What a run reached: a number of seeds without these figures proves nothing.

Invariant: counted from observations and from what machines themselves counted.
Not here: which of them a campaign must reach (campaign.MUST_REACH).
"""

from collections import Counter

from engine.simulation.swarm import broker_of
from engine.simulation.workloads.consumer import Consumer
from engine.simulation.workloads.wire_actor import WireActor
from engine.simulation.world import World

BY_KIND = {
    "killed": "kills",
    "stopped": "orderly stops",
    "power lost in an operation": "power lost inside a disk operation",
    "could not start": "starts that failed",
    "link cut": "links cut",
    "severed": "nodes severed",
    "frozen": "freezes",
    "wall clock leapt": "wall clock leaps",
    "sync failed": "syncs failed",
    "disk is short": "disks filled",
    "task": "tasks",
    "resent": "resent batches",
    "duplicate": "duplicates answered",
    "failed": "batches refused for now",
    "session fetch": "incremental fetches",
    "session agrees": "sessions compared with full fetches",
    "session refused": "sessions lost",
    "reset": "consumers behind the log start",
    "listed": "offsets listed",
    "attacked": "attacks",
    "producer id": "producer ids",
    "joined": "group members joined",
    "committed": "offsets committed",
    "commit fetched": "committed offsets fetched",
    "commit refused": "commits of old generations refused",
    "high_watermark": "high watermark moves",
    "assignment": "assignments of our members",
    "commit_acknowledged": "commits of our members",
    "begins_at": "partitions begun by our members",
    "client crashed": "client crashes",
    "left its group": "members that left and came back",
}


def reached(world: World) -> Counter[str]:
    """Count what happened in a world so far."""
    found: Counter[str] = Counter(dict.fromkeys(BY_KIND.values(), 0))
    found["events"] = world.events
    for _, _, _, kind, *rest in world.observations:
        if kind in BY_KIND:
            found[BY_KIND[kind]] += 1
        elif kind == "crashed":
            found["crashes with loss" if rest[0] else "crashes without loss"] += 1
        elif kind == "started" and rest[0]:
            found["restarts"] += 1
        elif kind == "acked":
            found["acknowledged batches"] += 1
            found["acknowledged records"] += rest[5]
        elif kind == "delivered":
            found["records delivered"] += len(rest[4])
        elif kind == "answered":
            found[f"topics: {rest[0]}"] += 1
        elif kind == "rebalanced":
            found[f"partitions {rest[0]}"] += len(rest[1])
        elif kind == "segments_deleted":
            found["segments deleted by retention"] += rest[2]
    broker = broker_of(world)
    if broker is not None:
        closed = sum(len(partition.log.segments) - 1 for partition in broker.replica_manager.all())
        found["segments rolled"] = closed + found["segments deleted by retention"]
    found["requests"] = sum(getattr(node.machine, "requests", 0) for node in world.nodes.values())
    return found


def unfinished(world: World) -> list[str]:
    """Say who has not done its work."""
    found = []
    for node in world.nodes.values():
        if isinstance(node.actor, WireActor) and not isinstance(node.actor, Consumer) and not node.actor.done:
            found.append(f"{node.name} has not done its work")
        elif node.machine is None:
            found.append(f"{node.name} is down")
    return found
