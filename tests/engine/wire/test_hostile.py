"""Bytes of somebody who means harm: a message or Malformed, no other exception, no memory for what is only claimed."""

import contextlib
import random
import tracemalloc
from struct import pack

import pytest

from engine.wire import frames
from engine.wire.catalog import response_header_version
from engine.wire.headers import decode_request_header
from engine.wire.messages import api_versions, create_topics, fetch, metadata, produce
from engine.wire.primitives import Malformed
from tests.engine.wire.kio_values import kio_bytes, random_entity, schemas
from tests.engine.wire.test_golden import COORDINATORS, answers, records

DAMAGES = 30_000
PEAK_BYTES_MAX = 1 << 20
HUGE_VARINT = b"\xff\xff\xff\xff\x0f"
LONG_VARINT = b"\x80\x80\x80\x80\x80\x00"
LIES = (HUGE_VARINT, LONG_VARINT, b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\xff\xff", b"\x7f\xff", b"\x01\x00\x05")


def damaged(data, rng):
    """Return the data with one to three injuries."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        at, kind = rng.randrange(len(out) + 1), rng.randrange(6)
        if kind == 0:
            out[at : at + 1] = rng.randbytes(1)
        elif kind == 1:
            out[at:at] = rng.choice(LIES)
        elif kind == 2:
            del out[at:]
        elif kind == 3:
            del out[at : at + rng.randrange(1, 5)]
        elif kind == 4 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        else:
            out[at : at + 4] = rng.choice(LIES)
    return bytes(out)


def test_damaged_messages_decode_or_are_malformed_in_flat_memory():
    rng = random.Random(7)
    whole = [(schema, kio_bytes(random_entity(schema.entity, rng, 0.3))) for schema in schemas()]
    whole = [(schema, data) for schema, data in whole if len(data) < 4096]
    refused = 0
    tracemalloc.start()
    try:
        for number in range(DAMAGES):
            schema, data = rng.choice(whole)
            hostile = damaged(data, rng) if number % 5 else rng.randbytes(rng.randrange(200))
            try:
                schema.decode(memoryview(hostile), 0, schema.version)
            except Malformed:
                refused += 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused > DAMAGES / 4, "the damage is too gentle to prove anything"
    assert peak < PEAK_BYTES_MAX, f"{peak} bytes"


def test_damaged_answers_and_records_of_kafka_decode_or_are_malformed():
    """The bytes are those that Kafka itself sent and stored; a log may be damaged as well as a frame."""
    rng = random.Random(11)
    kinds = []
    for key, version, _, frame in answers():
        header_bytes = 4 + response_header_version(key, version)
        kinds.append((frames.message_codec(key).decode_response, version, frame[header_bytes:]))
    for log, is_control, key, value in records():
        if not is_control and log in COORDINATORS:
            number = int.from_bytes(key[:2])
            kinds.append((COORDINATORS[log].KEYS[number][2], 0, key[2:]))
            if value is not None:
                kinds.append((COORDINATORS[log].VALUES[number][2], int.from_bytes(value[:2]), value[2:]))
    for _ in range(DAMAGES // 3):
        decode, version, data = rng.choice(kinds)
        with contextlib.suppress(Malformed):
            decode(memoryview(damaged(data, rng)), 0, version)


def peak_of_refusal(decode, data, version):
    """Return the most memory that was held while a message was refused."""
    tracemalloc.start()
    try:
        with pytest.raises(Malformed):
            decode(memoryview(data), 0, version)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("decode", "version", "data"),
    [
        pytest.param(metadata.decode_response, 12, pack(">i", 0) + HUGE_VARINT, id="4 billion brokers, compact"),
        pytest.param(metadata.decode_request, 4, b"\x7f\xff\xff\xff", id="2 billion topics"),
        pytest.param(metadata.decode_request, 12, HUGE_VARINT, id="4 billion topics, compact"),
        pytest.param(
            produce.decode_request, 3, b"\xff\xff\0\1\0\0\0\0\x7f\xff\xff\xff", id="2 billion topics to produce to"
        ),
        pytest.param(fetch.decode_request, 12, b"\xff" * 19 + b"\xff\xff\xff\xff\x0f", id="4 billion topics to fetch"),
        pytest.param(create_topics.decode_request, 7, b"\x02\xff\xff\xff\xff\x0f", id="a name of 4 GB"),
        pytest.param(api_versions.decode_request, 3, b"\x01\x01" + HUGE_VARINT, id="4 billion tagged fields"),
        pytest.param(api_versions.decode_request, 3, b"\x01\x01\x01\x05" + HUGE_VARINT, id="a tagged field of 4 GB"),
        pytest.param(api_versions.decode_request, 3, LONG_VARINT, id="a varint of six bytes"),
        pytest.param(api_versions.decode_request, 3, b"\x80", id="half a varint"),
        pytest.param(api_versions.decode_request, 3, b"\x03\xff\xfe\x01\x00", id="text that is not UTF-8"),
        pytest.param(metadata.decode_request, 4, b"\xff\xff\xff\xfe", id="a count of -2 is null, then a byte lacks"),
        pytest.param(create_topics.decode_request, 2, b"\xff\xff\xff\xff", id="null where it may not be"),
    ],
)
def test_lies_about_counts_and_lengths_are_refused_before_memory_is_taken(decode, version, data):
    assert peak_of_refusal(decode, data, version) < 100_000


def test_a_version_that_does_not_exist_is_malformed():
    with pytest.raises(Malformed):
        metadata.decode_request(memoryview(bytes(20)), 0, 99)


def test_a_cut_at_any_byte_is_malformed_and_never_another_error():
    rng = random.Random(3)
    for name in ("MetadataRequest v12", "FetchRequest v17", "ProduceRequest v9", "JoinGroupRequest v9"):
        schema = next(one for one in schemas() if one.name == name)
        data = kio_bytes(random_entity(schema.entity, rng, 0.0))
        for length in range(len(data)):
            with pytest.raises(Malformed):
                schema.decode(memoryview(data)[:length], 0, schema.version)


@pytest.mark.parametrize(
    "frame", [b"", b"\0", b"\0\x12\0", b"\0\x12\0\3\0\0\0\1\0", b"\x7f\xff\0\0\0\0\0\0\0\0", b"\0\4\0\0\0\0\0\0\0\0"]
)
def test_headers_that_are_cut_or_of_unknown_apis_are_malformed(frame):
    with pytest.raises(Malformed):
        frames.decode_header(memoryview(frame))


def test_a_header_with_a_client_id_longer_than_the_frame_is_malformed():
    with pytest.raises(Malformed):
        decode_request_header(memoryview(b"\0\3\0\0\0\0\0\1\x7f\xff"), 0, 1)


@pytest.mark.parametrize("size", [-1, -(2**31), 2**31 - 1, (100 << 20) + 1])
def test_a_frame_that_claims_too_much_or_less_than_nothing_is_malformed(size):
    with pytest.raises(Malformed):
        frames.frame_end(memoryview(pack(">i", size) + bytes(8)), 0, 12, 100 << 20)
