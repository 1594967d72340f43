"""Idempotent producers: next, duplicate, out of order, fenced (KIP-98, KIP-360)."""

import pytest

from engine.core.log.producer_state import REMEMBERED_BATCHES, ProducerState
from engine.wire.error_codes import ErrorCode, WireError
from tests.plain_data import impure

PRODUCER = 7


def state_after(*batches, epoch=0):
    """Return the state after batches of (first sequence, count), appended one after the other from offset 100 on."""
    state, offset = ProducerState(), 100
    for first, count in batches:
        last = first + count - 1 & 0x7FFFFFFF
        state.remember(PRODUCER, epoch, (first, last, offset, offset + count - 1, 1000))
        offset += count
    return state


def refused(state, epoch, first, last):
    """Return the code with which a batch is refused."""
    with pytest.raises(WireError) as caught:
        state.check(PRODUCER, epoch, first, last)
    return caught.value.code


def test_a_producer_that_is_not_known_may_begin_anywhere():
    """Its records may have been deleted (KIP-360)."""
    assert ProducerState().check(PRODUCER, 3, 41, 44) is None


def test_the_next_batch_is_taken():
    assert state_after((0, 5), (5, 1)).check(PRODUCER, 0, 6, 9) is None


def test_a_retry_is_answered_with_its_old_offset():
    state = state_after((0, 5), (5, 1), (6, 2))
    assert state.check(PRODUCER, 0, 0, 4) == 100
    assert state.check(PRODUCER, 0, 5, 5) == 105
    assert state.check(PRODUCER, 0, 6, 7) == 106


def test_only_the_last_five_batches_are_known_as_duplicates():
    state = state_after(*[(number, 1) for number in range(REMEMBERED_BATCHES + 1)])
    assert state.check(PRODUCER, 0, 1, 1) == 101
    assert refused(state, 0, 0, 0) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_gap_is_out_of_order():
    assert refused(state_after((0, 5)), 0, 6, 6) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_a_retry_of_another_length_is_out_of_order():
    assert refused(state_after((0, 5)), 0, 0, 3) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER


def test_sequences_wrap_to_zero():
    state = state_after((2**31 - 2, 2))
    assert state.check(PRODUCER, 0, 0, 5) is None
    state = state_after((2**31 - 1, 2))
    assert state.entries[PRODUCER].last_sequence == 0
    assert state.check(PRODUCER, 0, 1, 1) is None


def test_a_new_epoch_begins_at_zero():
    state = state_after((0, 5))
    assert state.check(PRODUCER, 1, 0, 0) is None
    assert refused(state, 1, 5, 5) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    state.remember(PRODUCER, 1, (0, 0, 105, 105, 1000))
    assert state.check(PRODUCER, 1, 1, 1) is None
    assert refused(state, 1, 0, 4) == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, "batches of the old epoch are forgotten"


def test_an_old_epoch_is_fenced():
    assert refused(state_after((0, 1), epoch=3), 2, 1, 1) == ErrorCode.INVALID_PRODUCER_EPOCH


def test_batches_are_remembered_in_offset_order():
    state = state_after((0, 5))
    with pytest.raises(AssertionError):
        state.remember(PRODUCER, 0, (5, 5, 104, 104, 1000))


def test_a_producer_that_was_silent_for_long_is_forgotten_unless_its_transaction_is_open():
    state = state_after((0, 5))
    state.remember(8, 0, (0, 0, 105, 105, 1000))
    state.entries[8].transaction_start = 105
    assert state.expire(1999, 1000) == 0
    assert state.expire(2000, 1000) == 1
    assert list(state.entries) == [8]


def test_producer_state_is_plain_data():
    assert impure(state_after((0, 5))) == []
