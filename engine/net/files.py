"""The real Disk: files below one directory, locked against a second process.

A file is a small number; its descriptor is opened when needed and may be closed again
when there are many. Everything is called from one thread, the broker's; what takes long
(syncs, closing the last descriptor of a deleted gigabyte) goes to the helper thread.

Invariants:
- A number keeps its file: a rename follows, and a deleted file keeps its descriptor
  until `close`, so that a queued region can always be sent.
- A descriptor is closed by the helper thread, after every sync that was asked for
  before: a sync never meets a descriptor that is another file's by now.
- No OSError leaves this module from a Disk's method: DiskFull or DiskFailed does.

Not here: which files to sync, and when (broker/durability.py); the thread (sync_threads.py).
Spec: storage/disk.py; rename(2), fsync(2) on directories.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import write
from pathlib import Path
from typing import Protocol

from engine.storage.disk import DiskFailed, DiskFull

DESCRIPTORS_MAX = 4096  # open at a time, not counting deleted files
LOCK_NAME = ".lock"
TEMPORARY_SUFFIX = ".tmp"
NOT_OPEN = -1
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OPEN_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC


class DirectoryUnusable(Exception):
    """The data directory cannot be made, read or written; the message is a sentence."""


class DirectoryLocked(DirectoryUnusable):
    """Another process uses the data directory."""


class Helper(Protocol):
    """What takes long is done by this, in order."""

    def sync(self, token: int, descriptors: list[int], directory: int) -> None:
        """Sync these and report the token."""

    def close(self, descriptor: int) -> None:
        """Close it when everything asked for before is done."""

    def stop(self) -> None:
        """Finish what was asked for, and end."""


@dataclass(slots=True)
class OpenFile:
    """One number: where the file lies, its descriptor if it has one."""

    path: str
    descriptor: int = NOT_OPEN
    deleted: bool = False


@contextmanager
def _disk_errors(what: str) -> Iterator[None]:
    """Say what the disk's errors mean to the engine."""
    try:
        yield
    except OSError as error:
        reason = f"{what}: {error.strerror or error}"
        raise (DiskFull if error.errno in _NO_ROOM else DiskFailed)(reason) from error


class FileDisk:
    """A broker's directory on a real file system."""

    def __init__(self, directory: Path, helper: Helper) -> None:
        self.directory = directory
        self.helper = helper
        self.files: dict[int, OpenFile] = {}
        self.open_numbers: dict[int, None] = {}  # that have a descriptor and are not deleted, oldest first
        self.last_number = 0
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self.directory_descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self.lock_descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise DirectoryUnusable(f"The data directory {directory} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(self.lock_descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self.lock_descriptor)
            os.close(self.directory_descriptor)
            raise DirectoryLocked(f"The data directory {directory} is in use by another process.") from error

    # ---- hot
    def append(self, file: int, view: bytes | bytearray | memoryview) -> None:
        """Write at the end of the file, all or nothing."""
        opened = self.files[file]
        descriptor = opened.descriptor
        if descriptor < 0:
            descriptor = self.fd(file)
        try:
            written = write(descriptor, view)
        except OSError as error:
            raise self._write_failed(opened, error) from error
        if written != len(view):
            self._append_rest(opened, memoryview(view), written)

    def _append_rest(self, opened: OpenFile, view: memoryview, written: int) -> None:
        """After a short write: write the rest, or take back what was written."""
        try:
            while written < len(view):
                written += write(opened.descriptor, view[written:])
        except OSError as error:
            with _disk_errors(f"{opened.path} cannot be cut back after a write that failed"):
                os.ftruncate(opened.descriptor, os.fstat(opened.descriptor).st_size - written)
            raise self._write_failed(opened, error) from error

    @staticmethod
    def _write_failed(opened: OpenFile, error: OSError) -> DiskFull | DiskFailed:
        reason = f"{opened.path} cannot be written: {error.strerror}"
        return DiskFull(reason) if error.errno in _NO_ROOM else DiskFailed(reason)

    def read(self, file: int, position: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer only at the end of the file."""
        opened = self.files[file]
        with _disk_errors(f"{opened.path} cannot be read"):
            return os.pread(self.fd(file), length, position)

    def fd(self, file: int) -> int:
        """Return the file's descriptor, for sendfile: good until the next call of any method."""
        opened = self.files[file]
        if opened.descriptor < 0:
            with _disk_errors(f"{opened.path} cannot be opened"):
                opened.descriptor = os.open(self.directory / opened.path, _OPEN_FLAGS)
            self._note_open(file)
        return opened.descriptor

    # ---- files
    def open(self, path: str) -> int:
        """Open a file, or create it (and its directory); return its number."""
        with _disk_errors(f"{path} cannot be opened"):
            try:
                descriptor = os.open(self.directory / path, _OPEN_FLAGS)
            except FileNotFoundError:
                self._make_directory(os.path.dirname(path))
                descriptor = os.open(self.directory / path, _OPEN_FLAGS | os.O_CREAT, 0o644)
                self._sync_directory(os.path.dirname(path))
        self.last_number += 1
        self.files[self.last_number] = OpenFile(path, descriptor)
        self._note_open(self.last_number)
        return self.last_number

    def size(self, file: int) -> int:
        """Bytes in the file."""
        with _disk_errors(f"{self.files[file].path} cannot be read"):
            return os.fstat(self.fd(file)).st_size

    def truncate(self, file: int, size: int) -> None:
        """Cut the file to `size` bytes, durably."""
        with _disk_errors(f"{self.files[file].path} cannot be cut"):
            descriptor = self.fd(file)
            os.ftruncate(descriptor, size)
            os.fdatasync(descriptor)

    def sync(self, file: int) -> None:
        """Make the file durable before returning."""
        with _disk_errors(f"{self.files[file].path} cannot be synced"):
            os.fdatasync(self.fd(file))

    def start_sync(self, files: list[int], token: int) -> None:
        """Begin to make these files durable; the helper reports the token."""
        self.helper.sync(token, [self.fd(file) for file in files], self.directory_descriptor)

    def close(self, file: int) -> None:
        """Forget the number."""
        opened = self.files.pop(file)
        self.open_numbers.pop(file, None)
        if opened.descriptor >= 0:
            self.helper.close(opened.descriptor)

    def _note_open(self, file: int) -> None:
        self.open_numbers[file] = None
        if len(self.open_numbers) > DESCRIPTORS_MAX:
            oldest = next(iter(self.open_numbers))
            del self.open_numbers[oldest]
            forgotten = self.files[oldest]
            self.helper.close(forgotten.descriptor)
            forgotten.descriptor = NOT_OPEN

    # ---- names
    def names(self, directory: str) -> list[str]:
        """Names of the files and directories in a directory, sorted; none if it is not there."""
        with _disk_errors(f"{directory or self.directory} cannot be read"):
            try:
                found = os.listdir(self.directory / directory)
            except (FileNotFoundError, NotADirectoryError):
                return []
        return sorted(name for name in found if directory or name != LOCK_NAME)

    def rename(self, old_path: str, new_path: str) -> None:
        """Rename a file or a directory; files open below it keep their numbers."""
        with _disk_errors(f"{old_path} cannot be renamed to {new_path}"):
            os.rename(self.directory / old_path, self.directory / new_path)
            for directory in {os.path.dirname(old_path): None, os.path.dirname(new_path): None}:
                self._sync_directory(directory)
        below = old_path + "/"
        for opened in self.files.values():
            if not opened.deleted and (opened.path == old_path or opened.path.startswith(below)):
                opened.path = new_path + opened.path[len(old_path) :]

    def delete(self, path: str) -> None:
        """Remove a file, or a directory with all in it. What is not there is no error."""
        with _disk_errors(f"{path} cannot be deleted"):
            self._keep_descriptors(path)
            full = self.directory / path
            try:
                if full.is_dir() and not full.is_symlink():
                    for parent, directories, files in os.walk(full, topdown=False):
                        for name in files:
                            self._unlink(os.path.join(parent, name))
                        for name in directories:
                            os.rmdir(os.path.join(parent, name))
                    os.rmdir(full)
                else:
                    self._unlink(os.fspath(full))
            except FileNotFoundError:
                return
            self._sync_directory(os.path.dirname(path))

    def _keep_descriptors(self, path: str) -> None:
        """Numbers of files that are about to have no name need their descriptor from now on."""
        below = path + "/"
        for file, opened in self.files.items():
            if not opened.deleted and (opened.path == path or opened.path.startswith(below)):
                self.fd(file)
                opened.deleted = True
                self.open_numbers.pop(file, None)

    def _unlink(self, full: str) -> None:
        # The file system frees a file's blocks when its last descriptor is closed: that takes
        # long for a gigabyte, so it shall happen in the helper thread.
        descriptor = os.open(full, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        os.unlink(full)
        self.helper.close(descriptor)

    def read_whole(self, path: str) -> bytes | None:
        """The content of a small file, None if there is none."""
        with _disk_errors(f"{path} cannot be read"):
            try:
                return (self.directory / path).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write_whole(self, path: str, content: bytes) -> None:
        """Replace a small file atomically and durably."""
        full = self.directory / path
        temporary = full.with_name(full.name + TEMPORARY_SUFFIX)
        with _disk_errors(f"{path} cannot be written"):
            self._make_directory(os.path.dirname(path))
            with open(temporary, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, full)
            self._sync_directory(os.path.dirname(path))

    def modified_ms(self, path: str) -> int:
        """When the file was last written, in wall milliseconds."""
        with _disk_errors(f"{path} cannot be read"):
            return os.stat(self.directory / path).st_mtime_ns // 1_000_000

    def space(self) -> tuple[int, int]:
        """Bytes of the file system and bytes that may still be written."""
        with _disk_errors("the file system does not say how large it is"):
            told = os.fstatvfs(self.directory_descriptor)
        return told.f_blocks * told.f_frsize, told.f_bavail * told.f_frsize

    def _make_directory(self, directory: str) -> None:
        full = self.directory / directory
        if not full.is_dir():
            full.mkdir(parents=True)
            while directory:
                directory = os.path.dirname(directory)
                self._sync_directory(directory)

    def _sync_directory(self, directory: str) -> None:
        descriptor = os.open(self.directory / directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close_all(self) -> None:
        """Close everything and give the directory free; the helper ends."""
        for file in list(self.files):
            self.close(file)
        self.helper.stop()
        os.close(self.directory_descriptor)
        os.close(self.lock_descriptor)
