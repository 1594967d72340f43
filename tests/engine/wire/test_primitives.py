"""Numbers, strings and tagged fields: their bounds, and what is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.wire import primitives
from engine.wire.messages import api_versions, create_topics, fetch, list_offsets
from engine.wire.primitives import Malformed, Unencodable


@given(st.integers(0, 2**32 - 1))
def test_unsigned_varints_come_back(value):
    out = bytearray()
    primitives.put_uvarint(out, value)
    assert primitives.uvarint(memoryview(out), 0) == (value, len(out))


@given(st.binary(max_size=12))
def test_any_bytes_are_a_varint_or_malformed(data):
    for read in (primitives.uvarint, primitives.varint, primitives.varlong):
        try:
            value, position = read(memoryview(data), 0)
        except (Malformed, IndexError):  # IndexError becomes Malformed in the generated decoders
            continue
        assert 0 < position <= len(data)
        assert -(2**63) <= value < 2**64


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x00", 0),
        (b"\x01", -1),
        (b"\x02", 1),
        (b"\xff\xff\xff\xff\x0f", -(2**31)),
        (b"\xfe\xff\xff\xff\x0f", 2**31 - 1),
    ],
)
def test_signed_varints_are_zig_zag(data, value):
    assert primitives.varint(memoryview(data), 0) == (value, len(data))


def test_varints_of_more_than_32_bits_are_malformed():
    with pytest.raises(Malformed):
        primitives.uvarint(memoryview(b"\xff\xff\xff\xff\x10"), 0)


@given(st.text(max_size=300))
def test_strings_come_back_in_all_four_forms(text):
    for name in ("string", "nullable_string", "compact_string", "compact_nullable_string"):
        out = bytearray()
        getattr(primitives, f"put_{name}")(out, text)
        assert getattr(primitives, name)(memoryview(out), 0, len(out)) == (text, len(out))


@pytest.mark.parametrize("version", [2, 7])
def test_strings_end_at_32767_bytes_in_compact_form_too(version):
    topic = create_topics.CreatableTopic("x" * 32767, 1, 1)
    create_topics.encode_request(create_topics.CreateTopicsRequest([topic]), version, bytearray())
    topic.name += "x"
    out = bytearray(b"kept")
    with pytest.raises(Unencodable):
        create_topics.encode_request(create_topics.CreateTopicsRequest([topic]), version, out)
    assert out == b"kept"


def test_tagged_fields_at_their_defaults_are_left_out():
    plain, given_rack = bytearray(), bytearray()
    fetch.encode_request(fetch.FetchRequest(), 17, plain)
    assert plain.endswith(b"\0"), "no tagged field"
    fetch.encode_request(fetch.FetchRequest(replica_state=fetch.ReplicaState(5, 9)), 17, given_rack)
    assert given_rack[: len(plain) - 1] == plain[:-1]
    # One tagged field, number 1, of 13 bytes: replica 5, epoch 9, no tagged fields of its own.
    assert given_rack[len(plain) - 1 :] == b"\1\1\x0d" + b"\0\0\0\5" + b"\0\0\0\0\0\0\0\x09" + b"\0"


def test_a_tagged_struct_of_defaults_is_left_out_as_none_is():
    as_none, as_defaults = bytearray(), bytearray()
    fetch.encode_request(fetch.FetchRequest(replica_state=None), 17, as_none)
    fetch.encode_request(fetch.FetchRequest(replica_state=fetch.ReplicaState()), 17, as_defaults)
    assert as_none == as_defaults


def test_unknown_tagged_fields_are_stepped_over():
    out = bytearray()
    api_versions.encode_request(api_versions.ApiVersionsRequest("name", "1"), 3, out)
    out[-1:] = b"\2" + b"\x63\3abc" + b"\x64\0"
    message, end = api_versions.decode_request(memoryview(out), 0, 3)
    assert end == len(out)
    assert message == api_versions.ApiVersionsRequest("name", "1")


def test_what_an_older_version_lacks_cannot_be_said_in_it():
    """ListOffsets has leader epochs from version 4 on, and they may not be dropped silently."""
    partition = list_offsets.ListOffsetsPartitionResponse(0, 0, timestamp=1, offset=2, leader_epoch=3)
    answer = list_offsets.ListOffsetsResponse(topics=[list_offsets.ListOffsetsTopicResponse("t", [partition])])
    list_offsets.encode_response(answer, 4, bytearray())
    with pytest.raises(Unencodable):
        list_offsets.encode_response(answer, 3, bytearray())


def test_numbers_out_of_range_cannot_be_written():
    with pytest.raises(Unencodable):
        fetch.encode_request(fetch.FetchRequest(max_wait_ms=2**31), 12, bytearray())


def test_messages_are_equal_by_their_fields_and_cannot_be_keys():
    assert fetch.FetchTopic("a") == fetch.FetchTopic("a")
    assert fetch.FetchTopic("a") != fetch.FetchTopic("b")
    assert "topic='a'" in repr(fetch.FetchTopic("a"))
    with pytest.raises(TypeError):
        hash(fetch.FetchTopic("a"))


def test_each_message_has_lists_of_its_own():
    first, second = fetch.FetchTopic(), fetch.FetchTopic()
    first.partitions.append(fetch.FetchPartition())
    assert second.partitions == []
