"""Runs the cases in interleaved rounds over the servers, each server fresh for each case (Apache Kafka stays warm)."""

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import load, table
from tests.bench.apache_kafka import ApacheKafka, Peer
from tests.bench.cases import CASES, FETCH_FILL, Case
from tests.bench.servers import Mock, Odradek, Reference, Server, wake_groups

SERVERS = ("reference", "odradek", "mock", "kafka")
WARM_BYTES = 2 << 30  # a guest's memory is slow at first touch (2 ms a MB): touch it, give it back
Start = Callable[[Path, Path, Case], Server]


def warm_memory(directory: Path) -> None:
    """Make the page cache's memory known to the machine, so that no server pays for it."""
    with tempfile.NamedTemporaryFile(dir=directory) as file:
        for _ in range(WARM_BYTES // (4 << 20)):
            file.write(bytes(4 << 20))


@contextlib.contextmanager
def running(start: Start, case: Case, directory: Path) -> Iterator[Server]:
    """Start one server in a directory of its own; stop it and remove what it wrote."""
    with tempfile.TemporaryDirectory(dir=directory, prefix="server-") as data:
        server = start(directory, Path(data), case)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def measure(start: Start, case: Case, directory: Path) -> tuple[float, float]:
    """Run one case once; return its figure and the broker's CPU (us a request, or ms a MB)."""
    if case.figure == "MB/s":
        warm_memory(directory)
    with running(start, case, directory) as server:
        if case.load in ("fetch", "librdkafka consume"):
            load.run(directory, server.host, server.port, "produce", FETCH_FILL, case.pinned)
        if case.load == "commit":
            wake_groups(f"{server.host}:{server.port}")
        cpu = server.cpu_seconds()
        found = load.run(directory, server.host, server.port, case.load, case.arguments, case.pinned)
        cpu = server.cpu_seconds() - cpu
    megabytes = found["bytes"] / 1e6
    if case.figure == "MB/s":
        return megabytes / found["seconds"], cpu * 1e3 / megabytes
    if case.figure == "requests/s":
        return found["requests"] / found["seconds"], cpu * 1e6 / found["requests"]
    return found["p50"], cpu * 1e6 / found["requests"]


@contextlib.contextmanager
def starting(servers: list[str], directory: Path, facts: table.Facts) -> Iterator[dict[str, Start]]:
    """Give what starts each server; Apache Kafka runs, warm, until the block ends. Its facts are taken before."""
    starts: dict[str, Start] = {"reference": Reference, "odradek": Odradek, "mock": Mock}
    if "kafka" not in servers or not os.environ.get("KAFKA_START"):
        print("KAFKA_START names no Apache Kafka, or it was not asked for: it is left out", flush=True)
        yield {name: starts[name] for name in servers if name != "kafka"}
        return
    peer = Peer(directory, directory / "kafka")
    try:
        facts["kafka"] = peer.facts()
        peer.warm_up()
        starts["kafka"] = functools.partial(ApacheKafka, peer)
        yield {name: starts[name] for name in servers}
    finally:
        peer.stop("--kill")


def run(*, rounds: int, only: str, servers: list[str], json_path: Path | None) -> bool:
    """Measure and print; return whether every bar was met."""
    found: table.Rounds = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        load.build(directory)
        facts: table.Facts = {"odradek": Odradek.facts(directory)}
        with starting(servers, directory, facts) as starts:
            for number in range(rounds):
                for case in CASES:
                    if only not in case.name:
                        continue
                    for kind, start in starts.items():
                        if case.runs_on(kind):
                            found.setdefault((case.name, kind), []).append(measure(start, case, directory))
                print(f"round {number + 1} of {rounds} done", flush=True)
    return table.show(found, facts, list(starts), json_path)
