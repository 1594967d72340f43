"""Compiles the C programs once, runs the load generator or librdkafka; gives their figures as a dict."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parent / "c"
TOPIC = "bench"
SECONDS_MAX = 60


class BenchError(Exception):
    """The bench cannot run, or what it measured is not to be trusted; the message says why."""


def build(directory: Path) -> None:
    """Compile reference broker and load generator into the directory."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise BenchError("the bench needs a C compiler (gcc): the physical limit is measured with a broker in C")
    for name in ("reference_broker", "load_generator"):
        command = [compiler, "-O3", "-msse4.2", "-o", directory / name, SOURCES / f"{name}.c", "-lpthread"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise BenchError(f"{name}.c does not compile here: {done.stderr.strip().splitlines()[-1]}")


def on_core(core: int, pinned: bool) -> list[str]:
    """Give the words that put a command on one core, where that is wanted and possible."""
    return ["taskset", "-c", str(core)] if pinned and (os.cpu_count() or 1) > 1 and shutil.which("taskset") else []


def run(directory: Path, host: str, port: int, load: str, arguments: tuple[int, ...], pinned: bool) -> dict[str, float]:
    """Run one load to its end. Raises BenchError if the broker refused or disordered anything."""
    if load.startswith("librdkafka"):
        bootstrap = f"{host}:{port}" if port else "mock"
        command = [sys.executable, "-m", "tests.bench.librdkafka", load.split()[1], bootstrap, TOPIC]
    else:
        command = [*on_core(1, pinned), str(directory / "load_generator"), load, host, str(port), TOPIC]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS_MAX)
    if done.returncode:
        raise BenchError(f"the {load} load stopped: {done.stderr.strip() or done.returncode}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures
