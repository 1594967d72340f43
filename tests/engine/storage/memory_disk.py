"""A Disk in memory for tests: keeps its promises, can be full or failing, forgets nothing by itself.

What a crash may lose is in `synced`: `MemoryDisk.crash()` cuts each file to it.
"""

from dataclasses import dataclass, field

from engine.storage.disk import DiskFailed, DiskFull


@dataclass
class MemoryFile:
    path: str
    content: bytearray = field(default_factory=bytearray)
    synced: int = 0
    modified_ms: int = 0


@dataclass
class MemoryDisk:
    numbers: dict[int, MemoryFile] = field(default_factory=dict)
    files: dict[str, MemoryFile] = field(default_factory=dict)
    next_number: int = 1
    syncs: list[tuple[int, list[tuple[int, int]]]] = field(default_factory=list)
    full: bool = False
    failing: bool = False
    wall_ms: int = 0

    def names(self, directory: str) -> list[str]:
        prefix = directory + "/" if directory else ""
        return sorted({path[len(prefix) :].split("/")[0] for path in self.files if path.startswith(prefix)})

    def open(self, path: str) -> int:
        if path not in self.files:
            self._check()
            self.files[path] = MemoryFile(path, modified_ms=self.wall_ms)
        number = self.next_number
        self.next_number += 1
        self.numbers[number] = self.files[path]
        return number

    def size(self, file: int) -> int:
        return len(self.numbers[file].content)

    def append(self, file: int, view: bytes | bytearray | memoryview) -> None:
        self._check()
        self.numbers[file].content += view
        self.numbers[file].modified_ms = self.wall_ms

    def read(self, file: int, position: int, length: int) -> bytes:
        assert position >= 0
        assert length >= 0
        return bytes(self.numbers[file].content[position : position + length])

    def truncate(self, file: int, size: int) -> None:
        self._check()
        found = self.numbers[file]
        del found.content[size:]
        found.synced = min(found.synced, size)

    def sync(self, file: int) -> None:
        self._check()
        found = self.numbers[file]
        found.synced = len(found.content)

    def start_sync(self, files: list[int], token: int) -> None:
        self.syncs.append((token, [(file, self.size(file)) for file in files]))

    def finish_sync(self) -> int:
        token, covered = self.syncs.pop(0)
        for file, size in covered:
            self.numbers[file].synced = max(self.numbers[file].synced, size)
        return token

    def close(self, file: int) -> None:
        del self.numbers[file]

    def rename(self, old_path: str, new_path: str) -> None:
        for path in list(self.files):
            if path == old_path or path.startswith(old_path + "/"):
                moved = self.files.pop(path)
                moved.path = new_path + path[len(old_path) :]
                self.files[moved.path] = moved

    def delete(self, path: str) -> None:
        for name in list(self.files):
            if name == path or name.startswith(path + "/"):
                del self.files[name]

    def read_whole(self, path: str) -> bytes | None:
        found = self.files.get(path)
        return None if found is None else bytes(found.content)

    def write_whole(self, path: str, content: bytes) -> None:
        self._check()
        self.files[path] = MemoryFile(path, bytearray(content), len(content), self.wall_ms)

    def modified_ms(self, path: str) -> int:
        return self.files[path].modified_ms

    def space(self) -> tuple[int, int]:
        return -1, -1

    def crash(self) -> "MemoryDisk":
        """Return what is there after a power loss: of every file what was synced."""
        after = MemoryDisk(wall_ms=self.wall_ms)
        for path, file in self.files.items():
            kept = file.content[: file.synced]
            after.files[path] = MemoryFile(path, bytearray(kept), len(kept), file.modified_ms)
        return after

    def killed(self) -> "MemoryDisk":
        """Return what is there after kill -9: everything, though not synced."""
        after = MemoryDisk(wall_ms=self.wall_ms)
        for path, file in self.files.items():
            after.files[path] = MemoryFile(path, bytearray(file.content), file.synced, file.modified_ms)
        return after

    def _check(self) -> None:
        if self.full:
            raise DiskFull("no space left on the test's disk")
        if self.failing:
            raise DiskFailed("the test's disk failed")
