"""What the client knows of the cluster."""

import pytest

from engine.client.cluster_metadata import ClusterMetadata, error_code, peer_name
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.metadata import MetadataResponseBroker, MetadataResponseTopic

from .scripted import TOPIC_ID, metadata


def known(*answers, every_topic=False):
    picture = ClusterMetadata()
    for answer in answers:
        picture.absorb(answer, 5, every_topic=every_topic)
    return picture


def test_a_leader_needs_an_address():
    picture = known(metadata(("orders", 2)))
    assert picture.leader("orders", 1).node_id == 1
    assert picture.leader("orders", 2) is None
    assert picture.leader("orders", -1) is None
    assert known(metadata(("orders", 2), leader=3)).leader("orders", 0) is None


@pytest.mark.parametrize("index", [-1, 2**31 - 1])
def test_a_partition_that_cannot_be_makes_no_room_and_takes_no_other_with_it(index):
    answer = metadata(("orders", 2), ("lies", 1))
    answer.topics[1].partitions[0].partition_index = index
    picture = known(answer)
    assert picture.partition_count("orders") == 2
    assert picture.partition_count("lies") is None
    assert picture.errors == {"lies": ErrorCode.UNKNOWN_SERVER_ERROR}


def test_a_client_knows_a_bounded_number_of_brokers():
    answer = metadata(("orders", 1))
    answer.brokers = [MetadataResponseBroker(node, "one", 9092) for node in range(5_000)]
    assert len(known(answer).nodes) == 1000


def test_an_older_leader_epoch_does_not_come_back():
    new, old = metadata(("orders", 1), leader=2, epoch=7, nodes=2), metadata(("orders", 1), leader=1, epoch=6, nodes=2)
    assert known(new, old).leader("orders", 0).node_id == 2
    assert known(old, new).leader("orders", 0).node_id == 2


def test_a_topic_made_anew_begins_with_its_own_epochs():
    old, new = metadata(("orders", 1), epoch=7), metadata(("orders", 1), leader=2, epoch=0, nodes=2)
    new.topics[0].topic_id = bytes(16 * [9])
    picture = known(old, new)
    assert picture.leader("orders", 0).node_id == 2
    assert picture.names == {bytes(16 * [9]): "orders"}


def test_topics_that_a_full_answer_does_not_name_are_gone():
    assert known(metadata(("a", 1), ("b", 1)), metadata(("b", 1)), every_topic=True).partition_count("a") is None
    assert known(metadata(("a", 1)), metadata(("b", 1))).partition_count("a") == 1


def test_a_topic_with_an_error_is_not_known_but_its_error_is():
    answer = metadata()
    answer.topics.append(MetadataResponseTopic(error_code=3, name="orders"))
    picture = known(metadata(("orders", 1)), answer)
    assert picture.partition_count("orders") is None
    assert picture.errors == {"orders": ErrorCode.UNKNOWN_TOPIC_OR_PARTITION}
    assert picture.topic_id("orders") == bytes(16)
    assert known(metadata(("orders", 1))).topic_id("orders") == TOPIC_ID


def test_addresses_and_error_codes_are_named():
    assert peer_name("::1", 9092) == "[::1]:9092"
    assert peer_name("one", 9092) == "one:9092"
    assert error_code(12_345) == ErrorCode.UNKNOWN_SERVER_ERROR


def test_a_topic_with_gaps_makes_no_room_for_them():
    answer = metadata(("lies", 1), ("orders", 3))
    answer.topics[0].partitions[0].partition_index = 999_999
    picture = known(answer)
    assert picture.partition_count("lies") is None and picture.errors == {"lies": ErrorCode.UNKNOWN_SERVER_ERROR}
    assert [picture.leader("orders", index).node_id for index in range(3)] == [1, 1, 1]


def test_a_huge_answer_is_taken_over_in_part_and_the_rest_by_name():
    many = metadata(*[(f"t-{number:05}", 2) for number in range(12_000)])
    picture = known(metadata(("gone", 1), ("t-11999", 2)), many, every_topic=True)
    assert picture.partition_count("t-00000") == 2 and len(picture.topics) < 6_000
    assert picture.partition_count("t-11999") == 2, "what a part does not name is not known to be gone"
    picture.absorb(metadata(("t-07000", 2)), 6, every_topic=False)
    assert picture.partition_count("t-07000") == 2


def test_partitions_beyond_all_measure_are_an_error_of_their_topic():
    picture = known(metadata(("a", 1), ("huge", 50_001), ("b", 1)))
    assert picture.errors == {"huge": ErrorCode.UNKNOWN_SERVER_ERROR}
    assert (picture.partition_count("a"), picture.partition_count("b")) == (1, 1)


def test_more_topics_than_one_answer_has_room_for_are_known_all_the_same():
    topics = [(f"t-{number}", 1_000) for number in range(60)]
    picture = known(metadata(*topics))
    picture.absorb(metadata(*topics[50:]), 6, every_topic=False)
    picture.absorb(metadata(*topics), 7, every_topic=False)
    assert [picture.partition_count(name) for name, _ in topics] == [1_000] * 60 and not picture.errors


def test_what_a_huge_answer_has_no_room_for_stays_as_it_is():
    many = metadata(*[(f"t-{number}", 100) for number in range(100)], ("orders", 2), ("more", 1))
    picture = known(metadata(("orders", 2)), many, every_topic=True)
    assert (picture.partition_count("orders"), picture.partition_count("more")) == (2, None)
    assert picture.errors == {}, "nobody said anything against them"
