"""Programs of Kafka's own that keep all they know in the cluster: an application of Kafka Streams, and MirrorMaker.

A Streams application makes topics for itself (to divide anew, to keep its state), joins a group with an assignor
of its own and deletes what it has read. MirrorMaker runs three kinds of Connect connectors.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from engine.launcher import start_process
from tests.apache_kafka import class_path

pytestmark = [pytest.mark.processes, pytest.mark.kafka, pytest.mark.timeout(600)]

WAIT_S = 120
JAVA = ["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp"]
WORD_COUNT = """
import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.Stores;

public class WordCount {
    public static void main(String[] args) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("application.id", args[1]);
        settings.put("state.dir", args[2]);
        settings.put("default.key.serde", Serdes.StringSerde.class);
        settings.put("default.value.serde", Serdes.StringSerde.class);
        settings.put("commit.interval.ms", "100");
        settings.put("auto.offset.reset", "earliest");
        settings.put("session.timeout.ms", "6000");  // who closes does not leave, and is waited for by the next run
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(args[3])
            .flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word)
            .count(Materialized.as(Stores.inMemoryKeyValueStore("counts")))
            .toStream().mapValues(count -> Long.toString(count)).to(args[4]);
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
        streams.start();
    }
}
"""
MIRROR = """
clusters=here, there
here.bootstrap.servers={bootstrap}
there.bootstrap.servers={bootstrap}
here->there.enabled=true
here->there.topics={topic}
here->there.sync.topic.acls.enabled=false
replication.factor=1
checkpoints.topic.replication.factor=1
heartbeats.topic.replication.factor=1
offset-syncs.topic.replication.factor=1
offset.storage.replication.factor=1
status.storage.replication.factor=1
config.storage.replication.factor=1
"""


@contextmanager
def running(command: list[str], log: Path) -> Iterator[Callable[[], None]]:
    """Run a Java program until the block ends; give what asserts that it still runs."""
    with log.open("ab") as output:
        process = start_process(command, environment={}, output=output)

    def check() -> None:
        assert process.poll() is None, f"it ended: {log.read_text(errors='replace')[-2000:]}"

    try:
        yield check
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def read_until(bootstrap: str, topic: str, partitions: int, done: Callable[[dict], bool], check: Callable) -> dict:
    """Read a topic from its beginning until what is known of its keys is enough; return it."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, index, OFFSET_BEGINNING) for index in range(partitions)])
    found: dict = {}
    end_s = time.monotonic() + WAIT_S
    while not done(found):
        check()
        assert time.monotonic() < end_s, f"only {found}"
        record = consumer.poll(0.2)
        if record is not None and record.error() is None:
            found[record.key()] = record.value()
    consumer.close()
    return found


def test_a_streams_application_counts_and_finds_its_counts_again(
    bootstrap: str, new_topic: Callable[..., str], tmp_path: Path
):
    if shutil.which("javac") is None:
        pytest.skip("there is no Java compiler")
    lines, counts = new_topic(2), new_topic(2)
    (tmp_path / "WordCount.java").write_text(WORD_COUNT)
    command = [*JAVA, class_path(), str(tmp_path / "WordCount.java"), bootstrap, f"count-{lines}"]
    producer = Producer({"bootstrap.servers": bootstrap})
    for run, total in enumerate((300, 303)):  # the second run has only what the cluster kept
        for number in range(total - (300 if run else 0)):
            producer.produce(lines, b"alpha %d" % (number % 3))
        assert producer.flush(30) == 0
        own = [str(tmp_path / f"state{run}"), lines, counts]
        with running([*command, *own], tmp_path / "log") as check:
            wanted = {b"alpha": b"%d" % total} | {b"%d" % digit: b"%d" % (total // 3) for digit in range(3)}
            assert read_until(bootstrap, counts, 2, lambda found, wanted=wanted: found == wanted, check) == wanted
    topics = AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=20).topics
    assert {f"count-{lines}-counts-repartition", f"count-{lines}-counts-changelog"} <= set(topics)


def test_mirrormaker_copies_a_topic(bootstrap: str, new_topic: Callable[..., str], tmp_path: Path):
    topic = new_topic(2)
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(500):
        producer.produce(topic, b"v%d" % number, b"%d" % number)
    assert producer.flush(30) == 0
    settings = tmp_path / "mirror.properties"
    settings.write_text(MIRROR.format(bootstrap=bootstrap, topic=topic))
    command = [*JAVA, class_path(), "org.apache.kafka.connect.mirror.MirrorMaker", str(settings)]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    with running(command, tmp_path / "log") as check:
        end_s = time.monotonic() + WAIT_S
        while f"here.{topic}" not in admin.list_topics(timeout=20).topics:
            check()
            assert time.monotonic() < end_s, "the copy's topic is not made"
            time.sleep(0.2)
        found = read_until(bootstrap, f"here.{topic}", 2, lambda found: len(found) == 500, check)
    assert found == {b"%d" % number: b"v%d" % number for number in range(500)}
