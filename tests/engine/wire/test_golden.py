"""Bytes that Apache Kafka 4.3 itself sent and stored: read whole, and written again to the same bytes.

Recorded by record_golden.py, so that no Kafka is needed here.
"""

import gzip
from functools import cache
from pathlib import Path
from struct import unpack_from

import pytest

from engine.wire import frames
from engine.wire.catalog import APIS, request_header_version, response_header_version
from engine.wire.headers import decode_response_header
from engine.wire.primitives import uvarint
from engine.wire.record_types import cluster_metadata, consumer_offsets, control, transaction_state

GOLDEN = Path(__file__).parent / "golden"
COORDINATORS = {"__consumer_offsets": consumer_offsets, "__transaction_state": transaction_state}
CONTROL_RECORDS = {
    2: (control.encode_leader_change_message, control.decode_leader_change_message),
    3: (control.encode_snapshot_header_record, control.decode_snapshot_header_record),
    4: (control.encode_snapshot_footer_record, control.decode_snapshot_footer_record),
    5: (control.encode_k_raft_version_record, control.decode_k_raft_version_record),
    6: (control.encode_voters_record, control.decode_voters_record),
}


@cache
def answers():
    """Return (api key, version, request frame, response frame)."""
    lines = gzip.decompress((GOLDEN / "answers.txt.gz").read_bytes()).decode().splitlines()
    return [
        (int(key), int(version), bytes.fromhex(a), bytes.fromhex(b)) for key, version, a, b in map(str.split, lines)
    ]


@cache
def records():
    """Return (log, is it a control record, key, value)."""
    lines = gzip.decompress((GOLDEN / "records.txt.gz").read_bytes()).decode().splitlines()
    parts = [line.split() for line in lines]
    return [(log, flag == "1", unhex(key), unhex(value)) for log, flag, key, value in parts]


def unhex(text):
    """Return the bytes that the recorder wrote as text."""
    return None if text == "-" else bytes.fromhex(text[1:])


def rewritten(encode, decode, data, position, version):
    """Decode a message that goes to the end of the data; return it as we write it, after what stood before it."""
    message, end = decode(memoryview(data), position, version)
    assert end == len(data), f"{len(data) - end} bytes left after {message}"
    out = bytearray(data[:position])
    encode(message, version, out)
    return bytes(out)


def test_answers_of_kafka_are_written_again_to_the_same_bytes():
    for key, version, _, frame in answers():
        _, position = decode_response_header(memoryview(frame), 0, response_header_version(key, version))
        codec = frames.message_codec(key)
        again = rewritten(codec.encode_response, codec.decode_response, frame, position, version)
        assert again == frame, f"{APIS[key].name} v{version}"


def test_requests_that_kafka_answered_are_written_again_to_the_same_bytes():
    for key, version, frame, _ in answers():
        header, position = frames.decode_header(memoryview(frame))
        assert (header.request_api_key, header.request_api_version) == (key, version)
        codec = frames.message_codec(key)
        again = rewritten(codec.encode_request, codec.decode_request, frame, position, version)
        assert again == frame, f"{APIS[key].name} v{version}"


def test_every_version_of_what_clients_use_was_recorded():
    recorded = {(key, version) for key, version, _, _ in answers()}
    for name in (
        "Produce",
        "Fetch",
        "ListOffsets",
        "Metadata",
        "OffsetCommit",
        "OffsetFetch",
        "JoinGroup",
        "SyncGroup",
    ):
        api = next(one for one in APIS.values() if one.name == name)
        missing = [v for v in range(api.lowest, api.stable + 1) if (api.key, v) not in recorded]
        assert not missing, f"{name}: {missing}"


def test_api_versions_is_answered_with_response_header_0_in_every_version():
    versions = [(version, frame) for key, version, _, frame in answers() if key == 18]
    assert [version for version, _ in versions] == [0, 1, 2, 3, 4]
    for version, frame in versions:
        assert response_header_version(18, version) == 0
        _, answer = frames.decode_response(18, version, memoryview(frame))
        assert answer.error_code == 0
        assert len(answer.api_keys) > 60
    assert request_header_version(18, 3) == 2


def test_the_catalog_has_the_version_ranges_that_kafka_advertises():
    _, answer = frames.decode_response(18, 4, memoryview(answers()[4][3]))
    differing = {}
    for one in answer.api_keys:
        api = APIS[one.api_key]
        if (one.min_version, one.max_version) != (api.lowest, api.stable):
            differing[api.name] = (one.min_version, one.max_version)
    # librdkafka compresses only for a broker that claims Produce 0 (KAFKA-18659); the layout begins at 3.
    assert differing == {"Produce": (0, 13)}


@pytest.mark.parametrize("log", sorted(COORDINATORS))
def test_records_of_the_coordinators_are_written_again_to_the_same_bytes(log):
    module, kinds = COORDINATORS[log], set()
    for where, is_control, key, value in records():
        if where != log or is_control:
            continue
        (kind,) = unpack_from(">h", key)
        _, encode, decode, _ = module.KEYS[kind]
        assert rewritten(encode, decode, key, 2, 0) == key
        kinds.add(kind)
        if value is not None:
            _, encode, decode, highest = module.VALUES[kind]
            (version,) = unpack_from(">h", value)
            assert version <= highest
            assert rewritten(encode, decode, value, 2, version) == value
    assert kinds >= ({1, 2, 3} if log == "__consumer_offsets" else {0})


def test_records_of_the_metadata_log_are_written_again_to_the_same_bytes():
    names = set()
    for log, is_control, key, value in records():
        if log != "__cluster_metadata-0" or is_control:
            continue
        assert key is None
        frame_version, position = uvarint(memoryview(value), 0)
        kind, position = uvarint(memoryview(value), position)
        version, position = uvarint(memoryview(value), position)
        assert frame_version == 1
        message, encode, decode, highest = cluster_metadata.RECORDS[kind]
        assert version <= highest
        assert rewritten(encode, decode, value, position, version) == value
        names.add(message.__name__)
    assert names >= {"TopicRecord", "PartitionRecord", "FeatureLevelRecord", "RegisterBrokerRecord", "ConfigRecord"}


def test_control_records_are_written_again_to_the_same_bytes():
    kinds = set()
    for _, is_control, key, value in records():
        if not is_control:
            continue
        _, kind = unpack_from(">hh", key)
        (version,) = unpack_from(">h", value)
        if kind < 2:  # abort, commit: the version stands before the message
            encode, decode = control.encode_end_txn_marker, control.decode_end_txn_marker
            assert rewritten(encode, decode, value, 2, version) == value
        else:
            encode, decode = CONTROL_RECORDS[kind]
            assert rewritten(encode, decode, value, 0, version) == value
        kinds.add(kind)
    assert kinds >= {0, 1, 2, 3, 4}
