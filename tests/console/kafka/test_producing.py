"""Producing on a real broker, ours and Apache Kafka: what is written is read back, refusals come in words."""

import pytest

from console.kafka import producing, records
from console.kafka.connection import ConnectionSpec
from console.kafka.producing import NotWritten, PerhapsWritten, ProducerRecord, Settings, Written
from console.services import encodings
from engine.launcher import free_port
from tests.processes import wait_for

TIME_MS = 1_795_356_391_874
PLAIN = Settings()


def send(spec, sent, settings=PLAIN, *, told=lambda outcomes: True, **how):
    outcomes = []

    def tell(group, took_ms):
        outcomes.extend(group)
        return told(outcomes)

    producing.produce(spec, sent, settings, tell, **how)
    return outcomes


def record(name, value=b"v", key=None, partition=0, headers=()):
    return ProducerRecord(name, value, key, headers, partition, TIME_MS)


def test_whatever_a_form_can_write_is_shown_the_same(cluster, spec):
    name = cluster.topic(2)
    typed = [
        ("text", "Zoë\n"), ("json", '{"id":9223372036854775807}'), ("hex", "00 ff"), ("base64", "AP8="),
        ("integer", "-2147483648"), ("long", "9223372036854775807"), ("double", "NaN"), ("double", "-0.1"),
        ("null", ""),
    ]  # fmt: skip
    sent = [
        record(name, encodings.encode(*value), encodings.encode(*key), 1, (("h", encodings.encode(*key)), ("h", None)))
        for value in typed
        for key in typed
    ]
    outcomes = send(spec, sent)
    assert outcomes == [Written(1, offset, TIME_MS) for offset in range(len(sent))]
    read = records.read(spec, name, partition=1, start=records.Start("oldest"), limit=100).records
    shown = [(None if kind == "null" else text) for kind, text in typed]
    for number, found in enumerate(read):
        value, key = divmod(number, len(typed))
        for data, at in ((found.value, value), (found.key, key), (found.headers[0][1], key)):
            kind = typed[at][0]
            assert (None if kind == "null" else encodings.decode(kind, data)) == shown[at]
        assert found.headers[1] == ("h", None) and found.timestamp_ms == TIME_MS
    assert len(read) == len(sent)


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_and_acks(cluster, spec, compression):
    name = cluster.topic()
    for acks, idempotent in ((-1, True), (-1, False), (1, False), (0, False)):
        (outcome,) = send(spec, [record(name, b"x" * 500)], Settings(acks, idempotent, compression))
        assert isinstance(outcome, Written) and (outcome.offset is None) == (acks == 0)
    # Records of acks=1 and 0 are seen when they are synced, the last one a moment after it was sent.
    wait_for(lambda: len(records.read(spec, name).records) == 4, timeout_s=10, what="not all four are seen")
    found = records.read(spec, name).records
    assert {entry.compression for entry in found} == {compression}


def test_what_is_too_large_is_refused_in_the_clusters_words(cluster, spec):
    name = cluster.topic(max_message_bytes="2000")
    assert producing.batch_bytes(record(name, b"x" * 3000), "none") > 3000
    assert producing.batch_bytes(record(name, b"x" * 3000), "gzip") < 2000
    (outcome,) = send(spec, [record(name, b"x" * 3000)])
    assert isinstance(outcome, NotWritten) and "MESSAGE_TOO_LARGE" in outcome.reason
    (outcome,) = send(spec, [record(name, b"x" * 3000)], Settings(compression="gzip"))
    assert isinstance(outcome, Written)


def test_the_limit_of_a_batch_is_exactly_that_of_the_cluster(cluster, spec):
    name = cluster.topic(max_message_bytes="2000")
    fitting = next(
        size for size in range(2000, 0, -1) if producing.batch_bytes(record(name, b"x" * size), "none") <= 2000
    )
    assert isinstance(send(spec, [record(name, b"x" * fitting)])[0], Written)
    assert isinstance(send(spec, [record(name, b"x" * (fitting + 1))])[0], NotWritten)


def test_a_cancelled_sending_stops_between_groups_and_keeps_the_order(cluster, spec):
    name = cluster.topic()
    sent = [record(name, b"%d" % number) for number in range(1000)]
    outcomes = send(spec, sent, told=lambda outcomes: len(outcomes) < 400)
    assert len(outcomes) == 400
    read = records.read(spec, name, start=records.Start("oldest"), limit=1000).records
    assert [int(entry.value) for entry in read] == list(range(400))


def test_a_batch_that_is_sent_again_is_written_once(cluster, spec):
    name = cluster.topic()
    batch = [record(name, b"a"), record(name, b"b")]
    send(spec, batch)
    (first, _) = records.read(spec, name, start=records.Start("oldest")).records
    sent_as = producing.SentAs(first.producer_id, first.producer_epoch, first.sequence)
    outcomes = send(spec, [record(name, b"c")], again=[(sent_as, batch)])
    assert [outcome.offset for outcome in outcomes] == [0, 1, 2]
    assert [entry.value for entry in records.read(spec, name, start=records.Start("oldest")).records] == [
        b"a",
        b"b",
        b"c",
    ]


def test_a_topic_that_is_gone_and_a_cluster_that_is_gone_are_told(cluster, spec, monkeypatch):
    monkeypatch.setattr(producing, "DELIVERY_TIMEOUT_MS", 600)
    (outcome,) = send(spec, [record("not-there-at-all")])
    assert isinstance(outcome, NotWritten)
    (outcome,) = send(ConnectionSpec(f"127.0.0.1:{free_port()}"), [record("x")])
    assert isinstance(outcome, NotWritten)


def test_a_broker_that_takes_a_record_and_says_nothing_leaves_it_perhaps_written(frozen_server, monkeypatch):
    monkeypatch.setattr(producing, "DELIVERY_TIMEOUT_MS", 600)
    (outcome,) = send(ConnectionSpec(frozen_server), [record("x")])
    assert isinstance(outcome, NotWritten | PerhapsWritten)
