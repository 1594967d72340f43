"""Secrets of this installation: files that only their owner may read, made on first use.

*Invariants*: mode 0600 in a directory of mode 0700; two processes that start at once read the same secret.
*Not here*: what they are for.
"""

import os
import secrets
from pathlib import Path


def secret(path: Path) -> str:
    """Return the secret kept at `path`; the first caller makes it."""
    try:
        return _read(path)
    except FileNotFoundError:
        # Also the data directory, when a command makes it: keys of sessions are in its database.
        path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(0o700)
        _make(path)
        return _read(path)


def _read(path: Path) -> str:
    kept = path.read_text(encoding="ascii").strip()
    if not kept:
        raise RuntimeError(f"{path} is empty: delete it to have a new secret made (everybody signs in again)")
    return kept


def _make(path: Path) -> None:
    # Written aside and linked into place: whoever comes second finds a whole file, never an empty one.
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
