"""Snapshots of producers: the five last batches survive, Kafka's own are read, damage is noticed."""

import random
from struct import pack

from crc32c import crc32c

from engine.core.log.producer_state import ProducerEntry, ProducerState
from engine.storage.producer_snapshots import decode_snapshot, encode_snapshot
from tests.engine.storage.batches import append, batch, open_on
from tests.engine.storage.memory_disk import MemoryDisk


def state() -> ProducerState:
    made = ProducerState()
    for number in range(9):
        made.remember(7, 2, (number * 3, number * 3 + 2, number * 10, number * 10 + 2, 1000 + number))
    made.remember(8, 0, (2**31 - 2, 1, 500, 503, -1))
    made.entries[9] = ProducerEntry(4, coordinator_epoch=3)
    return made


def as_plain(made: ProducerState) -> dict[int, tuple[object, ...]]:
    return {
        producer_id: (entry.epoch, list(entry.batches), entry.last_timestamp, entry.coordinator_epoch)
        for producer_id, entry in made.entries.items()
    }


def test_the_last_five_batches_survive() -> None:
    content = encode_snapshot(state())
    read = decode_snapshot(content)
    assert read is not None
    assert as_plain(read) == as_plain(state())
    assert len(read.entries[7].batches) == 5
    assert read.entries[8].batches.maxlen == 5


def test_a_snapshot_that_kafka_wrote_is_read() -> None:
    empty = decode_snapshot(bytes.fromhex("000148674bc700000000"))  # as a 4.3.1 wrote it
    assert empty is not None
    assert empty.entries == {}
    body = pack(">iqhiqiqiq", 1, 42, 1, 10, 99, 3, 123456, -1, -1)
    one = decode_snapshot(pack(">hI", 1, crc32c(body)) + body)
    assert one is not None
    assert as_plain(one) == {42: (1, [(7, 10, 96, 99, 123456)], 123456, -1)}


def test_damage_is_noticed_whatever_it_is() -> None:
    content = encode_snapshot(state())
    rng = random.Random(2)
    for cut in range(len(content)):
        assert decode_snapshot(content[:cut]) is None
    for _ in range(300):
        flipped = bytearray(content)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        assert decode_snapshot(bytes(flipped)) is None


def test_a_retry_of_any_of_five_batches_is_known_after_a_clean_restart_and_after_a_kill() -> None:
    for clean in (True, False):
        disk = MemoryDisk()
        log = open_on(disk)
        offsets = [append(log, batch(2, producer_id=5, sequence=number * 2)) for number in range(7)]
        if clean:
            log.close(clean=True)
        log = open_on(disk if clean else disk.killed(), clean=clean)
        for number in range(2, 7):
            assert append(log, batch(2, producer_id=5, sequence=number * 2)) == offsets[number]
        assert log.log_end_offset == 14
