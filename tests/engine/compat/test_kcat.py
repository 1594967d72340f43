"""kcat as Debian ships it (librdkafka 2.0.2): the old-client canary."""

import json
import subprocess
from collections.abc import Callable

import pytest

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
