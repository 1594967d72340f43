"""Runs the cases in interleaved rounds over the servers, each server fresh for each case."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench import load, table
from tests.bench.cases import CASES, FETCH_FILL, Case
from tests.bench.servers import Odradek, Reference, Server

SERVERS: dict[str, type[Server]] = {"reference": Reference, "odradek": Odradek}
WARM_BYTES = 2 << 30  # a guest's memory is slow at first touch (2 ms a MB): touch it, give it back


def warm_memory(directory: Path) -> None:
    """Make the page cache's memory known to the machine, so that no server pays for it."""
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(WARM_BYTES // (4 << 20)):
            file.write(bytes(4 << 20))


@contextlib.contextmanager
def running(kind: str, case: Case, directory: Path) -> Iterator[Server]:
    """Start one server in a directory of its own; stop it and remove what it wrote."""
    with tempfile.TemporaryDirectory(dir=directory, prefix=f"{kind}-") as data:
        server = SERVERS[kind](directory, Path(data), case)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def measure(kind: str, case: Case, directory: Path) -> tuple[float, float]:
    """Run one case once; return its figure and the broker's CPU (us a request, or ms a MB)."""
    if case.figure == "MB/s":
        warm_memory(directory)
    with running(kind, case, directory) as server:
        if case.load == "fetch":
            load.run(directory, server.host, server.port, "produce", FETCH_FILL, case.pinned)
        cpu = server.cpu_seconds()
        found = load.run(directory, server.host, server.port, case.load, case.arguments, case.pinned)
        cpu = server.cpu_seconds() - cpu
    megabytes = found["bytes"] / 1e6
    if case.figure == "MB/s":
        return megabytes / found["seconds"], cpu * 1e3 / megabytes
    if case.figure == "requests/s":
        return found["requests"] / found["seconds"], cpu * 1e6 / found["requests"]
    return found["p50"], cpu * 1e6 / found["requests"]


def run(*, rounds: int, only: str, servers: list[str], json_path: Path | None) -> bool:
    """Measure and print; return whether every bar was met."""
    found: table.Rounds = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        load.build(directory)
        for number in range(rounds):
            for case in CASES:
                if only not in case.name:
                    continue
                for kind in servers:
                    found.setdefault((case.name, kind), []).append(measure(kind, case, directory))
            print(f"round {number + 1} of {rounds} done", flush=True)
        facts = Odradek.facts(directory)
    return table.show(found, facts, servers, json_path)
