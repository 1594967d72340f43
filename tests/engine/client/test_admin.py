"""Calls to somebody, and to everybody."""

from engine.client.calls import Cancel, GetMetadata, Send, SendEverywhere
from engine.client.errors import ClientError
from engine.wire.messages.describe_cluster import DescribeClusterRequest, DescribeClusterResponse
from engine.wire.messages.describe_log_dirs import DescribeLogDirsRequest, DescribeLogDirsResponse
from engine.wire.messages.metadata import MetadataRequest

from .scripted import connected, metadata


def test_any_request_gives_its_answer():
    driver, _ = connected()
    number = driver.call(Send(DescribeClusterRequest()))
    asked = driver.take_one(DescribeClusterRequest)
    assert asked.version == 2
    driver.answer(asked, DescribeClusterResponse(cluster_id="x"))
    assert driver.results[number].cluster_id == "x"


def test_metadata_of_all_topics_creates_nothing():
    driver, _ = connected()
    driver.call(GetMetadata())
    asked = driver.take_one(MetadataRequest)
    assert asked.message.topics is None
    assert not asked.message.allow_auto_topic_creation


def test_everybody_is_asked_and_one_that_is_down_has_its_error():
    driver, first = connected()
    number = driver.call(SendEverywhere(DescribeLogDirsRequest(None)))
    driver.answer(driver.take_one(MetadataRequest), metadata(nodes=2))
    driver.answer(driver.take_one(DescribeLogDirsRequest), DescribeLogDirsResponse())
    for _ in range(5):
        if number in driver.results:
            break
        driver.refuse("two:9092 refuses")
        for asked in driver.take(first):
            driver.answer(asked, metadata(nodes=2))
    answers = driver.results[number]
    assert list(answers) == [1, 2]
    assert isinstance(answers[1], DescribeLogDirsResponse)
    assert isinstance(answers[2], ClientError)


def test_a_cancelled_call_gives_nothing():
    driver, _ = connected()
    number = driver.call(GetMetadata())
    (asked,) = driver.take()
    cancelling = driver.call(Cancel(number))
    driver.answer(asked, metadata())
    assert list(driver.results) == [cancelling]
    assert driver.client.admin.open == {}
    assert driver.client.cluster.open == {}
