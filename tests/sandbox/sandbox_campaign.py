"""`manage.py accept sandbox`: the figures of hosted sandboxes, each line with its bar."""

import gc
import os
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
import uuid
from pathlib import Path

import pytest

from console.models import User
from engine.simulation import snapshots
from engine.simulation.hosted import disk_images
from engine.simulation.hosted.timeline import Stopped, Timeline
from sandbox.limits import limits_of
from sandbox.runner.collector import calm_collector
from sandbox.runner.file_keeper import FileKeeper
from sandbox.runner.hosted import Hosted
from sandbox.runner.traffic import Traffic
from sandbox.services import sandboxes
from tests.engine.simulation.hosted.worlds import begin, busy, consumer, producer

KEY, BUILD = b"k" * 32, "accept"
RECORDS, EVENTS = 10_000, 20_000
MB = 1 << 20
VALUE = "{n} " + "x" * 92


@pytest.fixture(autouse=True, scope="module")
def as_in_the_process_that_hosts_worlds():
    """A fork takes 5 ms; one in twenty took 54 while the collector went through a Django as well."""
    calm_collector()


def say(what: str, figure: str, bar: str) -> None:
    print(f"sandbox/{what}: {figure} (bar: {bar}; load {os.getloadavg()[0]:.1f})")


def memory_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def filled(directory: Path, seed: int):
    """A world of 10,000 records of 100 bytes and 20,000 events."""
    timeline = begin(seed, FileKeeper(directory, KEY, BUILD))
    producer(timeline, rate=60, value=VALUE)
    consumer(timeline)
    timeline.run(EVENTS - 400 - timeline.head)
    ends = [one["end"] for name, one in summary(timeline).items() if name.startswith("orders")]
    for left in range(max(0, RECORDS - sum(ends)), 0, -1_000):
        timeline.act({"do": "produce", "topic": "orders", "value": "x" * 100, "count": min(left, 1_000)})
    timeline.run(EVENTS - timeline.head)
    return timeline


def summary(timeline):
    return timeline.world.past.ledger.summary()["partitions"]


def late(seconds: list[float], part: float = 0.95) -> float:
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * part))]


def timed(work, *arguments) -> tuple[float, object]:
    """Processor time: other processes of this machine are not ours to blame."""
    began_s = time.process_time()
    result = work(*arguments)
    return time.process_time() - began_s, result


def test_size_and_cpu(tmp_path):
    filled(tmp_path / "warm", 1)
    before = memory_bytes()
    worlds = [filled(tmp_path / str(number), number) for number in range(4)]
    running = (memory_bytes() - before) / len(worlds)
    say("memory of a running one", f"{running / MB:.1f} MB", "8 MB")
    for timeline in worlds:
        Hosted.fall_asleep(hosted_of(timeline))
    on_disk = max(timeline.keeper.bytes_on_disk() for timeline in worlds)
    say("asleep on disk", f"{on_disk / MB:.2f} MB", "4 MB")
    assert running < 8 * MB and on_disk < 4 * MB


def lived() -> tuple[float, Timeline]:
    """How much processor time a world of 10,000 events takes, from its beginning on; and the world."""
    began_s, timeline = time.process_time(), begin(9)
    producer(timeline, rate=60, value=VALUE)
    consumer(timeline)
    timeline.run(10_000)
    return (time.process_time() - began_s) * 1e6, timeline


def test_cpu_of_a_request():
    """The least of several is what a request needs: who runs beside this takes caches away, never gives any."""
    lives = [lived() for _ in range(9)]
    least_us, median_us = min(one for one, _ in lives), statistics.median(one for one, _ in lives)
    world = lives[0][1]
    asked = sum(1 for n in range(1, world.head + 1) for one in world.entry(n).seen if one.kind == "request_received")
    figure = f"{least_us / asked:.0f} us (median {median_us / asked:.0f}), {least_us / world.head:.0f} us an event"
    say("CPU of a simulated request, least of 9", figure, "100 us")


def test_a_hundred_asleep(pumped, owner):
    """What stays of a sandbox in its runner when it sleeps: it was awake, had records, was looked at."""
    made = [sandboxes.make(name=str(n), limits="own", owner=owner, seed=n) for n in range(20)]
    for one in made[:10]:
        used_and_asleep(pumped, one)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(100):
        who = User.objects.create_user(f"sleeper-{number}")
        used_and_asleep(pumped, sandboxes.make(name="one", limits="own", owner=who, seed=number))
    gc.collect()
    kept = (tracemalloc.get_traced_memory()[0] - before) / 100
    tracemalloc.stop()
    say("memory of one asleep, of 100", f"{kept / 1024:.1f} KB", "20 KB")
    assert kept <= 20 << 10


def used_and_asleep(pumped, sandbox) -> None:
    pumped.ok(sandbox, "pause")
    pumped.ok(sandbox, "step", events=3)
    pumped.ok(sandbox, "act", action={"do": "create topic", "topic": "orders", "partitions": 3})
    pumped.ok(sandbox, "step", until={"seen": "opened", "topic": "orders", "partition": 2})
    pumped.ok(sandbox, "act", action={"do": "produce", "topic": "orders", "value": "x" * 100, "count": 100})
    pumped.ok(sandbox, "step", events=100)
    pumped.ok(sandbox, "frame")
    pumped.ok(sandbox, "sleep")


def hosted_of(timeline) -> Hosted:
    return Hosted(uuid.uuid4(), timeline, timeline.keeper, limits_of("own"), Traffic(None))


def test_forks(tmp_path):
    timeline = filled(tmp_path / "one", 5)
    here = [timed(timeline.fork)[0] for _ in range(20)]
    chance = random.Random(1)
    there = [timed(timeline.fork, chance.randrange(timeline.head))[0] for _ in range(20)]
    say("fork of the present, p95", f"{late(here) * 1000:.0f} ms", "20 ms")
    say("fork of a past moment, p95", f"{late(there) * 1000:.0f} ms", "300 ms")


def test_scrubbing_300_000_events(tmp_path):
    timeline = begin(3, FileKeeper(tmp_path / "long", KEY, BUILD))
    producer(timeline, rate=20)
    consumer(timeline)
    while timeline.head < 300_000:
        timeline.run(1_000)
    digest = timeline.world.history.sha256()
    chance = random.Random(2)
    seconds = [timed(timeline.jump, chance.randrange(timeline.head))[0] for _ in range(100)]
    say("scrub of 300,000 events, p95 of 100", f"{late(seconds) * 1000:.0f} ms", "300 ms")
    while timeline.run(5_000) is not Stopped.PRESENT:
        pass
    assert timeline.world.history.sha256() == digest
    say("100 random jumps back, then played on", "the history is what it was", "the same")
    size, _ = timed(snapshots.snapshot, timeline.world)
    say("a keyframe's snapshot", f"{size * 1000:.1f} ms", "-")
    say("300,000 events on disk", f"{timeline.keeper.bytes_on_disk() / MB:.1f} MB", "-")
    assert len(disk_images.images_of(timeline.world)) > 0


def test_twenty_processes():
    expected = busy(11, 2_500)
    told = f"{expected.world.history.sha256()} {expected.head} {expected.world.past.ledger.summary()}\n"
    same = 0
    for number in range(20):
        done = subprocess.run(
            [sys.executable, "-m", "tests.engine.simulation.hosted.run_one", "11", str(number * 1_000), "2500"],
            env={**os.environ, "PYTHONHASHSEED": str(number)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        same += done.stdout == told
    say("fresh processes with the same history", f"{same} of 20", "20 of 20")
    assert same == 20
