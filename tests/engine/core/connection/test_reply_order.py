"""Replies leave in the order of their requests, however long one of them waits."""

import random

from engine.core.connection.out_queue import Region
from engine.core.connection.reply_order import Connection, Slot


def everything(connection):
    """Return all bytes that may go out now."""
    return b"".join(connection.out.items)


def test_a_reply_goes_straight_out_when_nothing_waits():
    connection = Connection(1, "peer")
    connection.reply(b"one")
    connection.reply_items([b"two", Region(1, 0, 4)])
    assert connection.out.items == [b"one", b"two", Region(1, 0, 4)]
    assert connection.out.queued_bytes == 10


def test_a_reply_waits_behind_a_parked_request():
    connection = Connection(1, "peer")
    parked = Slot()
    connection.slots.append(parked)
    connection.reply(b"second")
    connection.reply_items([b"third"])
    assert not connection.release_slots()
    assert not connection.out.items
    parked.items = [b"first"]
    assert connection.release_slots()
    assert everything(connection) == b"firstsecondthird"
    assert not connection.slots


def test_replies_go_out_up_to_the_first_that_is_not_known():
    connection = Connection(1, "peer")
    slots = [Slot() for _ in range(4)]
    connection.slots.extend(slots)
    slots[0].items, slots[1].items, slots[3].items = [b"0"], [b"1"], [b"3"]
    assert connection.release_slots()
    assert everything(connection) == b"01"
    assert list(connection.slots) == slots[2:]


def test_a_request_without_a_reply_holds_its_place_and_sends_nothing():
    connection = Connection(1, "peer")
    connection.slots.extend([Slot([]), Slot([b"next"])])
    connection.release_slots()
    assert everything(connection) == b"next"


def test_any_order_of_completion_gives_the_order_of_requests():
    rng = random.Random(2)
    for _ in range(100):
        connection, waiting, asked = Connection(1, "peer"), [], b""
        for number in range(30):
            asked += bytes([number])
            if rng.random() < 0.4:
                slot = Slot()
                connection.slots.append(slot)
                waiting.append((slot, number))
            else:
                connection.reply(bytes([number]))
        rng.shuffle(waiting)
        for slot, number in waiting:
            slot.items = [bytes([number])]
            connection.release_slots()
        assert everything(connection) == asked
