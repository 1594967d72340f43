"""Connections to brokers: negotiation, matching, limits, endings."""

import pytest

from engine.client.calls import GetMetadata, Send
from engine.client.errors import Disconnected, TimedOut, Unreachable, Unsupported
from engine.client.requests import ANY, Request
from engine.wire.frames import encode_response
from engine.wire.messages.api_versions import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from engine.wire.messages.create_topics import CreateTopicsRequest
from engine.wire.messages.describe_quorum import DescribeQuorumRequest
from engine.wire.messages.metadata import MetadataRequest

from .scripted import EVERY_VERSION, connected, metadata, new_driver


def test_versions_are_asked_for_first_in_the_highest_version():
    driver = new_driver()
    driver.call(GetMetadata())
    driver.accept(versions=None)
    asked = driver.take_one(ApiVersionsRequest)
    assert asked.version == 4
    assert asked.message.client_software_name == "odradek"


def test_error_35_comes_in_version_0_and_is_followed_by_a_version_that_is_known():
    driver = new_driver()
    number = driver.call(GetMetadata())
    connection = driver.accept(versions=None)
    asked = driver.take_one(ApiVersionsRequest)
    refusal = ApiVersionsResponse(35, [ApiVersion(18, 0, 2)])
    driver.receive(connection, encode_response(18, 0, asked.correlation_id, refusal))
    again = driver.take_one(ApiVersionsRequest)
    assert again.version == 2
    driver.answer(again, ApiVersionsResponse(0, [ApiVersion(18, 0, 2), ApiVersion(3, 0, 4)]))
    request = driver.take_one(MetadataRequest)
    assert request.version == 4
    driver.answer(request, metadata(("orders", 1)))
    assert driver.results[number].topics[0].name == "orders"


def test_error_35_without_a_list_is_followed_by_version_0():
    driver = new_driver()
    driver.call(GetMetadata())
    connection = driver.accept(versions=None)
    asked = driver.take_one(ApiVersionsRequest)
    driver.receive(connection, encode_response(18, 0, asked.correlation_id, ApiVersionsResponse(35, [])))
    assert driver.take_one(ApiVersionsRequest).version == 0


def test_answers_may_be_cut_at_any_byte():
    driver, connection = connected()
    whole = b""
    numbers = [driver.call(GetMetadata(("orders",))), driver.call(GetMetadata(("orders",)))]
    for asked in driver.take():
        whole += encode_response(3, asked.version, asked.correlation_id, metadata(("orders", 3)))
    unread = b""
    for byte in whole:
        unread += bytes([byte])
        consumed = driver.receive(connection, unread)
        if not consumed and len(unread) > 4:
            assert connection.wanted_bytes > len(unread)
        unread = unread[consumed:]
    assert unread == b""
    assert all(len(driver.results[number].topics[0].partitions) == 3 for number in numbers)


def test_an_answer_to_another_request_ends_the_connection():
    driver, connection = connected()
    number = driver.call(Send(CreateTopicsRequest(), repeatable=False))
    (asked,) = driver.take()
    driver.receive(connection, encode_response(asked.api_key, asked.version, 99_999, metadata()))
    assert connection not in driver.connections
    assert isinstance(driver.results[number], Disconnected)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\xff\xff\xff", b"\x00\x00\x00\x03abc"])
def test_what_is_not_kafka_is_said_to_be_so(answer):
    driver = new_driver()
    number = driver.call(GetMetadata())
    for _ in range(4):
        if not driver.asked_to_connect:
            break
        driver.receive(driver.accept(versions=None), answer)
    assert isinstance(driver.results[number], Unreachable)
    assert "does not speak Kafka's protocol" in str(driver.results[number])


def test_only_so_many_requests_are_unanswered_and_the_rest_follow_in_order():
    driver, _ = connected(in_flight_max=2)
    for _ in range(5):
        driver.call(GetMetadata())
    first = driver.take()
    assert len(first) == 2
    driver.answer(first[0], metadata())
    (third,) = driver.take()
    driver.answer(first[1], metadata())
    (fourth,) = driver.take()
    assert third.correlation_id < fourth.correlation_id


def test_a_broker_that_does_not_answer_loses_its_connection():
    driver, connection = connected(request_timeout_ms=5_000)
    number = driver.call(Send(CreateTopicsRequest(), repeatable=False))
    driver.advance(4_999)
    assert number not in driver.results
    driver.advance(2)
    assert connection not in driver.connections
    assert "did not answer within 5 s" in str(driver.results[number])


def test_a_call_ends_at_its_own_time_and_its_late_answer_is_dropped():
    driver, connection = connected()
    number = driver.call(GetMetadata(timeout_ms=2_000))
    (asked,) = driver.take()
    driver.advance(2_000)
    assert isinstance(driver.results[number], TimedOut)
    driver.answer(asked, metadata())
    assert connection in driver.connections


def test_a_connection_that_never_opens_is_given_up_in_time():
    driver = new_driver(connect_timeout_ms=3_000)
    number = driver.call(GetMetadata())
    driver.advance(3_000)
    assert str(driver.results[number]) == "no connection to one:9092 within 3 s"
    late = driver.client.on_connected(1, "one:9092", driver.now_ms)
    assert driver.client.effects.abort == [late]


def test_an_api_that_the_broker_lacks_is_unsupported():
    driver = new_driver()
    number = driver.call(Send(DescribeQuorumRequest([])))
    driver.accept(versions=[entry for entry in EVERY_VERSION if entry.api_key != 55])
    assert isinstance(driver.results[number], Unsupported)
    assert "DescribeQuorum" in str(driver.results[number])


def test_a_field_that_an_old_version_lacks_is_unsupported_not_dropped():
    driver = new_driver()
    request = MetadataRequest(topics=None, include_topic_authorized_operations=True)
    number = driver.call(Send(request))
    driver.accept(versions=[ApiVersion(18, 0, 3), ApiVersion(3, 0, 4)])
    assert isinstance(driver.results[number], Unsupported)


def test_reads_are_asked_again_on_a_new_connection_writes_are_not():
    driver, connection = connected()
    read = driver.call(GetMetadata())
    write = driver.call(Send(CreateTopicsRequest(), repeatable=False))
    driver.take()
    driver.close(connection)
    assert isinstance(driver.results[write], Disconnected)
    driver.accept()
    driver.answer(driver.take_one(MetadataRequest), metadata())
    assert driver.results[read].cluster_id == "cluster"


def test_lanes_are_connections_of_their_own_to_one_broker():
    driver, first = connected()
    connections, now_ms = driver.client.connections, driver.now_ms
    for lane in ("group", "other"):
        request = Request(MetadataRequest(), ("peer", "one:9092"), now_ms + 9_000, "admin", lane=lane)
        driver.client.cluster.send(request, now_ms)
    driver.client.on_deadline(now_ms)
    driver.perform()
    second, third = driver.accept(), driver.accept()
    assert [asked.connection for asked in driver.take()] == [second, third]
    connections.give_up_lane("one:9092", "group", "not needed")
    driver.perform()
    assert driver.connections == [first, third]


def test_an_answer_that_may_take_longer_is_waited_for():
    driver, connection = connected(request_timeout_ms=5_000)
    request = Request(MetadataRequest(), ANY, driver.now_ms + 60_000, "admin", answer_ms=20_000, once=True)
    driver.client.cluster.send(request, driver.now_ms)
    driver.client.on_deadline(driver.now_ms)
    driver.perform()
    driver.advance(19_999)
    assert connection in driver.connections
    driver.advance(1)
    assert connection not in driver.connections


def test_links_without_connection_are_forgotten():
    driver, connection = connected()
    driver.close(connection)
    assert driver.client.connections.links == {}
