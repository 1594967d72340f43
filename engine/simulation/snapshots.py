"""Copies of a whole world: snapshot, restore, fork.

A snapshot is a pickle of what can change plus the immutable blocks it refers to.
Blocks are shared between the running world and all its copies, so a copy costs
what is young, not what is old.

Blocks are kept apart through `dispatch_table`, which the C pickler asks for that one
class; `persistent_id` would be called for every object (1.7 times as slow).

Invariants:
- Restoring changes neither the world it came from nor any other copy.
- Only classes of this engine and a few builtins are loaded back, and functions never
  are; even so, only what this process made (or this installation signed) is restored.

Not here: snapshots in files, signatures (the sandbox keeps those).
"""

import copyreg
import io
import pickle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from engine.simulation.shared import Block

if TYPE_CHECKING:
    from engine.simulation.world import World

BUILTINS = (
    ("array", "_array_reconstructor"),
    ("array", "array"),
    ("builtins", "bytearray"),
    ("builtins", "object"),
    ("collections", "deque"),
    ("copyreg", "__newobj__"),
    ("copyreg", "_reconstructor"),
    ("random", "Random"),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a world."""

    pickled: bytes
    blocks: list[Block]

    def __len__(self) -> int:
        return len(self.pickled)


def snapshot(world: "World") -> Snapshot:
    """Return the world as it stands between two events."""
    blocks: list[Block] = []

    def reduce_block(block: Block) -> tuple[Any, ...]:
        blocks.append(block)
        return shared_block, (len(blocks) - 1,)

    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, protocol=5)
    pickler.dispatch_table = {**copyreg.dispatch_table, Block: reduce_block}
    pickler.dump(world)
    return Snapshot(stream.getvalue(), blocks)


def restore(copy: Snapshot) -> "World":
    """Return a world of its own that continues as the one that was copied."""
    return cast("World", _Unpickler(copy).load())


def fork(world: "World") -> "World":
    """Return a second world that can go another way."""
    return restore(snapshot(world))


def shared_block(number: int) -> Block:
    """Stand for a block in a pickle: the unpickler finds it by this name and never calls it."""
    raise AssertionError(f"block {number} is taken from the snapshot")


class _Unpickler(pickle.Unpickler):
    def __init__(self, copy: Snapshot) -> None:
        super().__init__(io.BytesIO(copy.pickled))
        self.blocks = copy.blocks

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (shared_block.__module__, "shared_block"):
            return self.blocks.__getitem__
        if (module, name) in BUILTINS:
            return super().find_class(module, name)
        if module.startswith("engine.") and isinstance(found := super().find_class(module, name), type):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a world")
