"""Where things of sandboxes are: directories, sockets, the key that signs keyframes.

*Invariants*: every path is made of the data directory and random ids, never of what people type; a Unix socket's
path is short enough for every system, by way of a link where the data directory's is not.
*Not here*: what is in the directories (runner/file_keeper.py).
"""

import hashlib
import os
import tempfile
import uuid
from pathlib import Path

from django.conf import settings

from console.project.secret_files import secret

SOCKET_PATH_BYTES_MAX = 100  # Linux allows 107, macOS 103
BROKER_SOCKET = "broker-1"
CONTROL_SOCKET = "control"


def home() -> Path:
    """Where everything of sandboxes is."""
    return settings.DATA_DIR / "sandboxes"


def directory(sandbox_id: uuid.UUID) -> Path:
    """Where one sandbox's files are."""
    return home() / sandbox_id.hex


def socket_path(sandbox_id: uuid.UUID) -> Path:
    """Where one sandbox's broker listens while its runner is there."""
    return sockets() / sandbox_id.hex[:20] / BROKER_SOCKET


def control_path(runner: str) -> Path:
    """Where a runner takes commands."""
    return sockets() / f"{CONTROL_SOCKET}-{runner}"


def sockets() -> Path:
    """A directory for sockets: in the data directory, or a short one of this user that stands for it."""
    inside = home() / "sockets"
    if len(os.fsencode(inside)) + 34 <= SOCKET_PATH_BYTES_MAX:
        return inside
    name = hashlib.sha256(os.fsencode(inside.absolute())).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"odradek-{os.getuid()}" / name


def make_sockets() -> Path:
    """Make it, for its owner only; a directory of somebody else's is refused."""
    made = sockets()
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (made, made.parent) if made.parent.name.startswith("odradek-") else (made,):
        if path.stat().st_uid != os.getuid():
            raise PermissionError(f"{path} belongs to another user")
        path.chmod(0o700)
    return made


def keyframe_key() -> bytes:
    """The key with which this installation signs keyframes."""
    return hashlib.sha256(secret(settings.DATA_DIR / "secrets" / "keyframes").encode()).digest()
