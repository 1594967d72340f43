"""check.crcs: what was damaged on the way or on the disk is said, not handed out; what came before it is."""

from engine.client.calls import Poll, Seek
from engine.client.errors import CorruptRecord
from engine.wire.messages.fetch import FetchRequest

from .scripted import metadata
from .test_consumer import asked_offsets, batch, consuming, fetched, values


def damaged(base_offset, *contents):
    """A batch with one bit of its last value turned."""
    data = bytearray(batch(base_offset, *contents))
    data[-2] ^= 4
    return bytes(data)


def answer(driver, *parts):
    asked = driver.take_one(FetchRequest)
    driver.answer(asked, fetched(*parts))
    return asked_offsets(asked)


def next_fetch(driver):
    """The fetch after an error; whatever was wrong, the leader is asked for again before it."""
    asked = driver.take()
    driver.answer(asked.pop(0), metadata(("orders", 2)))
    driver.advance(200)
    (asked,) = [one for one in [*asked, *driver.take()] if isinstance(one.message, FetchRequest)]
    return asked


def test_what_comes_before_a_damaged_batch_is_handed_out_and_then_the_error_at_its_offset():
    driver = consuming((0, 5))
    answer(driver, (0, 0, 9, batch(5, b"a", b"b") + damaged(7, b"c") + batch(8, b"d")))
    assert values(driver.results[driver.call(Poll())]) == [b"a", b"b"]
    assert answer(driver, (0, 0, 9, damaged(7, b"c") + batch(8, b"d"))) == {0: 7}
    ((found),) = driver.results[driver.call(Poll())]
    assert isinstance(found.error, CorruptRecord) and (found.position, found.next_offset, found.records) == (7, 7, b"")
    assert str(found.error).startswith(
        "the record batch at offset 7 of partition 0 of topic orders is corrupt (stored crc"
    )


def test_it_is_fetched_again_a_moment_later_and_read_if_it_is_whole_then():
    driver = consuming((0, 5))
    answer(driver, (0, 0, 6, damaged(5, b"a")))
    driver.answer(next_fetch(driver), fetched((0, 0, 6, batch(5, b"a"))))
    told = driver.results[driver.call(Poll(bytes_max=1 << 20))]
    assert isinstance(told[0].error, CorruptRecord) and values(told[1:]) == [b"a"]


def test_a_seek_goes_past_it():
    driver = consuming((0, 5))
    answer(driver, (0, 0, 7, damaged(5, b"a") + batch(6, b"b")))
    driver.call(Poll())
    driver.call(Seek("orders", 0, 6))
    driver.answer(next_fetch(driver), fetched((0, 0, 7, batch(6, b"b"))))
    assert values(driver.results[driver.call(Poll())]) == [b"b"]


def test_another_partition_is_not_held_up():
    driver = consuming((0, 5), (1, 0))
    answer(driver, (0, 0, 6, damaged(5, b"a")), (1, 0, 1, batch(0, b"z")))
    told = driver.results[driver.call(Poll())]
    assert [type(one.error) for one in told] == [CorruptRecord, type(None)] and values(told[1:]) == [b"z"]


def test_who_does_not_want_it_checked_gets_what_came():
    driver = consuming((0, 5), check_crcs=False)
    data = damaged(5, b"a")
    answer(driver, (0, 0, 6, data))
    ((found),) = driver.results[driver.call(Poll())]
    assert (found.error, found.records, found.next_offset) == (None, data, 6)
