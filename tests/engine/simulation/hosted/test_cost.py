"""What a simulated request costs, in calls of Python functions: a measure that no other process of a machine changes.

The time itself is measured by `python3 manage.py accept sandbox`.
"""

import sys

from engine.simulation.hosted.timeline import Timeline
from tests.engine.simulation.hosted.worlds import begin, consumer, producer

CALLS_MAX = 240  # of functions written in Python, for a request with all that it causes


def requests_in(timeline: Timeline, first: int) -> int:
    entries = timeline.entries(first, timeline.head - first + 1)
    return sum(1 for entry in entries for one in entry.seen if one.kind == "request_received")


def test_a_request_of_a_world_at_work_needs_few_calls():
    timeline = begin(9)
    producer(timeline, rate=60, value="{n} " + "x" * 92)
    consumer(timeline)
    timeline.run(1_500)
    first, calls = timeline.head + 1, 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    timeline.run(2_000)
    sys.setprofile(None)
    assert calls / requests_in(timeline, first) <= CALLS_MAX
