"""A listening socket on the loop: accepts what comes, within limits, and survives running out of descriptors.

Invariants:
- A connection over its address's limit is closed at once; those that are served do not notice.
- While there is room for none, and with no descriptor left for a moment, accepting rests: the backlog holds who waits.

Not here: what is done with a connection (the shell).
"""

import contextlib
import errno
import socket
from collections.abc import Callable

from engine.net.loop import Loop

BACKLOG = 1024
ACCEPTS_MAX = 64  # in one turn of the loop
REST_SECONDS = 0.5
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; an empty host is every address of both kinds. OSError if that cannot be."""
    if not host and socket.has_dualstack_ipv6():
        listener = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG)
    else:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    listener.setblocking(False)
    return listener


class Listener:
    """Hands accepted sockets to `accepted(socket, address)`.

    It refuses where `refuses(address)` is true, and rests while `is_full()` is, until `go_on`.
    """

    def __init__(
        self,
        loop: Loop,
        listening: socket.socket,
        accepted: Callable[[socket.socket, str], None],
        refuses: Callable[[str], bool],
        is_full: Callable[[], bool],
    ) -> None:
        self.loop, self.listening, self.accepted = loop, listening, accepted
        self.refuses, self.is_full = refuses, is_full
        self.closed = False
        self.resting = False  # until there is room
        self._watch()

    def _watch(self) -> None:
        if not self.closed:
            self.loop.add_reader(self.listening.fileno(), self._on_readable)

    def _on_readable(self) -> None:
        for _ in range(ACCEPTS_MAX):
            if self.is_full():
                self.resting = True
                self.loop.remove_reader(self.listening.fileno())
                return
            try:
                sock, address = self.listening.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in NO_DESCRIPTORS:
                    self.loop.remove_reader(self.listening.fileno())
                    self.loop.call_later(REST_SECONDS, self._watch)
                    return
                continue  # this one gave up before it was accepted
            host = address[0].removeprefix("::ffff:")
            if self.refuses(host):
                sock.close()
                continue
            sock.setblocking(False)
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.accepted(sock, host)

    def go_on(self) -> None:
        """There is room again."""
        if self.resting:
            self.resting = False
            self._watch()

    def close(self) -> None:
        """Accept nothing more."""
        if not self.closed:
            self.closed = True
            self.loop.remove_reader(self.listening.fileno())
            self.listening.close()
