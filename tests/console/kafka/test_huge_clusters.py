"""A cluster of very many topics holds up nobody but its own pages."""

import asyncio
import gc
import subprocess
import sys
import time
from asyncio import events

import pytest

from console.kafka import api_requests, cluster, connection, shared, topics
from console.kafka.connection import ConnectionSpec, on_loop

TOPICS, PARTITIONS = 40_000, 200_000
STEP_S = 0.15  # of a processor, on a loaded machine too; 0.36 s before, and with the collector stops of 1.5 s


@pytest.fixture(scope="module")
def huge():
    command = [sys.executable, "-m", "tests.console.big_cluster", str(TOPICS), str(PARTITIONS), "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield ConnectionSpec(process.stdout.readline().strip())
        process.kill()


@pytest.fixture
def steps(monkeypatch):
    """How long each step of the loop that all pages share was at work, without Python's collector."""
    took = []
    run = events.Handle._run

    def measured(handle):
        begun_s = time.thread_time()
        run(handle)
        took.append(time.thread_time() - begun_s)

    on_loop(asyncio.sleep(0)).result()
    monkeypatch.setattr(events.Handle, "_run", measured)
    gc.collect()
    gc.disable()
    yield took
    gc.enable()


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Time enough for a cluster of this size beside other tests."""
    for module in (connection, shared):
        monkeypatch.setattr(module, "TIME_LIMIT_S", 30.0)
    for function in (connection.run, connection.use):
        monkeypatch.setitem(function.__kwdefaults__, "time_limit_s", 30.0)
    monkeypatch.setattr(api_requests, "LIST_LIMIT_S", 30.0)


def test_its_pages_are_made_in_short_steps(huge, steps):
    view = cluster.describe(huge)
    assert (view.topics, view.partitions) == (TOPICS, PARTITIONS)
    assert sum(node.leaders for node in view.nodes) == PARTITIONS
    page = topics.topic_page(huge, query="99", sort="partitions", descending=True)
    assert page.total == TOPICS and page.topics[0].records == 5_000
    assert len(api_requests.topics(huge)) == TOPICS
    assert max(steps) < STEP_S, sorted(steps)[-5:]
