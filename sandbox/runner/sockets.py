"""Unix sockets of a runner: made, accepted, removed when their process is gone.

*Not here*: what is said on them (links.py).
"""

import os
import socket
from pathlib import Path

from sandbox import places

BACKLOG = 64


def listen(path: Path) -> socket.socket:
    """A Unix socket that only its owner may connect to; what a dead process left is replaced."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.fspath(path))
    path.chmod(0o600)
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def remove_dead(sockets: Path) -> None:
    """Remove the control sockets of runners that were killed."""
    for path in sockets.glob(f"{places.CONTROL_SOCKET}-*"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            try:
                link.connect(os.fspath(path))
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)
            except OSError:
                continue


def accept(listener: socket.socket) -> socket.socket | None:
    """A new connection, if there is one."""
    try:
        taken, _ = listener.accept()
    except OSError:
        return None
    taken.setblocking(False)
    return taken
