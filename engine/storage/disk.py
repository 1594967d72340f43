"""What storage may ask of a disk: appends and reads at once, syncs by token.

Two implementations: `net/files.py` (files, sendfile, sync threads) and
`simulation/disks.py` (immutable chunks in memory, loses what was not synced). A file
is a small number, so that machines and queued regions stay plain data. Paths are
relative to the broker's directory, with "/" between their parts.

Invariants:
- `append` returns when `read` would see the bytes; they survive a crash only once a
  sync that began later has finished. It is all or nothing: an append that fails
  leaves the file at its old size, and raises DiskFull or DiskFailed.
- A sync covers what was appended before `start_sync`, nothing later. Its end is the
  event `on_synced(token)` (or `on_sync_failed`), never a return value.
- Names survive a crash as soon as `open`, `rename` or `delete` has returned, and
  `write_whole` is old or new after a crash, never between.
- A number is never used for another file. A renamed file keeps its number; a deleted
  one stays readable by its number until `close`.

Not here: segments, batches, what a torn tail is (recovery.py).
"""

from typing import Protocol


class StorageError(Exception):
    """The disk cannot do what was asked: the log directory goes offline, or the write is refused."""


class DiskFull(StorageError):
    """No space: nothing was written. Writes may be tried again when there is room."""


class DiskFailed(StorageError):
    """The disk answered with an error: what it holds of this file is not to be trusted."""


class Disk(Protocol):
    """A broker's directory."""

    def names(self, directory: str) -> list[str]:
        """Names of the files and directories in a directory, sorted; none if it is not there. "" is the top."""

    def open(self, path: str) -> int:
        """Open a file, or create it (and its directory); return its number."""

    def size(self, file: int) -> int:
        """Bytes in the file."""

    def append(self, file: int, view: bytes | bytearray | memoryview) -> None:
        """Write at the end of the file."""

    def read(self, file: int, position: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer only at the end of the file."""

    def truncate(self, file: int, size: int) -> None:
        """Cut the file to `size` bytes, durably."""

    def sync(self, file: int) -> None:
        """Make the file durable before returning: for opening and rolling, never in the hot path."""

    def start_sync(self, files: list[int], token: int) -> None:
        """Begin to make these files durable; `on_synced(token)` follows. One sync is under way at most."""

    def close(self, file: int) -> None:
        """Forget the number."""

    def rename(self, old_path: str, new_path: str) -> None:
        """Rename a file or a directory; files open below it keep their numbers."""

    def delete(self, path: str) -> None:
        """Remove a file, or a directory with all in it. What is not there is no error."""

    def read_whole(self, path: str) -> bytes | None:
        """The content of a small file, None if there is none."""

    def write_whole(self, path: str, content: bytes) -> None:
        """Replace a small file atomically and durably."""

    def modified_ms(self, path: str) -> int:
        """When the file was last written, in wall milliseconds."""

    def space(self) -> tuple[int, int]:
        """Bytes of the whole device and bytes that may still be written; -1 for what is not known."""
