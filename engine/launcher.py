"""Starts, finds and stops broker processes, by plain commands.

A broker process is `python -m engine.hosting` (the same as `celery -A engine.hosting worker
--pool=threads -Q broker.<id>`) with the path of its properties file in ODRADEK_BROKER_PROPERTIES;
this file writes the properties, starts the command and hears when it is ready. systemd or Kubernetes
can start the same command: readiness is told in systemd's own way (a datagram READY=1 to the socket
named by NOTIFY_SOCKET).

Invariants:
- A broker's properties stand beside its data: `<data>/broker-1.properties`, `<data>/broker-1/`.
- What this file starts dies with the process that started it, also when that one is killed with -9
  (Linux: PR_SET_PDEATHSIG), and is in a session of its own, so a Ctrl-C in the terminal does not reach it.

Not here: what the properties mean (the broker refuses what it does not know), restarts (`up`).
Loads nothing of the engine, and Celery only to run a worker.
"""

import ctypes
import os
import secrets
import select
import signal
import socket
import subprocess  # nosec
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NoReturn

REPOSITORY = Path(__file__).resolve().parent.parent
READY_S_MAX = 60.0
STOP_S_MAX = 30.0
_PR_SET_PDEATHSIG = 1


class BrokerFailed(Exception):
    """A broker process ended before it was ready; the text is what it said."""


class Readiness:
    """The socket on which a started process says READY=1 (sd_notify(3)).

    On Linux it has an abstract address: nothing in the file system, nothing to clean up.
    """

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.address = f"@odradek-{os.getpid()}-{secrets.token_hex(8)}"
        self.socket.bind("\0" + self.address[1:])
        self.socket.setblocking(False)

    def fileno(self) -> int:
        """Let select wait for it."""
        return self.socket.fileno()

    def heard(self) -> bool:
        """Say whether READY=1 has come."""
        with suppress(BlockingIOError):
            return b"READY=1" in self.socket.recv(4096)
        return False

    def close(self) -> None:
        """Give the socket back."""
        self.socket.close()


def tell_ready() -> None:
    """Tell whoever started this process that it serves; without NOTIFY_SOCKET nobody asked."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, suppress(OSError):
        notify.sendto(b"READY=1", "\0" + address[1:] if address.startswith("@") else address)


def end_process(code: int) -> NoReturn:
    """End this process, whose work is done and kept: what the interpreter would tidy up takes a second, for nothing."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def die_with_parent(parent_pid: int, death_signal: int) -> Callable[[], None]:
    """Return what a child runs between fork and exec to be ended when its parent ends, however that happens."""
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def set_death_signal() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent_pid:  # the parent was already gone
            os._exit(1)

    return set_death_signal


def start_process(
    command: list[str],
    *,
    environment: Mapping[str, str],
    output: int | IO[bytes] | None = None,
    death_signal: int = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start one part: own session, ended with its parent, at work in the repository."""
    return subprocess.Popen(  # noqa: S603 - our own commands
        command,
        cwd=REPOSITORY,
        # Few malloc arenas: threads of a worker would otherwise each keep freed memory.
        env={"MALLOC_ARENA_MAX": "2", **os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=die_with_parent(os.getpid(), death_signal),  # one prctl, nothing that locks
    )


def properties_path(directory: Path) -> Path:
    """Return where the properties of the broker with this data directory are."""
    return directory.with_name(directory.name + ".properties")


def load_properties(path: Path) -> dict[str, str]:
    """Parse a properties file: `key=value` lines, comments with # or !; ValueError names a bad line."""
    properties: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text[0] in "#!":
            continue
        key, equals, value = text.partition("=")
        if not equals or not key.strip():
            raise ValueError(f"{path}, line {number}: {text!r} is not key=value")
        properties[key.strip()] = value.strip()
    return properties


def save_properties(path: Path, properties: Mapping[str, str]) -> None:
    """Write a properties file, whole or not at all."""
    for key, value in properties.items():
        if any(character in key + value for character in "\r\n"):
            raise ValueError(f"the value of {key} has a line break in it")
    temporary = path.with_name(path.name + ".new")
    temporary.write_text("".join(f"{key}={value}\n" for key, value in properties.items()), encoding="utf-8")
    temporary.replace(path)


@dataclass(slots=True)
class KnownBroker:
    """A broker that this data directory holds, running or not."""

    node_id: int
    directory: Path
    properties: dict[str, str]

    @property
    def queue(self) -> str:
        """Return the Celery queue that only this broker's process reads."""
        return f"broker.{self.node_id}"


def find_brokers(data: Path) -> list[KnownBroker]:
    """Return the brokers whose properties are in the data directory, by id."""
    found = []
    for path in data.glob("broker-*.properties"):
        properties = load_properties(path)
        found.append(KnownBroker(int(properties["node.id"]), path.with_suffix(""), properties))
    return sorted(found, key=lambda broker: broker.node_id)


BROKER_COMMAND = [sys.executable, "-m", "engine.hosting"]


def check_properties(path: Path) -> str | None:
    """Let the broker's own code judge a properties file; return its objection, None if it would serve with it."""
    judge = [sys.executable, "-m", "engine.hosting.checks", str(path)]
    result = subprocess.run(judge, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603
    return None if result.returncode == 0 else last_line(result.stdout + result.stderr)


def last_line(text: str) -> str:
    """Return the last line that says something."""
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it ended without a word"


@dataclass(slots=True)
class BrokerProcess:
    """One broker process that this process started."""

    node_id: int
    bootstrap: str
    process: subprocess.Popen[bytes]
    readiness: Readiness
    log_path: Path | None = None
    started_s: float = field(default_factory=time.monotonic)

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self.process.pid

    def wait_ready(self, timeout_s: float = READY_S_MAX) -> float:
        """Wait until it serves and return the seconds since its start; BrokerFailed if it ends or takes too long."""
        end_s = self.started_s + timeout_s
        while time.monotonic() < end_s:
            readable, _, _ = select.select([self.readiness], [], [], 0.05)
            if readable and self.readiness.heard():
                return time.monotonic() - self.started_s
            if self.process.poll() is not None:
                raise BrokerFailed(last_line(self.log()))
        self.kill()
        raise BrokerFailed(f"broker {self.node_id} was not ready within {timeout_s:g} s")

    def log(self) -> str:
        """Return what it has written so far, where that was kept."""
        return self.log_path.read_text(errors="replace") if self.log_path is not None else ""

    def stop(self, timeout_s: float = STOP_S_MAX) -> int:
        """Ask it to stop in order and return its exit code; killed when it takes longer than that."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout_s)
        return self.kill()

    def kill(self) -> int:
        """End it with -9 if it runs, and return its exit code."""
        if self.process.poll() is None:
            self.process.kill()
        self.readiness.close()
        return self.process.wait()


def start_broker(
    directory: Path,
    properties: Mapping[str, str],
    *,
    redis_url: str | None = None,
    output: int | IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> BrokerProcess:
    """Write the properties of the broker with this data directory and start its process.

    Without `output` what it says goes to `<directory>.log`. Properties use Kafka's names; node.id is 1
    and listeners is a free port of 127.0.0.1 where they are not given.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    complete = {"node.id": "1", **properties, "log.dirs": str(directory)}
    complete.setdefault("listeners", f"PLAINTEXT://127.0.0.1:{free_port()}")
    save_properties(properties_path(directory), complete)
    readiness = Readiness()
    variables = {"ODRADEK_BROKER_PROPERTIES": str(properties_path(directory)), "NOTIFY_SOCKET": readiness.address}
    if redis_url is not None:
        variables["REDIS_URL"] = redis_url
    node_id = int(complete["node.id"])
    log_path = directory.with_name(directory.name + ".log") if output is None else None
    with log_path.open("ab") if log_path is not None else open(os.devnull, "ab") as log:
        process = start_process(
            BROKER_COMMAND,
            environment={**variables, **(environment or {})},
            output=log if output is None else output,
            death_signal=signal.SIGTERM,  # its log is closed in order even then
        )
    bootstrap = complete["listeners"].split(",")[0].partition("://")[2]
    return BrokerProcess(node_id, bootstrap, process, readiness, log_path)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
