"""Syncs that the kernel does in the background: no thread of ours, so nothing competes for the interpreter.

With a sync thread every sync costs two hand-overs of the interpreter lock, which is most
of the price of a tiny acks=all produce. Linux can be asked instead (io_submit with
IOCB_CMD_FDSYNC, since 4.18) and tells an eventfd when it is done.

Invariants:
- A sync is reported exactly once, in the loop's thread: (token, None), or (token, why it failed).
- The kernel holds the files it syncs: a descriptor may be closed meanwhile.
- What the kernel cannot do so (many files: one syncfs; closing large files) goes to the thread.

Not here: what a sync covers (broker/durability.py), the thread (sync_threads.py).
Spec: io_setup(2), io_submit(2), io_getevents(2), eventfd(2); include/uapi/linux/aio_abi.h.
"""

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from struct import Struct

from engine.net.loop import Loop
from engine.net.sync_threads import MANY_FILES, SyncThread

# data, key, flags, opcode, priority, descriptor, buffer, bytes, offset, reserved, event flags, eventfd
IOCB = Struct("<QIIHhIQQqQII")
IO_EVENT = Struct("<QQqq")  # data, which iocb, result, second result
FDSYNC, NOTIFY = 3, 1
NUMBERS = {"x86_64": (206, 207, 208, 209), "aarch64": (0, 1, 4, 2)}  # of io_setup, io_destroy, io_getevents, io_submit

_libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This system does not sync in the background: use the thread alone."""


class KernelSyncs:
    """The syncs of one FileDisk; `finished` is called in the loop's thread for those the kernel does."""

    def __init__(
        self, loop: Loop, thread: SyncThread, directory: int, finished: Callable[[int, str | None], None]
    ) -> None:
        numbers = NUMBERS.get(platform.machine())
        if numbers is None or not hasattr(os, "eventfd"):
            raise Unavailable(platform.machine())
        self.loop, self.thread, self.finished = loop, thread, finished
        self.setup_number, self.destroy_number, self.getevents_number, self.submit_number = numbers
        self.context = ctypes.c_ulong(0)
        if _libc.syscall(self.setup_number, ctypes.c_uint(MANY_FILES), ctypes.byref(self.context)) != 0:
            raise Unavailable(os.strerror(ctypes.get_errno()))
        self.eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self.blocks = ctypes.create_string_buffer(IOCB.size * MANY_FILES)
        start = ctypes.addressof(self.blocks)
        self.pointers = (ctypes.c_void_p * MANY_FILES)(*(start + IOCB.size * at for at in range(MANY_FILES)))
        self.events = ctypes.create_string_buffer(IO_EVENT.size * MANY_FILES)
        self.token = 0
        self.left = 0  # files of the sync under way that are not reported yet
        self.failure: str | None = None
        loop.add_reader(self.eventfd, self._on_event)
        try:
            self._try_out(directory)
        except Unavailable:
            self.stop_listening()
            raise

    def sync(self, token: int, descriptors: list[int], directory: int) -> None:
        """Sync these files (or the file system of `directory`, if they are many), then report the token."""
        if not 0 < len(descriptors) < MANY_FILES or not self._submit(descriptors):
            self.thread.sync(token, descriptors, directory)
            return
        self.token, self.left, self.failure = token, len(descriptors), None

    def close(self, descriptor: int) -> None:
        """Close it in the thread: the last descriptor of a deleted file may take long."""
        self.thread.close(descriptor)

    def stop(self) -> None:
        """Finish what was asked for, and end."""
        self.thread.stop()
        self.stop_listening()

    def stop_listening(self) -> None:
        """Give everything back; the kernel waits for what it is still syncing."""
        if self.eventfd >= 0:
            self.loop.remove_reader(self.eventfd)
            _libc.syscall(self.destroy_number, self.context)
            os.close(self.eventfd)
            self.eventfd = -1

    def _try_out(self, directory: int) -> None:
        """Some file systems cannot: find out before it matters."""
        if not self._submit([directory]):
            raise Unavailable(os.strerror(ctypes.get_errno()))
        tried = self._collect(wait=True)
        if not tried or tried[0][1] != 0:
            raise Unavailable("a sync that was tried out failed")

    def _submit(self, descriptors: list[int]) -> bool:
        for at, descriptor in enumerate(descriptors):
            IOCB.pack_into(
                self.blocks, at * IOCB.size, at, 0, 0, FDSYNC, 0, descriptor, 0, 0, 0, 0, NOTIFY, self.eventfd
            )
        submitted = _libc.syscall(
            self.submit_number, self.context, ctypes.c_long(len(descriptors)), ctypes.byref(self.pointers)
        )
        if submitted == len(descriptors):
            return True
        while submitted > 0:  # not all: let those finish, the thread does all of them again
            submitted -= len(self._collect(wait=True)) or submitted
        return False

    def _collect(self, *, wait: bool = False) -> list[tuple[int, int]]:
        """Which files are done, with their results."""
        while True:
            count = _libc.syscall(
                self.getevents_number, self.context, ctypes.c_long(1 if wait else 0), ctypes.c_long(MANY_FILES),
                ctypes.byref(self.events), None,
            )  # fmt: skip
            if count >= 0 or ctypes.get_errno() != errno.EINTR:
                break
        done = []
        for at in range(max(count, 0)):
            data, _, result, _ = IO_EVENT.unpack_from(self.events, at * IO_EVENT.size)
            done.append((data, result))
        return done

    def _on_event(self) -> None:
        try:
            os.eventfd_read(self.eventfd)
        except BlockingIOError:
            return
        if not self.left:
            return  # told of what was collected before
        for _, result in self._collect():
            self.left -= 1
            if result != 0:
                self.failure = f"fdatasync failed: {os.strerror(-result)}"
        if not self.left:
            self.finished(self.token, self.failure)
