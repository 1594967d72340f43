"""What is committed is what the generator writes from Kafka's jars; skipped where there are none."""

import os
from pathlib import Path

import pytest

from engine.wire.generate import OUT, generate, stale
from engine.wire.generate_schema import snake, version_range, without_comments

JARS = Path(os.environ.get("KAFKA_JARS") or Path.home() / ".cache" / "kafka-4.3.1")
have_jars = pytest.mark.skipif(
    not any(JARS.glob("kafka-clients-*.jar")), reason="no jars of Apache Kafka (set KAFKA_JARS to their folder)"
)


@have_jars
def test_the_committed_modules_are_what_the_generator_writes():
    files = generate(JARS)
    assert len(files) > 90
    differing = [name for name, text in files.items() if (OUT / name).read_text() != text]
    assert not differing, "run python -m engine.wire.generate --jars DIR"
    assert not stale(files)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", range(3, 4)),
        ("2-5", range(2, 6)),
        ("3+", range(3, 32768)),
        ("none", range(0)),
        (None, range(0)),
        ("", range(0)),
    ],
)
def test_versions_are_read_as_kafka_writes_them(text, expected):
    assert version_range(text) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("TopicId", "topic_id"), ("KRaftVersionRecord", "k_raft_version_record"), ("Class", "class_"), ("ISR", "isr")],
)
def test_names_are_spelled_as_python_does(name, expected):
    assert snake(name) == expected


def test_comments_are_dropped_but_not_inside_text():
    assert without_comments('{"a": "http://x", // gone\n"b": 1}') == '{"a": "http://x", \n"b": 1}'
