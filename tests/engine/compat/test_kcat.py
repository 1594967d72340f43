"""kcat as Debian ships it (librdkafka 2.0.2): the old-client canary."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer

pytestmark = pytest.mark.processes


def kcat(bootstrap: str, *arguments: str, stdin: str = "") -> str:
    """Run kcat to its end; return what it printed."""
    command = ["kcat", "-b", bootstrap, "-m", "20", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=40, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def numbers(count: int) -> str:
    return "".join(f"{number}\n" for number in range(count))


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_what_goes_in_comes_out_with_every_codec(bootstrap: str, new_topic: Callable[..., str], codec: str):
    topic = new_topic()
    lines = "".join(f"{number} the same words again and again\n" for number in range(1000))
    kcat(bootstrap, "-P", "-t", topic, "-z", codec, stdin=lines)
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q") == lines
    if codec != "none":
        sizes = kcat(bootstrap, "-C", "-t", topic, "-o", "0", "-c", "1", "-q", "-f", "%S\n")
        assert sizes.strip() == str(len("0 the same words again and again"))


def test_a_topic_is_made_by_producing_to_it(bootstrap: str):
    kcat(bootstrap, "-P", "-t", "made-by-kcat", stdin=numbers(1000))
    assert kcat(bootstrap, "-C", "-t", "made-by-kcat", "-o", "beginning", "-e", "-q") == numbers(1000)


def test_the_cluster_is_listed_as_json(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(3)
    listed = json.loads(kcat(bootstrap, "-L", "-J"))
    assert [broker["name"] for broker in listed["brokers"]] == [bootstrap]
    (found,) = [one for one in listed["topics"] if one["topic"] == topic]
    assert [one["partition"] for one in found["partitions"]] == [0, 1, 2]
    assert all(one["leader"] == listed["brokers"][0]["id"] for one in found["partitions"])


def test_keys_headers_and_nulls_survive(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    kcat(bootstrap, "-P", "-t", topic, "-K", ":", "-Z", "-H", "trace=1", stdin="k:v\nempty:\n")
    found = kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-J")
    first, second = (json.loads(line) for line in found.splitlines())
    assert (first["key"], first["payload"], first["headers"]) == ("k", "v", ["trace", "1"])
    assert (second["key"], second["payload"]) == ("empty", None)


def test_the_tail_of_a_topic_is_read(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    kcat(bootstrap, "-P", "-t", topic, stdin=numbers(100))
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "-5", "-e", "-q") == "95\n96\n97\n98\n99\n"
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "50", "-c", "2", "-q") == "50\n51\n"


def test_offsets_are_found_by_time(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    kcat(bootstrap, "-P", "-t", topic, stdin=numbers(10))
    (time_ms,) = kcat(bootstrap, "-C", "-t", topic, "-o", "0", "-c", "1", "-q", "-f", "%T").split()
    assert f"{topic} [0] offset 0" in kcat(bootstrap, "-Q", "-t", f"{topic}:0:{time_ms}")
    assert f"{topic} [0] offset 10" in kcat(bootstrap, "-Q", "-t", f"{topic}:0:-1")
    assert f"{topic} [0] offset 0" in kcat(bootstrap, "-Q", "-t", f"{topic}:0:-2")


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_every_kind_of_acks(bootstrap: str, new_topic: Callable[..., str], acks: str):
    topic = new_topic()
    kcat(bootstrap, "-P", "-t", topic, "-X", f"acks={acks}", stdin=numbers(100))
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-c", "100", "-q") == numbers(100)


def test_an_idempotent_producer(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    kcat(bootstrap, "-P", "-t", topic, "-X", "enable.idempotence=true", stdin=numbers(1000))
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q") == numbers(1000)


def test_one_partition_is_written_and_read(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(4)
    kcat(bootstrap, "-P", "-t", topic, "-p", "2", stdin=numbers(10))
    assert kcat(bootstrap, "-C", "-t", topic, "-p", "2", "-o", "beginning", "-e", "-q") == numbers(10)
    assert kcat(bootstrap, "-C", "-t", topic, "-p", "1", "-o", "beginning", "-e", "-q") == ""


def test_one_topic_is_described_in_words(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(3)
    assert f'topic "{topic}" with 3 partitions' in kcat(bootstrap, "-L", "-t", topic)


# How kcat reads ten records k0:v0, k1:v1 ..., written a second apart from 1,700,000,000,000 on.
READINGS = {
    "from a time on": (["-o", "s@1700000007000", "-e"], "v7\nv8\nv9\n"),
    "up to a time": (["-o", "s@1700000002000", "-o", "e@1700000004000"], "v2\nv3\n"),
    "with a format": (["-o", "8", "-e", "-f", "%t/%p/%o %T %K:%k %S:%s\\n"],
                      "{topic}/0/8 1700000008000 2:k8 2:v8\n{topic}/0/9 1700000009000 2:k9 2:v9\n"),
    "keys and a delimiter": (["-o", "7", "-c", "3", "-K", "=", "-D", ","], "k7=v7,k8=v8,k9=v9,"),
    "in small pieces": (["-o", "beginning", "-e", "-X", "fetch.message.max.bytes=100"],
                        "".join(f"v{number}\n" for number in range(10))),
    "committed and checked": (["-o", "-1", "-e", "-X", "isolation.level=read_committed", "-X", "check.crcs=true"],
                              "v9\n"),
    "nothing at the end": (["-p", "0", "-o", "end", "-e"], ""),
    "bytes as numbers": (["-o", "0", "-c", "1", "-s", "value=>H"], "30256\n"),
}  # fmt: skip


@pytest.mark.parametrize("what", READINGS)
def test_records_are_read(bootstrap: str, new_topic: Callable[..., str], what: str):
    topic = new_topic()
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(10):
        producer.produce(topic, b"v%d" % number, b"k%d" % number, timestamp=1_700_000_000_000 + number * 1000)
    assert producer.flush(20) == 0
    arguments, expected = READINGS[what]
    assert kcat(bootstrap, "-C", "-t", topic, "-q", *arguments) == expected.replace("{topic}", topic)


def test_a_file_is_one_record_or_one_for_each_line(bootstrap: str, new_topic: Callable[..., str], tmp_path: Path):
    topic, lines = new_topic(), numbers(5)
    (tmp_path / "lines").write_text(lines)
    kcat(bootstrap, "-P", "-t", topic, "-k", "whole", str(tmp_path / "lines"))
    kcat(bootstrap, "-P", "-t", topic, "-l", str(tmp_path / "lines"))
    assert kcat(
        bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k|%s;"
    ) == f"whole|{lines};" + "".join(f"|{number};" for number in range(5))


def test_records_are_cut_counted_and_shown_as_they_are_produced(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic()
    shown = kcat(bootstrap, "-P", "-t", topic, "-D", ",", "-T", "-c", "2", stdin="a,b,c")
    assert shown == "ab"
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q") == "a\nb\n"


def test_keys_choose_the_partition_as_java_does(bootstrap: str, new_topic: Callable[..., str]):
    topic = new_topic(3)
    keys = "".join(f"id_{number}:v\n" for number in (1234, 4321, 4320, 4319))
    kcat(bootstrap, "-P", "-t", topic, "-K", ":", "-X", "topic.partitioner=murmur2_random", stdin=keys)
    found = kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k %p\\n")
    assert sorted(found.splitlines()) == ["id_1234 0", "id_4319 1", "id_4320 2", "id_4321 1"]


def test_a_large_record_goes_through(bootstrap: str, new_topic: Callable[..., str], tmp_path: Path):
    topic = new_topic()
    (tmp_path / "large").write_text("x" * 900_000)
    kcat(bootstrap, "-P", "-t", topic, "-X", "acks=all", str(tmp_path / "large"))
    assert kcat(bootstrap, "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%S %o") == "900000 0"


def test_a_topic_that_must_not_be_made_is_refused_by_name(bootstrap: str):
    command = ["kcat", "-b", bootstrap, "-C", "-t", "nobody made this", "-e", "-o", "beginning"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=40, check=False)
    assert done.returncode != 0
    assert "Broker: Invalid topic" in done.stderr
