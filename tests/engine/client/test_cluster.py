"""Requests to a cluster: bootstrap servers, leaders, patience."""

from engine.client.calls import GetMetadata, Produce, ProducerRecord, Send
from engine.client.config import ProducerConfig
from engine.client.errors import Refused, TimedOut, Unreachable
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.api_versions import ApiVersionsRequest
from engine.wire.messages.describe_producers import DescribeProducersRequest
from engine.wire.messages.metadata import MetadataRequest, MetadataResponseTopic

from .scripted import connected, metadata, new_driver


def test_every_bootstrap_server_is_tried_and_all_reasons_are_said():
    driver = new_driver(bootstrap=("one:9092", "two:9092", "three:9092"))
    number = driver.call(GetMetadata())
    driver.refuse("one:9092 refuses")
    driver.refuse("two:9092: the name is not known")
    assert number not in driver.results
    driver.refuse("three:9092 refuses")
    error = driver.results[number]
    assert isinstance(error, Unreachable)
    assert str(error) == "one:9092 refuses; two:9092: the name is not known; three:9092 refuses"


def test_the_second_bootstrap_server_serves_when_the_first_is_down():
    driver = new_driver(bootstrap=("one:9092", "two:9092"))
    number = driver.call(GetMetadata())
    driver.refuse()
    driver.accept()
    driver.answer(driver.take_one(MetadataRequest), metadata())
    assert driver.results[number].cluster_id == "cluster"


def test_a_request_for_a_leader_waits_for_metadata():
    driver = new_driver()
    number = driver.call(Send(DescribeProducersRequest([]), ("leader", "orders", 1)))
    driver.accept()
    asked = driver.take_one(MetadataRequest)
    assert [topic.name for topic in asked.message.topics] == ["orders"]
    assert not asked.message.allow_auto_topic_creation
    driver.answer(asked, metadata(("orders", 2)))
    assert driver.take_one(DescribeProducersRequest)
    assert number not in driver.results


def test_a_topic_that_is_not_there_is_refused_at_once():
    driver, _ = connected()
    number = driver.call(Send(DescribeProducersRequest([]), ("leader", "orders", 1)))
    answer = metadata()
    answer.topics.append(MetadataResponseTopic(error_code=3, name="orders"))
    driver.answer(driver.take_one(MetadataRequest), answer)
    assert isinstance(driver.results[number], Refused)
    assert driver.results[number].code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION


def test_a_partition_without_leader_is_asked_about_again_until_the_time_is_up():
    driver, _ = connected()
    number = driver.call(Send(DescribeProducersRequest([]), ("leader", "orders", 0), timeout_ms=700))
    asked = 0
    for _ in range(20):
        for request in driver.take():
            asked += 1
            driver.answer(request, metadata(("orders", 1), leader=-1))
        driver.advance(50)
    assert asked >= 3
    assert isinstance(driver.results[number], TimedOut)
    assert "has no leader now" in str(driver.results[number])


def test_a_leader_that_moved_is_found_by_fresh_metadata():
    driver, first = connected(("orders", 1))
    number = driver.call(Send(DescribeProducersRequest([]), ("leader", "orders", 0)))
    driver.take()
    driver.close(first)
    driver.refuse("one:9092 refuses")
    assert number not in driver.results
    driver.accept()  # for Metadata
    driver.answer(driver.take_one(MetadataRequest), metadata(("orders", 1), leader=2, epoch=4, nodes=2))
    assert driver.asked_to_connect == ["two:9092"]
    connection = driver.accept()
    assert driver.take_one(DescribeProducersRequest).connection is connection


def test_a_leader_that_stays_away_ends_an_impatient_request_with_the_reason():
    driver, first = connected(("orders", 1))
    number = driver.call(Send(DescribeProducersRequest([]), ("leader", "orders", 0)))
    driver.take()
    driver.close(first)
    for _ in range(10):
        if number in driver.results:
            break
        driver.refuse("one:9092 refuses")
    assert isinstance(driver.results[number], Unreachable)
    assert "one:9092 refuses" in str(driver.results[number])


def test_a_node_that_the_cluster_does_not_name_is_refused():
    driver, _ = connected()
    number = driver.call(Send(ApiVersionsRequest(), ("node", 9)))
    driver.answer(driver.take_one(MetadataRequest), metadata())
    assert driver.results[number].code == ErrorCode.BROKER_NOT_AVAILABLE


def test_a_patient_request_outlives_a_restart_of_the_cluster():
    driver = new_driver(producer=ProducerConfig(linger_ms=0))
    number = driver.call(Produce((ProducerRecord("orders", b"v", partition=0),)))
    for _ in range(5):
        while driver.asked_to_connect:
            driver.refuse()
        driver.advance(2_000)
    assert number not in driver.results
    driver.accept()
    assert driver.take_one(MetadataRequest)


def test_metadata_of_topics_in_use_is_refreshed_by_age():
    driver, _ = connected(("orders", 1), metadata_age_ms_max=10_000, producer=ProducerConfig(linger_ms=0))
    driver.call(Produce((ProducerRecord("orders", b"v"),)))
    driver.take()
    driver.advance(10_000)
    assert any(isinstance(asked.message, MetadataRequest) for asked in driver.take())


def test_known_nodes_and_bootstrap_servers_are_both_candidates():
    driver, connection = connected()
    driver.close(connection)
    driver.client.cluster.metadata.nodes = {5: "gone:9092"}
    number = driver.call(GetMetadata())
    assert driver.asked_to_connect == ["gone:9092"]
    driver.refuse()
    assert driver.asked_to_connect == ["one:9092"]
    driver.accept()
    driver.answer(driver.take_one(MetadataRequest), metadata())
    assert number in driver.results
