import pytest

from engine.core.records.record import decode_records
from engine.simulation.batches import Broken, batches_of, encode_batch, values_of

VALUES = [b"", b"one", b"x" * 200, b"y" * 70_000]


def test_what_is_encoded_is_decoded():
    data = encode_batch(VALUES, 7, 1, 40, 123) + encode_batch([b"more"], -1, -1, -1, 124)
    first, second = batches_of(data, whole=True)
    assert (first.producer_id, first.producer_epoch, first.base_sequence, first.records) == (7, 1, 40, 4)
    assert (first.max_timestamp, second.max_timestamp) == (123, 124)
    assert values_of(first) == VALUES
    assert values_of(second) == [b"more"]


def test_the_engine_reads_these_batches_alike():
    data = encode_batch(VALUES, 7, 1, 40, 123)
    assert [one.value for one in decode_records(data)] == VALUES


def test_every_flipped_bit_and_every_cut_is_noticed():
    data = encode_batch([b"value"], 7, 1, 0, 123)
    for cut in range(1, len(data)):
        assert list(batches_of(data[:cut], whole=False)) == []
        with pytest.raises(Broken):
            list(batches_of(data[:cut], whole=True))
    for byte in range(16, len(data)):
        if byte in range(8, 21) and byte != 16:
            continue  # before the checksum
        flipped = bytearray(data)
        flipped[byte] ^= 4
        with pytest.raises(Broken):
            list(batches_of(bytes(flipped), whole=True))
