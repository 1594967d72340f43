"""Producing: batches, sequences, retries, and what is said of each record."""

import random

import pytest

from engine.client.calls import GetMetadata, Produce, Produced, ProducerRecord
from engine.client.config import ProducerConfig
from engine.client.errors import NotProduced
from engine.core.records.batch import read_header
from engine.core.records.record import decode_records
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse
from engine.wire.messages.metadata import MetadataRequest, MetadataResponseTopic
from engine.wire.messages.produce import (
    PartitionProduceResponse,
    ProduceRequest,
    ProduceResponse,
    TopicProduceResponse,
)

from .scripted import TOPIC_ID, connected, metadata

PLAIN = ProducerConfig(idempotent=False, linger_ms=0)
IDEMPOTENT = ProducerConfig(linger_ms=0)


def answered(asked, *, code=0, base_offset=0, message=None):
    """The same answer for every partition of a Produce request."""
    return ProduceResponse(
        [
            TopicProduceResponse(
                topic.name,
                topic.topic_id,
                [
                    PartitionProduceResponse(part.index, code, base_offset, error_message=message)
                    for part in topic.partition_data
                ],
            )
            for topic in asked.message.topic_data
        ]
    )


def batch_of(asked):
    (topic,) = asked.message.topic_data
    (part,) = topic.partition_data
    return bytes(part.records)


def values_of(asked):
    return [record.value for record in decode_records(batch_of(asked))]


def record(value=b"v", **settings):
    return ProducerRecord("orders", value, **settings)


def with_id(driver, producer_id=7):
    driver.answer(driver.take_one(InitProducerIdRequest), InitProducerIdResponse(0, 0, producer_id, 0))


def test_records_of_a_call_travel_together_and_get_their_offsets():
    driver, _ = connected(("orders", 1), producer=PLAIN)
    number = driver.call(Produce((record(b"a"), record(b"b", headers=(("h", b"1"),)))))
    asked = driver.take_one(ProduceRequest)
    assert (asked.message.acks, values_of(asked)) == (-1, [b"a", b"b"])
    assert asked.message.topic_data[0].topic_id == TOPIC_ID
    driver.answer(asked, answered(asked, base_offset=40))
    assert [(done.partition, done.offset) for done in driver.results[number]] == [(0, 40), (0, 41)]


def test_lingering_gathers_the_records_of_several_calls():
    driver, _ = connected(("orders", 1), producer=ProducerConfig(idempotent=False, linger_ms=20))
    first, second = driver.call(Produce((record(b"a"),))), driver.call(Produce((record(b"b"),)))
    driver.advance(19)
    assert driver.take() == []
    driver.advance(1)
    asked = driver.take_one(ProduceRequest)
    assert values_of(asked) == [b"a", b"b"]
    driver.answer(asked, answered(asked))
    assert driver.results[first][0].offset == 0
    assert driver.results[second][0].offset == 1


def test_a_full_batch_does_not_linger():
    config = ProducerConfig(idempotent=False, linger_ms=10_000, batch_bytes=1_000)
    driver, _ = connected(("orders", 1), producer=config)
    driver.call(Produce(tuple(record(b"x" * 400) for _ in range(5))))
    assert len(values_of(driver.take_one(ProduceRequest))) == 2


def test_records_without_a_key_go_to_another_partition_with_each_batch():
    config = ProducerConfig(idempotent=False, linger_ms=0, batch_bytes=1_000)
    driver, _ = connected(("orders", 8), producer=config)
    driver.call(Produce(tuple(record(b"x" * 400) for _ in range(40))))
    parts = [part for asked in driver.take() for part in asked.message.topic_data[0].partition_data]
    assert len({part.index for part in parts}) > 3
    assert all(read_header(part.records).record_count == 2 for part in parts)


def test_records_with_a_key_go_where_java_would_put_them():
    driver, _ = connected(("orders", 3), producer=PLAIN)
    driver.call(Produce((record(key=b"id_1234"),)))
    assert driver.take_one(ProduceRequest).message.topic_data[0].partition_data[0].index == 0


def test_acks_0_is_done_when_it_is_sent():
    driver, _ = connected(("orders", 1), producer=ProducerConfig(acks=0, idempotent=False, linger_ms=0))
    number = driver.call(Produce((record(),)))
    assert driver.take_one(ProduceRequest).message.acks == 0
    assert driver.results[number][0].offset == -1


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_batches_are_compressed_with_the_codec_that_is_set(codec):
    config = ProducerConfig(idempotent=False, linger_ms=0, compression=codec)
    driver, _ = connected(("orders", 1), producer=config)
    driver.call(Produce((record(b"x" * 5_000),)))
    batch = batch_of(driver.take_one(ProduceRequest))
    assert len(batch) < 1_000
    assert decode_records(batch)[0].value == b"x" * 5_000


def test_an_idempotent_producer_numbers_its_batches():
    driver, _ = connected(("orders", 1), producer=IDEMPOTENT)
    driver.call(Produce((record(b"a"), record(b"b"))))
    with_id(driver)
    driver.call(Produce((record(b"c"),)))
    headers = [read_header(batch_of(asked)) for asked in driver.take()]
    assert [(header.producer_id, header.base_sequence) for header in headers] == [(7, 0), (7, 2)]


def test_what_was_in_flight_is_sent_again_in_order_with_the_same_sequences():
    driver, connection = connected(("orders", 1), producer=IDEMPOTENT)
    numbers = [driver.call(Produce((record(b"a"),)))]
    with_id(driver)
    numbers += [driver.call(Produce((record(b"b"),))), driver.call(Produce((record(b"c"),)))]
    before = [batch_of(asked) for asked in driver.take()]
    driver.close(connection)
    driver.accept()
    driver.answer(driver.take_one(MetadataRequest), metadata(("orders", 1)))
    again = []
    for offset in range(3):
        driver.advance(400)
        asked = driver.take_one(ProduceRequest)
        again.append(batch_of(asked))
        driver.answer(asked, answered(asked, base_offset=offset))
    assert again == before
    assert [driver.results[number][0].offset for number in numbers] == [0, 1, 2]


def test_a_batch_behind_one_that_failed_is_sent_again_after_it():
    driver, _ = connected(("orders", 1), producer=IDEMPOTENT)
    driver.call(Produce((record(b"a"),)))
    with_id(driver)
    driver.call(Produce((record(b"b"),)))
    first, second = driver.take()
    driver.answer(first, answered(first, code=ErrorCode.NOT_ENOUGH_REPLICAS))
    driver.answer(second, answered(second, code=ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER))
    sent = []
    for _ in range(20):
        driver.advance(50)
        for asked in driver.take():
            if isinstance(asked.message, ProduceRequest):
                sent.append(values_of(asked))
                driver.answer(asked, answered(asked))
            else:
                driver.answer(asked, metadata(("orders", 1)))
    assert sent == [[b"a"], [b"b"]]
    assert len(driver.results) == 2


def test_a_duplicate_that_the_broker_knows_is_a_success():
    driver, _ = connected(("orders", 1), producer=IDEMPOTENT)
    number = driver.call(Produce((record(),)))
    with_id(driver)
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked, code=ErrorCode.DUPLICATE_SEQUENCE_NUMBER, base_offset=-1))
    assert driver.results[number][0].offset == -1


def test_lost_producer_state_begins_a_new_id_and_sends_what_was_refused():
    driver, _ = connected(("orders", 1), producer=IDEMPOTENT)
    number = driver.call(Produce((record(b"a"),)))
    with_id(driver, 7)
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked, code=ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER))
    asked = None
    for _ in range(20):
        driver.advance(50)
        for one in driver.take():
            if isinstance(one.message, InitProducerIdRequest):
                driver.answer(one, InitProducerIdResponse(0, 0, 8, 0))
            elif isinstance(one.message, MetadataRequest):
                driver.answer(one, metadata(("orders", 1)))
            else:
                asked = one
    header = read_header(batch_of(asked))
    assert (header.producer_id, header.base_sequence) == (8, 0)
    driver.answer(asked, answered(asked, base_offset=5))
    assert driver.results[number][0].offset == 5


def test_what_may_be_written_is_never_sent_under_a_new_id():
    driver, connection = connected(("orders", 1), producer=IDEMPOTENT)
    number = driver.call(Produce((record(b"a"),)))
    with_id(driver)
    driver.take_one(ProduceRequest)
    driver.close(connection)
    driver.accept()
    driver.answer(driver.take_one(MetadataRequest), metadata(("orders", 1)))
    driver.advance(400)
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked, code=ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER))
    (outcome,) = driver.results[number]
    assert isinstance(outcome, NotProduced)
    assert outcome.maybe_written


def test_a_batch_that_is_too_large_is_sent_in_halves_with_its_sequences():
    driver, _ = connected(("orders", 1), producer=IDEMPOTENT)
    number = driver.call(Produce(tuple(record(b"%d" % index) for index in range(5))))
    with_id(driver)
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked, code=ErrorCode.MESSAGE_TOO_LARGE))
    halves = []
    while len(halves) < 2:
        (asked,) = driver.take()
        halves.append((read_header(batch_of(asked)).base_sequence, values_of(asked)))
        driver.answer(asked, answered(asked, base_offset=10 * len(halves)))
    assert halves == [(0, [b"0", b"1"]), (2, [b"2", b"3", b"4"])]
    assert [done.offset for done in driver.results[number]] == [10, 11, 20, 21, 22]


def test_one_record_that_is_too_large_fails_with_the_brokers_words():
    driver, _ = connected(("orders", 1), producer=PLAIN)
    number = driver.call(Produce((record(),)))
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked, code=ErrorCode.MESSAGE_TOO_LARGE, message="too large for this topic"))
    (outcome,) = driver.results[number]
    assert (outcome.code, outcome.maybe_written) == (ErrorCode.MESSAGE_TOO_LARGE, False)
    assert "too large for this topic" in str(outcome)


def test_after_the_delivery_timeout_an_unsent_record_is_certainly_not_written():
    config = ProducerConfig(linger_ms=0, delivery_timeout_ms=3_000)
    driver, connection = connected(("orders", 1), producer=config)
    driver.close(connection)
    number = driver.call(Produce((record(),)))
    for _ in range(40):
        while driver.asked_to_connect:
            driver.refuse()
        driver.advance(100)
    (outcome,) = driver.results[number]
    assert not outcome.maybe_written
    assert driver.client.producer.buffered_bytes == 0


def test_after_the_delivery_timeout_a_sent_record_may_be_written():
    config = ProducerConfig(idempotent=False, linger_ms=0, delivery_timeout_ms=3_000)
    driver, connection = connected(("orders", 1), producer=config)
    number = driver.call(Produce((record(),)))
    driver.take()
    driver.close(connection)
    for _ in range(40):
        while driver.asked_to_connect:
            driver.refuse()
        driver.advance(100)
    assert driver.results[number][0].maybe_written


def test_records_of_an_unknown_topic_wait_for_it():
    driver, _ = connected(producer=PLAIN, create_topics=True)
    number = driver.call(Produce((record(),)))
    asked = driver.take_one(MetadataRequest)
    assert asked.message.allow_auto_topic_creation
    absent = metadata()
    absent.topics.append(MetadataResponseTopic(error_code=5, name="orders"))
    driver.answer(asked, absent)
    driver.advance(300)
    driver.answer(driver.take_one(MetadataRequest), metadata(("orders", 2)))
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked))
    assert isinstance(driver.results[number][0], Produced)


def test_who_lists_a_huge_cluster_goes_on_writing():
    driver, _ = connected(("orders", 1), producer=PLAIN)
    driver.call(GetMetadata(None))
    listed = metadata(("huge", 9_999), ("orders", 2))
    listed.topics[0].topic_id = b"another topic's."
    driver.answer(driver.take_one(MetadataRequest), listed)
    number = driver.call(Produce((record(),)))
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked))
    assert isinstance(driver.results[number][0], Produced)


def test_a_topic_that_is_refused_fails_at_once():
    driver, _ = connected(producer=PLAIN)
    number = driver.call(Produce((record(), ProducerRecord("other", b"v"))))
    (asked,) = driver.take()
    refused = metadata(("other", 1))
    refused.topics.append(MetadataResponseTopic(error_code=ErrorCode.TOPIC_AUTHORIZATION_FAILED, name="orders"))
    driver.answer(asked, refused)
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked))
    first, second = driver.results[number]
    assert first.code == ErrorCode.TOPIC_AUTHORIZATION_FAILED
    assert isinstance(second, Produced)


def test_a_partition_that_the_topic_lacks_fails_only_its_record():
    driver, _ = connected(("orders", 1), producer=PLAIN)
    number = driver.call(Produce((record(partition=4), record(partition=0))))
    asked = driver.take_one(ProduceRequest)
    driver.answer(asked, answered(asked))
    assert isinstance(driver.results[number][0], NotProduced)
    assert isinstance(driver.results[number][1], Produced)


def test_more_than_the_buffer_holds_is_refused_not_kept():
    driver, _ = connected(("orders", 1), producer=ProducerConfig(idempotent=False, buffer_bytes_max=1_000))
    number = driver.call(Produce((record(b"x" * 2_000),)))
    assert "too many records wait" in str(driver.results[number][0])
    assert driver.call(Produce(())) in driver.results


class SequencedLog:
    """A partition that checks sequences as a broker does."""

    def __init__(self):
        self.values = []
        self.next_sequence = {}

    def append(self, batch):
        header = read_header(batch)
        expected = self.next_sequence.get(header.producer_id, 0)
        if header.base_sequence < expected:
            return ErrorCode.DUPLICATE_SEQUENCE_NUMBER, -1
        if header.base_sequence > expected:
            return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1
        base = len(self.values)
        self.values += [one.value for one in decode_records(batch)]
        self.next_sequence[header.producer_id] = expected + header.record_count
        return ErrorCode.NONE, base


@pytest.mark.parametrize("seed", range(25))
def test_with_lost_connections_and_refusals_each_record_is_written_once_and_in_order(seed):
    chance = random.Random(seed)
    driver, _ = connected(("orders", 2), producer=ProducerConfig(linger_ms=2, batch_bytes=200))
    logs = {0: SequencedLog(), 1: SequencedLog()}
    producer_ids = 0
    numbers = {}

    def serve(asked):
        nonlocal producer_ids
        if isinstance(asked.message, MetadataRequest):
            return metadata(("orders", 2))
        if isinstance(asked.message, InitProducerIdRequest):
            producer_ids += 1
            return InitProducerIdResponse(0, 0, producer_ids, 0)
        answer = answered(asked)
        for topic, sent in zip(answer.responses, asked.message.topic_data, strict=True):
            for part, data in zip(topic.partition_responses, sent.partition_data, strict=True):
                if chance.random() < 0.1:
                    part.error_code = ErrorCode.NOT_LEADER_OR_FOLLOWER
                else:
                    part.error_code, part.base_offset = logs[part.index].append(bytes(data.records))
        return answer

    for step in range(3_000):
        if step < 200 and chance.random() < 0.5:
            value = b"%d" % step
            numbers[driver.call(Produce((record(value, partition=step % 2),)))] = value
        while driver.asked_to_connect:
            driver.refuse() if chance.random() < 0.3 else driver.accept()
        for asked in driver.take():
            if asked.connection not in driver.connections:
                continue
            if chance.random() < 0.05:  # the connection is lost before or after the broker did it
                if chance.random() < 0.5:
                    serve(asked)
                driver.close(asked.connection)
            else:
                driver.answer(asked, serve(asked))
        driver.advance(chance.randrange(40))
        if step > 200 and len(driver.results) == len(numbers):
            break
    outcomes = {value: driver.results[number][0] for number, value in numbers.items()}
    assert all(isinstance(outcome, Produced) for outcome in outcomes.values())
    for index, log in logs.items():
        expected = [value for value in numbers.values() if int(value) % 2 == index]
        assert log.values == expected
        for value in expected:
            if outcomes[value].offset >= 0:
                assert log.values[outcomes[value].offset] == value
