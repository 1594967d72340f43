"""The keeper of a timeline in files: actions at once and durably, blocks and keyframes as they come.

    build          which build began this history: another one's is not gone on with
    actions        what the learner did, one JSON line each, synced before anything is answered
    past           sealed blocks of the history (signed)
    blocks         what keyframes share: chunks of simulated files (signed)
    keyframe-N     the world after N events (signed, with the build that wrote it)
    disks          when it fell asleep: what a later build needs (signed)
    moment         where the playhead stood when it was last written
    traffic        what went in and out today

*Invariants*: an action that was accepted is on disk; a signature that does not fit is a file that is not there.
A keyframe is compressed, signed and written by a thread, for all keepers one: of a world with many records that takes
longer than other worlds should wait. Whatever looks at keyframes, or at what they share, waits for it first (`settle`).
*Not here*: which sandbox has which directory (services.py), when worlds sleep (hosted.py).
"""

import json
import os
import shutil
import weakref
from bisect import bisect_right
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path

from engine.simulation import snapshots
from engine.simulation.hosted.keepers import Recorded, done_by
from engine.simulation.shared import Block
from engine.simulation.snapshots import Forged, OtherBuild, Snapshot
from sandbox.runner.framed_file import FramedFile

KEYFRAME = "keyframe-"
WRITER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="keyframes")


class FileKeeper:
    """One branch's directory."""

    def __init__(self, directory: Path, key: bytes, build: str, actions: list[Recorded] | None = None) -> None:
        """Open what is there, or begin; `actions` are those in its file, where they are known."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory, self.key, self.build = directory, key, build
        self.actions = read_actions(directory / "actions") if actions is None else actions
        self.past = FramedFile(directory / "past")
        self._kept_blocks: FramedFile | None = None
        self.places: weakref.WeakKeyDictionary[Block, int] = weakref.WeakKeyDictionary()
        self.known: weakref.WeakValueDictionary[int, Block] = weakref.WeakValueDictionary()
        self.keyframes = sorted(int(path.name[len(KEYFRAME) :]) for path in directory.glob(f"{KEYFRAME}*"))
        self.from_other_build = self._written_by() != build
        self._writing: Future[None] | None = None  # the keyframe that is being written

    @property
    def blocks(self) -> FramedFile:
        """The shared blocks, looked through when they are first needed."""
        if self._kept_blocks is None:
            self._kept_blocks = FramedFile(self.directory / "blocks")
        return self._kept_blocks

    # ---- engine/simulation/hosted/keepers.py

    def keep_action(self, recorded: Recorded) -> None:
        """Durable when it returns."""
        with (self.directory / "actions").open("ab") as file:
            file.write(json.dumps(recorded).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.actions.append(recorded)

    def keep_block(self, number: int, block: Block) -> None:
        """Written without a sync: it can be made again."""
        if number == len(self.past):
            self.past.append([snapshots.sign(b"past", block.items[0], self.key)])

    def block(self, number: int) -> bytes | None:
        """A sealed block of the history."""
        if number >= len(self.past):
            return None
        with suppress(Forged):
            return snapshots.signed(b"past", self.past.read(number), self.key)
        return None

    def keep_keyframe(self, events: int, copy: Snapshot) -> None:
        """Written aside and renamed: it is whole or not there. One at a time: the next waits for it."""
        self.settle()
        if events not in self.keyframes:
            self._writing = WRITER.submit(self._write_keyframe, events, copy)

    def settle(self) -> None:
        """Wait for the keyframe that is being written; raises what went wrong with it (OSError)."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    @property
    def writes(self) -> bool:
        """Whether a keyframe is being written: who can do something else meanwhile need not wait for it."""
        return self._writing is not None and not self._writing.done()

    def let_go(self) -> None:
        """Nothing is written any more, whatever became of it: another keeper may open these files."""
        if self._writing is not None:
            wait([self._writing])

    def _write_keyframe(self, events: int, copy: Snapshot) -> None:
        new: dict[Block, bytes] = {}
        for block in copy.blocks:
            if block not in self.places and block not in new:
                new[block] = snapshots.pack_block(block, self.key)
        if new:
            first = len(self.blocks)
            self.blocks.append(list(new.values()))
            for place, block in enumerate(new, first):  # only now: what could not be written has no place
                self.places[block], self.known[place] = place, block
        packed = snapshots.pack(copy, [self.places[block] for block in copy.blocks], self.key, self.build)
        self._write(f"{KEYFRAME}{events:012d}", packed)
        self.keyframes.insert(bisect_right(self.keyframes, events), events)

    def nearest(self, events: int) -> tuple[int, Snapshot] | None:
        """The newest keyframe that can be read; what cannot is passed over."""
        self.settle()
        for place in range(bisect_right(self.keyframes, events) - 1, -1, -1):
            number = self.keyframes[place]
            try:
                data = (self.directory / f"{KEYFRAME}{number:012d}").read_bytes()
                places, pickled = snapshots.places_of(data, self.key, self.build)
                return number, Snapshot(pickled, [self._block(one) for one in places])
            except OtherBuild:
                self.from_other_build = True
            except (Forged, OSError, IndexError):
                continue
        return None

    def fork(self, events: int, *, past: bool) -> "FileKeeper":
        """Into a directory beside this one; whoever asked gives it its place (`move`)."""
        directory = self.directory.with_name(f"{self.directory.name}.fork")
        shutil.rmtree(directory, ignore_errors=True)
        return self.fork_to(directory, events, past=past)

    def fork_to(self, directory: Path, events: int, *, past: bool) -> "FileKeeper":
        """Another keeper with all up to a moment."""
        self.settle()
        directory.mkdir(mode=0o700, parents=True)
        kept = done_by(self.actions, events, past=past)
        lines = "".join(json.dumps(one) + "\n" for one in kept)
        (directory / "actions").write_text(lines, encoding="ascii")
        (directory / "build").write_text(self.build, encoding="ascii")
        for number in self.keyframes:
            if number <= events:
                name = f"{KEYFRAME}{number:012d}"
                os.link(self.directory / name, directory / name)  # they never change once they have their name
        self.past.copy_to(directory / "past", min(len(self.past), events // 256))
        if self._kept_blocks is not None or (self.directory / "blocks").exists():
            self.blocks.copy_to(directory / "blocks", len(self.blocks))
        branch = FileKeeper(directory, self.key, self.build, kept)
        for block, place in list(self.places.items()):
            branch.places[block], branch.known[place] = place, block
        return branch

    def begin_again(self, *, with_actions: bool) -> "FileKeeper":
        """A keeper for a history that begins anew; what was is set aside, and stays readable."""
        self.settle()
        number = sum(1 for path in self.directory.glob("before-*"))
        aside = self.directory / f"before-{number}"
        aside.mkdir(mode=0o700)
        for path in [path for path in self.directory.iterdir() if path.is_file()]:
            path.rename(aside / path.name)
        if with_actions and (aside / "actions").exists():
            shutil.copyfile(aside / "actions", self.directory / "actions")
        return FileKeeper(self.directory, self.key, self.build)

    # ---- sleep

    def move(self, directory: Path) -> None:
        """Give the directory its name."""
        self.settle()
        self.directory.rename(directory)
        self.directory = directory
        self.past.path = directory / "past"
        if self._kept_blocks is not None:
            self._kept_blocks.path = directory / "blocks"

    def keep_moment(self, events: int, head: int, images: bytes | None = None) -> None:
        """Where the playhead stands; with the disks when the world falls asleep."""
        self.settle()
        if images is not None:
            self._write("disks", snapshots.sign(b"disks", images, self.key))
        self._write("moment", json.dumps({"events": events, "head": head}).encode())

    def moment(self) -> tuple[int, int]:
        """Where the playhead stood, and the present; (0, 0) if that was never written."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads((self.directory / "moment").read_bytes())
            return int(told["events"]), int(told["head"])
        return 0, 0

    def keep_traffic(self, told: Mapping[str, int]) -> None:
        """What went in and out today."""
        self._write("traffic", json.dumps(told).encode())

    def traffic(self) -> dict[str, int]:
        """What was written down of that."""
        with suppress(OSError, ValueError):
            found = json.loads((self.directory / "traffic").read_bytes())
            if isinstance(found, dict):
                return found
        return {}

    def disks(self) -> bytes | None:
        """The disks as they were when the world fell asleep."""
        with suppress(OSError, Forged):
            return snapshots.signed(b"disks", (self.directory / "disks").read_bytes(), self.key)
        return None

    def thin(self, bytes_max: int) -> bool:
        """Forget every other keyframe while there is too much; say whether it is enough.

        No moment is lost by that: actions make it again, it only takes longer to get there.
        """
        while self.bytes_on_disk() > bytes_max:
            gone = self.keyframes[1:-1:2]
            if not gone:
                return False
            for number in gone:
                (self.directory / f"{KEYFRAME}{number:012d}").unlink(missing_ok=True)
            self.keyframes = [number for number in self.keyframes if number not in gone]
        return True

    def bytes_on_disk(self) -> int:
        """How much it all takes."""
        self.settle()
        return sum(path.stat().st_size for path in self.directory.iterdir() if path.is_file())

    def _written_by(self) -> str:
        path = self.directory / "build"
        with suppress(FileNotFoundError):
            return path.read_text(encoding="ascii")
        if not self.keyframes and not self.past:
            path.write_text(self.build, encoding="ascii")
        return self.build

    def _block(self, place: int) -> Block:
        block = self.known.get(place)
        if block is None:
            block = snapshots.unpack_block(self.blocks.read(place), self.key)
            self.known[place] = block
            self.places[block] = place
        return block

    def _write(self, name: str, content: bytes) -> None:
        aside = self.directory / f".{name}"
        with aside.open("wb") as file:
            file.write(content)
        aside.rename(self.directory / name)


def read_actions(path: Path) -> list[Recorded]:
    """The actions that were accepted; a last line that was cut off was not."""
    found = []
    with suppress(FileNotFoundError):
        content = path.read_bytes()
        for line in content.split(b"\n")[:-1]:
            after, at_us, action = json.loads(line)
            found.append(Recorded(after, at_us, action))
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(path, whole)
    return found
