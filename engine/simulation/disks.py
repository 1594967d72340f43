"""The simulated Disk: directories of files made of immutable chunks; a crash loses what was not synced.

Invariants:
- A chunk never changes once written, so copies of a world and queued regions share it.
- What a finished sync covered survives every crash. Of the rest a crash keeps a prefix
  that may end inside a batch (a torn write), sometimes with zeros or junk after it.
- Names survive as soon as the call that made them has returned, `write_whole` is old
  or new, a truncation is durable: the promises of storage/disk.py.
- A number that was closed is never used again; the file may be opened under another.
- Every operation that changes something may be the last one before power is lost
  (`operations_left`): an append is then half done, any other done or not done.

Not here: when a sync finishes (world.py), when power is lost (faults.py).
"""

import random
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.simulation.clocks import Clock
from engine.simulation.shared import SharedList
from engine.storage.disk import DiskFailed, DiskFull

TORN_BYTES_MAX = 160  # of zeros or junk after what a crash kept


class PowerLost(BaseException):
    """Power is gone in the middle of a disk operation. No machine may catch this."""

    def __init__(self, disk: "SimulatedDisk") -> None:
        super().__init__("power lost")
        self.disk = disk


@dataclass(slots=True, eq=False, repr=False)
class SimulatedFile:
    """What was written, oldest first, and how much of it would survive."""

    number: int | None = None  # while it is open
    chunks: SharedList = field(default_factory=SharedList)
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    size: int = 0
    synced_size: int = 0
    modified_ms: int = 0

    def __repr__(self) -> str:
        return f"file {self.number}"

    def append(self, chunk: bytes) -> None:
        """Write at the end."""
        if chunk:
            self.chunks.append(chunk)
            self.starts.append(self.size)
            self.size += len(chunk)

    def read(self, position: int, length: int) -> bytes:
        """Return what is there of `position .. position + length`."""
        end = position + length
        if end > self.size:
            end = self.size
        if position >= end:
            return b""
        number = bisect_right(self.starts, position) - 1
        first = position - self.starts[number]
        chunk: bytes = self.chunks[number]
        if first + end - position <= len(chunk):  # the usual case: one chunk has it all
            return chunk[first : first + end - position]
        pieces = [chunk[first:]]
        position += len(pieces[0])
        while position < end:
            number += 1
            pieces.append(self.chunks[number][: end - position])
            position += len(pieces[-1])
        return b"".join(pieces)

    def truncate(self, size: int) -> None:
        """Keep the first `size` bytes; what is cut leaves the chunk it lay in untouched for others."""
        if size >= self.size:
            return
        count = bisect_right(self.starts, size - 1) if size else 0
        last = self.chunks[count - 1] if count else b""
        start = self.starts[count - 1] if count else 0
        self.chunks.truncate(max(0, count - 1))
        del self.starts[max(0, count - 1) :]
        self.size = start
        self.append(last[: size - start])
        self.synced_size = min(self.synced_size, size)


@dataclass(slots=True, eq=False)
class Directory:
    """Names, in the order they were made; `names` sorts them."""

    entries: "dict[str, SimulatedFile | Directory]" = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class SimulatedDisk:
    """One broker's directory in memory."""

    clock: Clock
    chance: random.Random
    top: Directory = field(default_factory=Directory)
    open_files: dict[int, SimulatedFile] = field(default_factory=dict)  # by number
    next_number: int = 1
    syncs: list[tuple[int, list[tuple[SimulatedFile, int]]]] = field(default_factory=list)  # begun: token, covered
    bytes_max: int | None = None  # the disk is full when it holds so much
    used_bytes: int = 0
    operations: int = 0  # so many have changed something
    operations_left: int | None = None  # so many more until power is lost
    spoiled: bool = False  # the next sync fails
    lost_bytes: int = 0

    # ---- engine/storage/disk.py ----

    def names(self, directory: str) -> list[str]:
        """Names in a directory, sorted; none if it is not there."""
        found = self._find(directory)
        return sorted(found.entries) if isinstance(found, Directory) else []

    def open(self, path: str) -> int:
        """Open a file, or create it and its directory."""
        found = self._find(path)
        assert not isinstance(found, Directory), f"{path!r} is a directory"
        if found is None:
            self._operate()
            found = SimulatedFile(modified_ms=self.clock.wall_ms())
            directory, name = self._place(path)
            directory.entries[name] = found
        if found.number is None:
            found.number = self.next_number
            self.next_number += 1
            self.open_files[found.number] = found
        return found.number

    def size(self, file: int) -> int:
        """Bytes in the file."""
        return self.open_files[file].size

    def append(self, file: int, view: bytes | bytearray | memoryview) -> None:
        """Write at the end of the file, or raise DiskFull and leave it as it was."""
        found, chunk = self.open_files[file], bytes(view)
        if self.bytes_max is not None and self.used_bytes + len(chunk) > self.bytes_max:
            raise DiskFull("no space left on the simulated disk")
        self.operations += 1
        if self.operations_left is not None:
            self.operations_left -= 1
            if self.operations_left <= 0:
                found.append(chunk[: self.chance.randint(0, len(chunk))])
                raise PowerLost(self)
        found.append(chunk)
        found.modified_ms = self.clock.wall_ms()
        self.used_bytes += len(chunk)

    def read(self, file: int, position: int, length: int) -> bytes:
        """Return up to `length` bytes."""
        assert position >= 0 and length >= 0, "a read begins and ends inside a file"
        return self.open_files[file].read(position, length)

    def truncate(self, file: int, size: int) -> None:
        """Cut the file to `size` bytes, durably."""
        self._operate()
        found = self.open_files[file]
        self.used_bytes -= max(0, found.size - size)
        found.truncate(size)

    def sync(self, file: int) -> None:
        """Make the file durable before returning."""
        self._operate()
        found = self.open_files[file]
        found.synced_size = found.size

    def start_sync(self, files: list[int], token: int) -> None:
        """Begin to make these files durable; the world ends it."""
        assert not self.syncs, "one sync is under way at most"
        covered = []
        for file in files:
            found = self.open_files[file]
            covered.append((found, found.size))
        self.syncs.append((token, covered))

    def close(self, file: int) -> None:
        """Forget the number."""
        self.open_files.pop(file).number = None

    def rename(self, old_path: str, new_path: str) -> None:
        """Rename a file or a directory; a file that has the new name is replaced."""
        self._operate()
        old_directory, old_name = self._place(old_path)
        if old_name not in old_directory.entries:
            raise DiskFailed(f"there is no {old_path!r} to rename")
        directory, name = self._place(new_path)
        replaced = directory.entries.get(name)
        assert not isinstance(replaced, Directory), f"{new_path!r} is a directory already"
        if replaced is not None:
            self.used_bytes -= replaced.size
        directory.entries[name] = old_directory.entries.pop(old_name)

    def delete(self, path: str) -> None:
        """Remove a file, or a directory with all in it."""
        found = self._find(path)
        if found is None:
            return
        self._operate()
        directory, name = self._place(path)
        self.used_bytes -= sum(file.size for _, file in files_below(found, path))
        del directory.entries[name]

    def read_whole(self, path: str) -> bytes | None:
        """Return a small file's content."""
        found = self._find(path)
        return found.read(0, found.size) if isinstance(found, SimulatedFile) else None

    def write_whole(self, path: str, content: bytes) -> None:
        """Replace a small file: after a crash it is the old one or the new one."""
        found = self._find(path)
        old_size = found.size if isinstance(found, SimulatedFile) else 0
        if self.bytes_max is not None and self.used_bytes + len(content) > self.bytes_max:
            raise DiskFull("no space left on the simulated disk")
        self._operate()
        new = SimulatedFile(modified_ms=self.clock.wall_ms())
        new.append(bytes(content))
        new.synced_size = new.size
        directory, name = self._place(path)
        directory.entries[name] = new
        self.used_bytes += new.size - old_size

    def modified_ms(self, path: str) -> int:
        """When the file was last written, on this node's wall clock."""
        found = self._find(path)
        if not isinstance(found, SimulatedFile):
            raise DiskFailed(f"there is no file {path!r}")
        return found.modified_ms

    def space(self) -> tuple[int, int]:
        """Total and usable bytes, -1 for a disk without end."""
        return (-1, -1) if self.bytes_max is None else (self.bytes_max, max(0, self.bytes_max - self.used_bytes))

    # ---- for the world and its checkers ----

    def newest(self, file: int) -> bytes:
        """What was last written to the file in one piece."""
        return self.open_files[file].chunks.last() or b""

    def finish_sync(self, covered: list[tuple[SimulatedFile, int]]) -> None:
        """What a sync covered is durable now, except what was cut off meanwhile."""
        for file, size in covered:
            durable = size if size < file.size else file.size
            if durable > file.synced_size:
                file.synced_size = durable

    def stop(self) -> None:
        """The process is gone, the machine it ran on is not: nothing is lost, and nothing is open."""
        for file in self.open_files.values():
            file.number = None
        self.open_files.clear()
        self.syncs.clear()
        self.operations_left = None

    def crash(self, *, loses_all: bool = False) -> int:
        """Lose a random suffix of what was never synced, or all of it; return how many bytes."""
        self.stop()
        lost = 0
        for _, file in files_below(self.top, ""):
            if file.size > file.synced_size:
                lost += self._lose(file, loses_all=loses_all)
            file.synced_size = file.size  # what is there after a crash is on the platter
        self.used_bytes = sum(file.size for _, file in files_below(self.top, ""))
        self.lost_bytes += lost
        return lost

    def files(self) -> Iterator[tuple[str, SimulatedFile]]:
        """All files with their paths, in order of path."""
        yield from files_below(self.top, "")

    def files_below(self, directory: str) -> Iterator[tuple[str, SimulatedFile]]:
        """Those of one directory."""
        found = self._find(directory)
        if found is not None:
            yield from files_below(found, directory)

    def _lose(self, file: SimulatedFile, *, loses_all: bool) -> int:
        chance, size = self.chance, file.size
        if loses_all:
            file.truncate(file.synced_size)
            return size - file.size
        # The extremes are drawn often: all gone and nothing gone are what tests of chance alone rarely see.
        kept = chance.choice((file.synced_size, size, chance.randint(file.synced_size, size)))
        file.truncate(kept)
        if kept != size and chance.random() < 0.3:
            count = min(chance.randint(1, TORN_BYTES_MAX), size - kept)
            file.append(bytes(count) if chance.random() < 0.3 else chance.randbytes(count))
        return size - kept

    def _operate(self) -> None:
        """Count an operation that is done or not done; power may be lost before it."""
        self.operations += 1
        if self.operations_left is not None:
            self.operations_left -= 1
            if self.operations_left <= 0:
                raise PowerLost(self)

    def _find(self, path: str) -> SimulatedFile | Directory | None:
        found: SimulatedFile | Directory | None = self.top
        for name in path.split("/") if path else ():
            if not isinstance(found, Directory):
                return None
            found = found.entries.get(name)
        return found

    def _place(self, path: str) -> tuple[Directory, str]:
        """Return the directory that a path lies in, made if it is not there, and the last name."""
        directory = self.top
        *parents, last = path.split("/")
        for name in parents:
            entry = directory.entries.setdefault(name, Directory())
            assert isinstance(entry, Directory), f"{name!r} in {path!r} is a file"
            directory = entry
        return directory, last


def files_below(entry: SimulatedFile | Directory, path: str) -> Iterator[tuple[str, SimulatedFile]]:
    """Walk a directory's files, in order of path."""
    if isinstance(entry, SimulatedFile):
        yield path, entry
        return
    for name in sorted(entry.entries):
        yield from files_below(entry.entries[name], f"{path}/{name}" if path else name)
