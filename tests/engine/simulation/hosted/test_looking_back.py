"""What was seen last is found in the whole of a history, or it is said how far back nothing was found."""

from engine.simulation.hosted import looking_back
from engine.simulation.hosted.looking_back import Found, last_seen
from engine.simulation.hosted.why import why_seen
from engine.simulation.past import BLOCK_ENTRIES
from tests.engine.simulation.hosted.worlds import begin, consumer, producer


def long_ago(events=3_000):
    timeline = begin(5)
    producer(timeline, rate=100)
    consumer(timeline)
    timeline.run(events)
    return timeline


def of_broker(seen):
    return seen["node"] == "broker-1"


def test_what_is_rare_is_found_however_long_ago_it_was(monkeypatch):
    timeline = long_ago()
    monkeypatch.setattr(looking_back, "READ_MAX", 2)
    number = last_seen(timeline, ("started",), of_broker, ("broker-1",)).event
    assert 0 < number < BLOCK_ENTRIES
    assert any(one.kind == "started" for one in timeline.entry(number).seen)
    assert why_seen(timeline, "started", node="broker-1")[0].event == number


def test_the_last_one_is_found_also_before_a_moment_and_at_a_playhead_in_the_past():
    timeline = long_ago()
    newest = last_seen(timeline, ("appended",), lambda seen: True).event
    older = last_seen(timeline, ("appended",), lambda seen: True, before=newest - 1).event
    assert 0 < older < newest
    timeline.jump(older)
    assert last_seen(timeline, ("appended",), lambda seen: True).event == older


def test_what_is_not_there_is_said_with_how_far_back_it_was_looked_for(monkeypatch):
    timeline = long_ago()
    assert last_seen(timeline, ("appended",), lambda seen: False) == Found(0, 1)
    assert last_seen(timeline, ("appended",), lambda seen: True, ("no such topic",), before=BLOCK_ENTRIES) == Found(
        0, 1
    )
    monkeypatch.setattr(looking_back, "READ_MAX", 2)
    oldest = last_seen(timeline, ("appended",), lambda seen: False).oldest
    assert timeline.head - 2 * BLOCK_ENTRIES < oldest <= timeline.head - BLOCK_ENTRIES
    assert (oldest - 1) % BLOCK_ENTRIES == 0
