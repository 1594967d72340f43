"""The out-queue: joined heads, short writes of bytes and of regions, and what it holds."""

import random

import pytest

from engine.core.connection.out_queue import SEND_JOIN_BYTES_MAX, OutQueue, Region


def queue_of(*items):
    """Return a queue with these items."""
    queue = OutQueue()
    for item in items:
        queue.add(item)
    return queue


def test_replies_in_a_row_go_out_in_one_send():
    queue = queue_of(b"one", b"two", Region(3, 0, 10), b"three")
    assert queue.head() == b"onetwo"
    queue.sent(6)
    assert queue.head() == Region(3, 0, 10)


def test_one_send_has_a_bound():
    half = bytes(SEND_JOIN_BYTES_MAX // 2 + 1)
    queue = queue_of(half, half, half)
    assert len(queue.head()) == len(half), "two halves and a bit are too much"
    assert len(queue.items) == 3


def test_a_reply_larger_than_the_bound_goes_out_alone():
    queue = queue_of(bytes(SEND_JOIN_BYTES_MAX * 2), b"next")
    assert len(queue.head()) == SEND_JOIN_BYTES_MAX * 2


def test_a_short_write_leaves_the_rest_at_the_head():
    queue = queue_of(b"abcdef", Region(7, 100, 50))
    queue.sent(2)
    assert queue.head() == b"cdef"
    queue.sent(4)
    queue.sent(20)
    assert queue.head() == Region(7, 120, 30)
    assert queue.queued_bytes == 30
    queue.sent(30)
    assert not queue.items
    assert queue.queued_bytes == 0


def test_more_cannot_be_sent_than_there_was():
    queue = queue_of(Region(7, 100, 50))
    with pytest.raises(AssertionError):
        queue.sent(51)


def test_it_says_which_files_it_holds():
    queue = queue_of(b"x", Region(7, 0, 5))
    assert queue.holds_region_of(7)
    assert not queue.holds_region_of(8)
    queue.sent(1)
    queue.sent(5)
    assert not queue.holds_region_of(7)


def test_any_sequence_of_short_writes_delivers_every_byte_in_order():
    rng = random.Random(1)
    content = bytes(rng.randrange(256) for _ in range(500))  # of file 1
    for _ in range(200):
        queue, expected, delivered, unqueued = OutQueue(), b"", b"", 20
        while unqueued or queue.items:
            if unqueued and rng.random() < 0.5:
                item, data = pick(rng, content)
                queue.add(item)
                expected += data
                unqueued -= 1
            if queue.items:
                head = queue.head()
                data = content[head.position : head.position + head.length] if isinstance(head, Region) else head
                count = rng.randrange(len(data) + 1) or len(data)
                delivered += data[:count]
                queue.sent(count)
            assert queue.queued_bytes == len(expected) - len(delivered)
        assert delivered == expected


def pick(rng, content):
    """Return a random item and the bytes it stands for."""
    length = rng.randrange(1, 40)
    position = rng.randrange(len(content) - length)
    data = content[position : position + length]
    return (data if rng.random() < 0.5 else Region(1, position, length)), data


def test_what_is_taken_is_gone_up_to_the_room_there_is():
    out = OutQueue()
    for item in (b"ab", b"cd", Region(7, 100, 10), b"e"):
        out.add(item)
    assert out.take(3) == b"abc"
    assert out.take(9) == b"d"
    assert out.take(4) == Region(7, 100, 4)
    assert (out.queued_bytes, out.items) == (7, [Region(7, 104, 6), b"e"])
    assert [out.take(6), out.take(6)] == [Region(7, 104, 6), b"e"]
    assert (out.queued_bytes, out.items) == (0, [])
