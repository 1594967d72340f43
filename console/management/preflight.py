"""What `up` looks at before it starts anything: each refusal is one sentence, and nothing was changed.

Not here: what a broker alone can judge (its properties: engine.launcher.check_properties).
"""

import errno
import fcntl
import os
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

from console.management.refusals import Refused
from engine.launcher import check_properties, load_properties, save_properties

FREE_BYTES_MIN = 64 << 20
CHOSEN_BY_UP = {"node.id": "up numbers its brokers", "log.dirs": "use --data", "process.roles": "up decides that"}


def lock_data(data: Path) -> int:
    """Make the data directory usable and lock it for this `up`; return the descriptor that holds the lock."""
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data) as probe:
            probe.write(b"x" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
        free = os.statvfs(data)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(full(data)) from None
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise Refused(
            f"The data directory {data} cannot be written ({reason}): make it writable or choose another by --data."
        ) from None
    if free.f_bavail * free.f_frsize < FREE_BYTES_MIN:
        raise Refused(full(data))
    lock = os.open(data / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Refused(f"An up already runs on {data}: stop that one, or choose another directory by --data.") from None
    return lock


def full(data: Path) -> str:
    """Say that there is no room."""
    return f"The file system of {data} is full (less than {FREE_BYTES_MIN >> 20} MB free): make room or use --data."


def check_port(name: str, option: str, host: str, port: int) -> None:
    """Refuse a port on which somebody else listens."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise Refused(
                f"Port {port} for {name} needs rights that you do not have: choose another by {option}."
            ) from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Refused(f"Cannot listen on {host}:{port} for {name}: {error.strerror}.") from None
            raise Refused(
                f"Port {port} for {name} is in use: stop who uses it, or choose another by {option}."
            ) from None


def broker_properties(config: Path | None, kafka_port: int, durability: str | None) -> dict[str, str]:
    """Return the properties for broker 1: defaults of `up`, then the file's, then what the command line says."""
    chosen = {"node.id": "1", "listeners": f"PLAINTEXT://127.0.0.1:{kafka_port}"}
    if config is not None:
        chosen.update(load_config_file(config))
    if durability is not None:
        chosen["durability"] = durability
    return chosen


def load_config_file(config: Path) -> Mapping[str, str]:
    """Read --config FILE and refuse what `up` decides itself or cannot read."""
    try:
        given = load_properties(config)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Refused(f"--config {config} cannot be used: {reason}.") from None
    for name, why in CHOSEN_BY_UP.items():
        if name in given:
            raise Refused(f"--config {config}: {name} cannot be set there ({why}).")
    return given


def check_broker_properties(properties: Mapping[str, str], config: Path | None) -> None:
    """Let the broker's own code judge the properties; its objection is the refusal."""
    if config is None:
        return  # then they are ours
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "broker.properties"
        save_properties(path, properties)
        objection = check_properties(path)
    if objection is not None:
        raise Refused(f"--config {config}: {objection}")
