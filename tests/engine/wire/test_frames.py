"""Frames: cut anywhere, found again, with the right header for each version."""

import pytest

from engine.wire import frames
from engine.wire.catalog import APIS
from engine.wire.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from engine.wire.messages.heartbeat import HeartbeatRequest, HeartbeatResponse
from engine.wire.primitives import Unencodable

HEARTBEAT, API_VERSIONS = 12, 18
FRAME_BYTES_MAX = 1000


def test_a_request_is_read_as_it_was_written():
    data = frames.encode_request(HeartbeatRequest("group", 3, "member"), 4, 77, "client")
    assert frames.frame_end(memoryview(data), 0, len(data), FRAME_BYTES_MAX) == len(data)
    header, message = frames.decode_request(memoryview(data)[4:])
    assert (header.request_api_key, header.request_api_version) == (HEARTBEAT, 4)
    assert (header.correlation_id, header.client_id) == (77, "client")
    assert message == HeartbeatRequest("group", 3, "member")


def test_a_client_need_not_say_its_name():
    data = frames.encode_request(HeartbeatRequest("g", 1, "m"), 0, 1, None)
    assert frames.decode_request(memoryview(data)[4:])[0].client_id is None


def test_a_response_is_read_as_it_was_written():
    for version in range(5):
        data = frames.encode_response(HEARTBEAT, version, 5, HeartbeatResponse(error_code=27))
        frame = memoryview(data)[4:]
        assert frames.correlation_id_of(frame) == 5
        assert frames.decode_response(HEARTBEAT, version, frame) == (5, HeartbeatResponse(error_code=27))


def test_flexible_versions_have_tagged_fields_in_their_headers_but_api_versions_has_none():
    flexible = frames.encode_response(HEARTBEAT, 4, 5, HeartbeatResponse())
    assert flexible[4:9] == b"\0\0\0\5\0"
    answer = frames.encode_response(API_VERSIONS, 3, 5, ApiVersionsResponse(error_code=35))
    assert answer[4:10] == b"\0\0\0\5\0\x23"


def test_the_end_of_a_frame_is_known_as_soon_as_its_size_is():
    data = memoryview(b"..\0\0\0\5abcde")
    assert frames.frame_end(data, 2, 2, FRAME_BYTES_MAX) == 6  # read until the size is whole
    assert frames.frame_end(data, 2, 5, FRAME_BYTES_MAX) == 6
    assert frames.frame_end(data, 2, 6, FRAME_BYTES_MAX) == 11
    assert frames.frame_end(data, 2, 11, FRAME_BYTES_MAX) == 11


def test_a_message_that_cannot_be_written_in_a_version_is_refused_and_leaves_nothing():
    with pytest.raises(Unencodable):
        frames.encode_request(HeartbeatRequest("g", 1, "m", group_instance_id="i"), 2, 1, "client")
    with pytest.raises(Unencodable):
        frames.encode_request(ApiVersionsRequest(), 99, 1, "client")


def test_every_api_of_the_catalog_has_a_codec_of_its_own():
    for api in APIS.values():
        codec = frames.message_codec(api.key)
        assert codec.request.__name__ == f"{api.name}Request"
        assert codec.response.__name__ == f"{api.name}Response"
        assert frames.api_of(codec.request()) is api
        assert frames.api_of(codec.response()) is api
