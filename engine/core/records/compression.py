"""The codecs of record batches: gzip, snappy, lz4, zstd, each with a bound on what it may unpack to.

A compressed batch is a promise by somebody we do not trust: a mebibyte of gzip can claim
a gibibyte, a snappy length is just a number. Every decoder here writes into a buffer
that we made, which grows up to the bound and never beyond.

Invariants:
- Decoding allocates at most a small multiple of the bound, whatever the input claims.
- What is written here Kafka's Java clients can read: xerial framing around snappy, lz4
  frames of independent blocks.

Not here: when to decode (storage/rewriting.py), records (record.py).
Spec: org.apache.kafka.common.compress; KIP-110 (zstd); KIP-57 (lz4 framing); KIP-390 (levels).
"""

import zlib
from collections.abc import Callable, Iterator
from struct import Struct
from struct import error as StructError

import cramjam

from engine.core.limits import DECOMPRESSED_BYTES_MAX, DECOMPRESSED_RATIO_MAX
from engine.core.records.batch import CODEC_MASK, HEADER_BYTES, read_header
from engine.wire.error_codes import ErrorCode, WireError

NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
CODEC_MAX = ZSTD
CODEC_NAMES = ("none", "gzip", "snappy", "lz4", "zstd")
CODEC_NUMBERS = {name: number for number, name in enumerate(CODEC_NAMES)} | {"uncompressed": NONE}

XERIAL_MAGIC = b"\x82SNAPPY\x00"
XERIAL_HEADER = XERIAL_MAGIC + b"\x00\x00\x00\x01\x00\x00\x00\x01"  # version, oldest version that can read it
XERIAL_BLOCK_BYTES = 32 << 10
GZIP_WINDOW = 31  # zlib's number for "the largest window, in a gzip frame"
GZIP_INPUT_BYTES = 64 << 10
GZIP_OUTPUT_BYTES = 1 << 20
FIRST_BUFFER_BYTES = 64 << 10
BUFFER_GROWTH = 8
_INT32 = Struct(">i")
_NO_ROOM = "failed to write whole buffer"  # what both stream decoders say when the output buffer is full


def bytes_max(compressed_size: int) -> int:
    """Return how much so many compressed bytes may unpack to."""
    return max(DECOMPRESSED_BYTES_MAX, compressed_size * DECOMPRESSED_RATIO_MAX)


def decompress(codec: int, data: bytes | memoryview, limit: int) -> bytes:
    """Unpack `data`; WireError if it is damaged, or would be more than `limit` bytes."""
    if codec == NONE:
        return bytes(data)
    return b"".join(_pieces(codec, data, limit))


def _pieces(codec: int, data: bytes | memoryview, limit: int) -> Iterator[bytes | memoryview]:
    """Unpack piece by piece, so that who only wants to know whether it can be done need not keep them."""
    decoder = _DECODERS.get(codec)
    if decoder is None:
        raise WireError(ErrorCode.INVALID_RECORD, f"Unknown compression type id: {codec}")
    try:
        yield from decoder(bytes(data), limit)
    except (zlib.error, cramjam.DecompressionError, StructError, IndexError, EOFError) as damage:
        raise WireError(ErrorCode.CORRUPT_MESSAGE, f"The {CODEC_NAMES[codec]} data is damaged: {damage}") from damage


def compress(codec: int, data: bytes | bytearray, level: int | None = None) -> bytes:
    """Pack `data`; a level of None is the codec's own."""
    if codec == NONE:
        return bytes(data)
    if codec == GZIP:
        packer = zlib.compressobj(-1 if level is None else level, zlib.DEFLATED, GZIP_WINDOW)
        return packer.compress(data) + packer.flush()
    if codec == SNAPPY:
        return _snappy_compress(data)
    if codec == LZ4:
        # Java refuses blocks that depend on the one before: "Dependent block stream is unsupported".
        lz4 = cramjam.lz4.Compressor(0 if level is None else level, content_checksum=False, block_linked=False)
        lz4.compress(bytes(data))
        return bytes(lz4.finish())
    assert codec == ZSTD, f"no codec {codec}"
    return bytes(cramjam.zstd.compress(data, 3 if level is None else level))


def check_batch(batch: bytes) -> int:
    """Return the error code of a test decompression: 0 if the batch may be stored. For effects.Work.

    Of an uncompressed batch nothing is looked at; of a compressed one every byte is unpacked.
    """
    if len(batch) < HEADER_BYTES:
        return ErrorCode.CORRUPT_MESSAGE
    codec = read_header(batch).attributes & CODEC_MASK
    if codec == NONE:
        return ErrorCode.NONE
    try:
        for _ in _pieces(codec, memoryview(batch)[HEADER_BYTES:], bytes_max(len(batch))):
            pass
    except WireError as error:
        return error.code
    return ErrorCode.NONE


def _too_large(limit: int) -> WireError:
    return WireError(ErrorCode.MESSAGE_TOO_LARGE, f"The batch unpacks to more than {limit} bytes")


def _gzip_pieces(data: bytes, limit: int) -> Iterator[bytes]:
    total, position = 0, 0
    unpacker = zlib.decompressobj(GZIP_WINDOW)
    while position < len(data):
        if unpacker.eof:  # Java reads several gzip members in a row as one
            unpacker = zlib.decompressobj(GZIP_WINDOW)
        waiting = data[position : position + GZIP_INPUT_BYTES]
        position += len(waiting)
        while waiting and not unpacker.eof:
            piece = unpacker.decompress(waiting, GZIP_OUTPUT_BYTES)
            total += len(piece)
            if total > limit:
                raise _too_large(limit)
            yield piece
            waiting = unpacker.unconsumed_tail
        position -= len(unpacker.unused_data)
    if not unpacker.eof:
        raise EOFError("it ends too early")


def _snappy_block(data: bytes, limit: int) -> bytes:
    claimed = shift = 0
    for byte in data[:5]:
        claimed |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    if claimed > limit:
        raise _too_large(limit)
    out = bytearray(claimed)
    if cramjam.snappy.decompress_raw_into(data, out) != claimed:
        raise EOFError("it is shorter than it says")
    return bytes(out)


def _snappy_pieces(data: bytes, limit: int) -> Iterator[bytes]:
    if data[: len(XERIAL_MAGIC)] != XERIAL_MAGIC:
        yield _snappy_block(data, limit)  # librdkafka sends it without framing
        return
    total, position = 0, len(XERIAL_HEADER)
    while position < len(data):
        (size,) = _INT32.unpack_from(data, position)
        position += 4
        if size < 0 or size > len(data) - position:
            raise EOFError("a block ends after the data")
        piece = _snappy_block(data[position : position + size], limit - total)
        yield piece
        total += len(piece)
        position += size


def _snappy_compress(data: bytes | bytearray) -> bytes:
    pieces = [XERIAL_HEADER]
    for start in range(0, len(data), XERIAL_BLOCK_BYTES):
        block = bytes(cramjam.snappy.compress_raw(data[start : start + XERIAL_BLOCK_BYTES]))
        pieces += (_INT32.pack(len(block)), block)
    return b"".join(pieces)


def _stream_piece(unpack_into: Callable[[bytes, bytearray], int], data: bytes, limit: int) -> memoryview:
    """Unpack into buffers of growing size: a stream does not say beforehand how much it is, or lies."""
    size = min(limit, max(FIRST_BUFFER_BYTES, len(data) * BUFFER_GROWTH))
    while True:
        out = bytearray(size)
        try:
            count = unpack_into(data, out)
        except cramjam.DecompressionError as problem:
            if _NO_ROOM not in str(problem):
                raise
        else:
            return memoryview(out)[:count]
        del out  # before the larger one is made
        if size >= limit:
            raise _too_large(limit)
        size = min(limit, size * BUFFER_GROWTH)


def _lz4_pieces(data: bytes, limit: int) -> Iterator[memoryview]:
    yield _stream_piece(cramjam.lz4.decompress_into, data, limit)


def _zstd_pieces(data: bytes, limit: int) -> Iterator[memoryview]:
    yield _stream_piece(cramjam.zstd.decompress_into, data, limit)


_DECODERS: dict[int, Callable[[bytes, int], Iterator[bytes | memoryview]]] = {
    GZIP: _gzip_pieces,
    SNAPPY: _snappy_pieces,
    LZ4: _lz4_pieces,
    ZSTD: _zstd_pieces,
}
