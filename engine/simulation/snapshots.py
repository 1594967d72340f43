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

What is plain anyway (entries of a past) is kept so too, by a pickler that takes and an unpickler that finds no class.

In a file a copy is bytes that this installation signed, with the build that wrote it;
blocks lie beside it, each signed too, and are named by numbers.

Not here: files (the sandbox keeps those), which key.
"""

import copyreg
import hashlib
import hmac
import io
import pickle
import zlib
from collections.abc import Sequence
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
PLAIN_PROTOCOL = 3  # the last without frames: so a text stands in it as it does alone
PLAIN_HEAD = b"\x80\x03"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a world."""

    pickled: bytes
    blocks: list[Block]

    def __len__(self) -> int:
        return len(self.pickled)


def snapshot(world: Any) -> Snapshot:
    """Return the world, or a part of it, as it stands between two events."""
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


# ---- in files


class Forged(Exception):
    """Bytes that this installation has not signed, or not as what they are shown as."""


class OtherBuild(Exception):
    """A copy that another build wrote: its world begins again from its disks."""


def pack(copy: Snapshot, places: Sequence[int], key: bytes, build: str) -> bytes:
    """Return signed bytes of a copy; `places` are the numbers under which its blocks are kept."""
    assert len(places) == len(copy.blocks), "each block has its place"
    head = f"{build} {' '.join(map(str, places))}\n".encode()
    return sign(b"keyframe", zlib.compress(head + copy.pickled, 1), key)


def places_of(data: bytes, key: bytes, build: str) -> tuple[list[int], bytes]:
    """Check signed bytes; return the places of the blocks and the pickle. Forged or OtherBuild is raised."""
    head, _, pickled = zlib.decompress(signed(b"keyframe", data, key)).partition(b"\n")
    wrote, *places = head.decode().split(" ")
    if wrote != build:
        raise OtherBuild(f"written by build {wrote}, this is {build}")
    return [int(place) for place in places if place], pickled


def pack_block(block: Block, key: bytes) -> bytes:
    """Return signed bytes of a block."""
    return sign(b"block", zlib.compress(pickle.dumps(block.items, protocol=5), 1), key)


def unpack_block(data: bytes, key: bytes) -> Block:
    """Return the block in signed bytes."""
    pickled = zlib.decompress(signed(b"block", data, key))
    return Block(cast("tuple[Any, ...]", _Unpickler(Snapshot(pickled, [])).load()))


def sign(what: bytes, content: bytes, key: bytes) -> bytes:
    """Put a signature before what is to be kept."""
    return hmac.digest(key, what + b"\0" + content, hashlib.sha256) + content


def signed(what: bytes, data: bytes, key: bytes) -> bytes:
    """Return what was signed as this, or raise Forged."""
    content = data[32:]
    if not hmac.compare_digest(data[:32], hmac.digest(key, what + b"\0" + content, hashlib.sha256)):
        raise Forged("not written by this installation")
    return content


# ---- plain data


class NotPlain(Exception):
    """Something is more than numbers, texts, bytes, lists, tuples and dicts of these."""


def plain_bytes(value: Any) -> bytes:
    """Return plain data as bytes, a fifth of JSON's work; the same data make the same bytes, whoever shares what."""
    stream = io.BytesIO()
    pickler = _PlainPickler(stream, protocol=PLAIN_PROTOCOL)
    pickler.fast = True  # without a memo, in which would be who shares what
    pickler.dump(value)
    return stream.getvalue()


def plain_data(data: bytes) -> Any:
    """Return what `plain_bytes` made these of; whatever else stands in them, no class is found."""
    return _PlainUnpickler(io.BytesIO(data)).load()


def plain_word(word: str) -> bytes:
    """How a text stands in the bytes of plain data."""
    return plain_bytes(word)[len(PLAIN_HEAD) : -1]


class _PlainPickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        raise NotPlain(f"{type(value)}")


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"{module}.{name} has no place in plain data")


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
