"""How the web process asks a runner: commands over the runner's Unix socket, answered or refused in words.

*Invariants*: a call ends within its time limit; nothing of a refusal is lost.
*Not here*: what commands do (the runner), frames for live pages (feed).
"""

import json
import socket
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.utils import timezone

from console.kafka.errors import ClusterUnreachable
from console.models import Cluster
from sandbox import places
from sandbox.models import Sandbox
from sandbox.services import leases

TIME_LIMIT_S = 5.0
READ_BYTES = 256 << 10


class ControlRefused(Exception):
    """The runner said no, in a sentence; `field` says where, if it is about one."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class NoRunner(Exception):
    """No process hosts sandboxes now."""

    def __init__(self) -> None:
        super().__init__(
            "No process hosts sandboxes at the moment. It is started again by itself; try in a few seconds."
        )


def ask(sandbox_id: UUID, do: str, *, time_limit_s: float = TIME_LIMIT_S, **arguments: Any) -> dict[str, Any]:
    """Ask the runner that hosts a sandbox, or any that will; ControlRefused or NoRunner is raised."""
    with connect(sandbox_id, time_limit_s) as link:
        received = bytearray()
        try:
            link.sendall(json.dumps({"id": 1, "sandbox": sandbox_id.hex, "do": do, **arguments}).encode() + b"\n")
            while not received.endswith(b"\n"):
                data = link.recv(READ_BYTES)
                if not data:
                    raise NoRunner
                received += data
        except OSError:
            raise NoRunner from None
    answer = json.loads(received)
    if "refused" in answer:
        raise ControlRefused(answer["refused"], answer["field"])
    ok: dict[str, Any] = answer["ok"]
    return ok


def wake(cluster: Cluster, *, may_wake: bool) -> None:
    """Wake the sandbox behind a connection of the console, if it sleeps; ClusterUnreachable says why not."""
    sandbox = Sandbox.objects.filter(cluster=cluster).only("id", "runner", "leased_until").first()
    if sandbox is None:
        return
    path = str(places.socket_path(sandbox.id))
    if cluster.unix_path != path:  # the data directory has another place now
        cluster.unix_path = path
        cluster.save(update_fields=["unix_path"])
    if sandbox.runner and sandbox.leased_until and sandbox.leased_until > timezone.now():
        return
    if not may_wake:
        raise ClusterUnreachable("this sandbox sleeps; open the page again and it wakes")
    try:
        ask(sandbox.id, "wake")
    except (ControlRefused, NoRunner) as error:
        raise ClusterUnreachable(f"this sandbox sleeps and cannot be woken now: {error}") from None


def connect(sandbox_id: UUID, time_limit_s: float = TIME_LIMIT_S) -> socket.socket:
    """A connection to the runner that hosts a sandbox, or to one that will."""
    for address in addresses(sandbox_id):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(time_limit_s)
        with suppress(OSError):
            link.connect(address)
            return link
        link.close()
    raise NoRunner


def addresses(sandbox_id: UUID) -> list[str]:
    """Where the runner that hosts a sandbox takes commands, or where those do that would."""
    held_by = leases.holder(sandbox_id)
    return [str(places.control_path(name)) for name in ([held_by] if held_by else runners())]


def runners() -> list[str]:
    """Runners that have a socket, dead ones perhaps among them."""
    prefix = f"{places.CONTROL_SOCKET}-"
    return sorted(path.name[len(prefix) :] for path in places.sockets().glob(f"{prefix}*"))
