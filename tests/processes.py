"""Processes that tests start: a Redis, brokers, and what is left of an installation."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from console.management.redis_server import OwnRedis, own_redis
from engine.launcher import start_process


def wait_for(condition: Callable[[], object], timeout_s: float = 10.0, what: str = "") -> None:
    """Wait until a condition holds, and fail when it does not in time."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, what or "it did not happen in time"
        time.sleep(0.02)


@contextmanager
def running_redis(directory: Path) -> Iterator[tuple[OwnRedis, subprocess.Popen[bytes]]]:
    """Run a Redis of our own; it may be stopped or frozen by who uses it."""
    redis = own_redis(directory)
    process = start_process(redis.command, environment={}, output=subprocess.DEVNULL)
    try:
        wait_for(redis.answers, what="Redis did not answer")
        yield redis, process
    finally:
        process.kill()
        process.wait()


def processes_of(data: Path) -> dict[int, str]:
    """Return the living processes that were started for a data directory: process id to command line."""
    mark = f"ODRADEK_DATA={data}".encode()
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with suppress(OSError):
                in_environment = mark in (entry / "environ").read_bytes().split(b"\0")
                in_directory = os.readlink(entry / "cwd").startswith(str(data))  # Redis hides its environment
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                if command and (in_environment or in_directory or str(data) in command):
                    found[int(entry.name)] = command
    return found


def cpu_s(pid: int) -> float:
    """Return the processor time of a process and of those of its children that have ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def pss_kb(pid: int) -> int:
    """Return the proportional set size of a process."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
