"""Fifty learners at once, with a page open each: `python3 manage.py accept sandbox`.

Real processes, as `up` starts them: one that hosts sandboxes, one that serves pages. What a picture is behind is
measured for each event of a world: from when it is due by the wall clock to when the first frame with it has come.
"""

import math
import os
import time
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from tests.browser.installation import console_on
from tests.processes import cpu_s
from tests.sandbox.pictures import Picture, Pictures
from tests.sandbox.worker_process import Worker, in_django, make_database

LEARNERS, RATE = 50, 20
SETTLE_S, LOOK_S = 5.0, 20.0
PRESSED = 20
VALUE = "{n} " + "x" * 92
BEHIND_MS, PRESS_S, SLOWER = 200, 1.0, 1.10
MAKE = f"""
from django.conf import settings
from django.test import Client
from console.models import User
from sandbox.services import sandboxes
for number in range({LEARNERS} + 2):
    who = User.objects.create_user(f"learner-{{number}}", is_superuser=number >= {LEARNERS})
    client = Client()
    client.force_login(who)
    made = sandboxes.make(name="One", limits="own" if who.is_superuser else "member", owner=who, seed=number)
    print("made", made.id, settings.SESSION_COOKIE_NAME, client.cookies[settings.SESSION_COOKIE_NAME].value)
"""


class Crowd(NamedTuple):
    """Everybody: the last one has no limits."""

    worker: Worker
    address: str
    web_pid: int
    pages: list[tuple[uuid.UUID, str]]


def say(what: str, figure: str, bar: str) -> None:
    print(f"sandbox/{what}: {figure} (bar: {bar}; load {os.getloadavg()[0]:.1f})")


def part(values: list[float], share: float) -> float:
    """The value that so large a share is not above."""
    return sorted(values)[math.ceil(len(values) * share) - 1]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory) -> Iterator[Crowd]:
    data = tmp_path_factory.mktemp("crowd")
    make_database(data)
    told = [line.split()[1:] for line in in_django(data, MAKE).splitlines() if line.startswith("made")]
    pages = [(uuid.UUID(sandbox), f"{name}={value}") for sandbox, name, value in told]
    worker, web = Worker(data), console_on(data)
    try:
        with web as address:
            for sandbox, _ in pages[:LEARNERS]:
                furnish(worker, sandbox, [producer("p1", RATE), CONSUMER])
            yield Crowd(worker, address, web.process.pid, pages)
    finally:
        worker.kill()


CONSUMER = {"kind": "consumer", "name": "c1", "topic": "orders", "group": "readers"}


def producer(name: str, rate: float) -> dict:
    return {"kind": "producer", "name": name, "topic": "orders", "rate": rate, "value": VALUE}


def furnish(worker: Worker, sandbox: uuid.UUID, actors: list[dict]) -> None:
    """A topic and who writes and reads in it; time stands."""
    worker.ok(sandbox, "pause")
    worker.ok(sandbox, "step", events=3)
    worker.ok(sandbox, "act", action={"do": "create topic", "topic": "orders", "partitions": 3})
    worker.ok(sandbox, "step", until={"seen": "opened", "topic": "orders", "partition": 2})
    for actor in actors:
        worker.ok(sandbox, "act", action={"do": "add", "actor": actor})


class Behind(NamedTuple):
    """How pictures were behind their clusters, and how fast time went there."""

    ms: list[list[float]]  # of each picture
    progress: float  # of a second of the wall clock, where it was slowest
    latest_s: float  # when it was in its world that the latest event happened: what the runner had to do then

    @property
    def worst_p95(self) -> float:
        """Of the picture that was furthest behind."""
        return max(part(one, 0.95) for one in self.ms)

    def __str__(self) -> str:
        every = [ms for one in self.ms for ms in one]
        return (
            f"p50 {part(every, 0.5):.0f} ms, p95 {part(every, 0.95):.0f} ms ({self.worst_p95:.0f} ms of the worst "
            f"picture), max {max(every):.0f} ms of {len(every)} events, {self.latest_s:.1f} s after its world began; "
            f"time went at {self.progress:.2f}x"
        )


def watched(crowd: Crowd, pictures: list[Picture], seconds: float) -> Behind:
    """Look for some seconds."""
    first = [len(one.seen) for one in pictures]
    time.sleep(seconds)
    last = [len(one.seen) for one in pictures]
    found: list[list[tuple[float, int]]] = []
    progress: list[float] = []
    for one, start, end in zip(pictures, first, last, strict=True):
        frames = one.seen[start:end]
        assert len(frames) > 1, f"{one.sandbox}: {len(frames)} frames in {seconds} s, {one.said[-1:]}"
        ahead_s = min(each.at_s - each.now_us / 1e6 for each in frames)  # when its world's time is due
        progress.append((frames[-1].now_us - frames[0].now_us) / 1e6 / (frames[-1].at_s - frames[0].at_s))
        found.append(behind_ms(crowd.worker, one.sandbox, frames, ahead_s))
    latest_us = max(max(one) for one in found)[1]
    return Behind([[ms for ms, _ in one] for one in found], min(progress), latest_us / 1e6)


def behind_ms(worker: Worker, sandbox: uuid.UUID, frames: list, ahead_s: float) -> list[tuple[float, int]]:
    """For each event in these frames: how long after it was due it was seen, and when it was in its world."""
    found, at, number, last = [], 0, frames[0].events + 1, frames[-1].events
    while number <= last:
        for entry in worker.ok(sandbox, "history", first=number, count=min(500, last - number + 1))["entries"]:
            while frames[at].events < entry["event"]:
                at += 1
            found.append(((frames[at].at_s - ahead_s - entry["at_us"] / 1e6) * 1000, entry["at_us"]))
            number = entry["event"] + 1
    return found


def test_every_picture_is_close_behind_its_cluster_and_a_runaway_slows_nobody(crowd: Crowd):
    learners, spare = crowd.pages[:LEARNERS], crowd.pages[LEARNERS][0]
    with Pictures(crowd.address, learners) as pictures:
        for sandbox, _ in learners:
            crowd.worker.ok(sandbox, "play", speed=1)
        time.sleep(SETTLE_S)
        cpu = [cpu_s(crowd.worker.process.pid), cpu_s(crowd.web_pid)]
        time.sleep(SETTLE_S)
        cpu = [
            (cpu_s(pid) - before) / SETTLE_S
            for pid, before in zip((crowd.worker.process.pid, crowd.web_pid), cpu, strict=True)
        ]
        say(
            f"CPU of {LEARNERS} pictures", f"{cpu[0]:.2f} of a core for their worlds, {cpu[1]:.2f} for their pages", "1"
        )
        alone = watched(crowd, pictures, LOOK_S)
        say(f"{LEARNERS} pictures behind their clusters", str(alone), f"{BEHIND_MS} ms")
        actors = [producer(f"p{number}", 1_000) for number in range(20)]
        actors += [{**CONSUMER, "name": f"c{number}", "group": f"g{number}"} for number in range(20)]
        furnish(crowd.worker, spare, actors)
        crowd.worker.ok(spare, "play", speed="max")
        with Pictures(crowd.address, [crowd.pages[LEARNERS]]):
            time.sleep(SETTLE_S)
            beside = watched(crowd, pictures, LOOK_S)
        crowd.worker.ok(spare, "pause")
        say("the same beside one that runs away", str(beside), f"time at {1 / SLOWER:.2f}x at least")
    assert alone.worst_p95 <= BEHIND_MS
    assert beside.progress >= 1 / SLOWER


def test_press_to_first_frame_with_fifty_others(crowd: Crowd, chromium: Browser):
    with Pictures(crowd.address, crowd.pages[:LEARNERS]):
        for sandbox, _ in crowd.pages[:LEARNERS]:
            crowd.worker.ok(sandbox, "play", speed=1)
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        name, value = crowd.pages[-1][1].split("=")
        context.add_cookies([{"name": name, "value": value, "url": crowd.address}])
        page, seconds = context.new_page(), []
        for number in range(PRESSED):
            page.goto(f"{crowd.address}/sandboxes/")
            page.fill("#name", f"New {number}")
            began_s = time.perf_counter()
            page.click("main button[data-kind=primary]")
            page.wait_for_selector("[data-live]")
            seconds.append(time.perf_counter() - began_s)
            crowd.worker.ok(uuid.UUID(page.url.split("/")[-2]), "pause")
        context.close()
        figure = f"{part(seconds, 0.95):.2f} s, median {part(seconds, 0.5):.2f} s"
        say(f"press to first frame in a browser, {LEARNERS} others, p95", figure, f"{PRESS_S:.0f} s")
    assert part(seconds, 0.95) <= PRESS_S
