"""Codecs: round trips, other people's framings, and bombs that must not go off."""

import gzip
import random
import resource
import struct

import cramjam
import pytest

from engine.core.limits import DECOMPRESSED_BYTES_MAX
from engine.core.records import compression
from engine.core.records.batch import HEADER_BYTES
from engine.core.records.builder import BatchBuilder
from engine.core.work import WORK
from engine.wire.error_codes import ErrorCode, WireError

CODECS = (compression.GZIP, compression.SNAPPY, compression.LZ4, compression.ZSTD)
LIMIT = 1 << 20


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("size", [0, 1, 100, 40_000, 1_000_000])
def test_round_trip(codec: int, size: int) -> None:
    data = random.Random(size).randbytes(size // 2) + bytes(size - size // 2)
    packed = compression.compress(codec, data)
    assert compression.decompress(codec, packed, LIMIT) == data
    assert compression.decompress(codec, memoryview(packed), max(1, size)) == data


@pytest.mark.parametrize("codec", CODECS)
def test_one_byte_more_than_the_bound_is_too_large(codec: int) -> None:
    packed = compression.compress(codec, bytes(LIMIT + 1))
    with pytest.raises(WireError) as caught:
        compression.decompress(codec, packed, LIMIT)
    assert caught.value.code == ErrorCode.MESSAGE_TOO_LARGE


@pytest.mark.parametrize("codec", CODECS)
def test_damage_is_an_answer_not_a_crash(codec: int) -> None:
    rng = random.Random(codec)
    packed = compression.compress(codec, rng.randbytes(500) + bytes(5000))
    for _ in range(500):
        damaged = bytearray(packed)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        cut = bytes(damaged[: rng.randint(0, len(damaged))])
        try:
            compression.decompress(codec, cut, LIMIT)
        except WireError as error:
            assert error.code in (ErrorCode.CORRUPT_MESSAGE, ErrorCode.MESSAGE_TOO_LARGE)


def test_lz4_is_written_in_independent_blocks() -> None:
    packed = compression.compress(compression.LZ4, bytes(1 << 20))
    assert packed[4] & 0x20, "the flag for independent blocks"


def test_unframed_snappy_and_several_gzip_members_are_read() -> None:
    assert (
        compression.decompress(compression.SNAPPY, bytes(cramjam.snappy.compress_raw(b"abc" * 99)), LIMIT)
        == b"abc" * 99
    )
    assert compression.decompress(compression.GZIP, gzip.compress(b"one") + gzip.compress(b"two"), LIMIT) == b"onetwo"


def bomb(codec: int, payload: bytes) -> bytes:
    builder = BatchBuilder()
    builder.add(key=None, value=b"", timestamp=0)
    return bytes(builder.build()[:21]) + struct.pack(">h", codec) + bytes(HEADER_BYTES - 23) + payload


def gzip_bomb() -> bytes:
    megabyte = gzip.compress(bytes(1 << 20))
    return bomb(compression.GZIP, megabyte * 1024)  # a gibibyte in a mebibyte


def zstd_frame_that_claims(size: int) -> bytes:
    return b"\x28\xb5\x2f\xfd" + b"\xe0" + struct.pack("<Q", size) + b"\x01\x00\x00"


def lz4_frame_that_claims(size: int) -> bytes:
    return b"\x04\x22\x4d\x18" + b"\x68\x40" + struct.pack("<Q", size) + b"\x00" + b"\x00\x00\x00\x00"


@pytest.mark.parametrize(
    "batch",
    [
        gzip_bomb(),
        bomb(compression.SNAPPY, b"\xff\xff\xff\xff\x0f" + bytes(100)),
        bomb(compression.SNAPPY, compression.XERIAL_HEADER + struct.pack(">i", 2**31 - 1) + bytes(100)),
        bomb(compression.SNAPPY, compression.XERIAL_HEADER + struct.pack(">i", 6) + b"\xff\xff\xff\xff\x07\x00"),
        bomb(compression.LZ4, lz4_frame_that_claims(2**60)),
        bomb(compression.ZSTD, zstd_frame_that_claims(2**60)),
        bomb(compression.ZSTD, bytes(cramjam.zstd.compress(bytes(256 << 20)))),
        bomb(compression.LZ4, bytes(cramjam.lz4.compress(bytes(256 << 20)))),
        bomb(7, b"x"),
    ],
    ids=["gzip", "snappy", "xerial chunk", "xerial block", "lz4 claim", "zstd claim", "zstd", "lz4", "codec 7"],
)
def test_a_bomb_is_refused_without_the_memory_it_asks_for(batch: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = WORK["check_batch"](batch)
    assert code in (ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.CORRUPT_MESSAGE, ErrorCode.INVALID_RECORD)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    assert grown <= max(2 * DECOMPRESSED_BYTES_MAX, compression.bytes_max(len(batch)) + (8 << 20))


def test_a_hundred_to_one_is_allowed_whatever_its_size() -> None:
    builder = BatchBuilder()
    builder.add(key=None, value=bytes(8 << 20), timestamp=0)
    assert WORK["check_batch"](bytes(builder.build(codec=compression.ZSTD))) == ErrorCode.NONE
    assert WORK["check_batch"](bytes(builder.build())) == ErrorCode.NONE
    assert WORK["check_batch"](b"short") == ErrorCode.CORRUPT_MESSAGE
