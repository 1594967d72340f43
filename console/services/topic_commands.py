"""Writes to topics as lines for Kafka's own command line tools.

*Invariants*: whatever a name or value holds, a shell reads it as one word.
*Not here*: what the writes do (topics.py).
"""

import json
from collections.abc import Mapping, Sequence

from console.kafka.topic_writes import BROKER_DEFAULT, NewTopic
from console.services.reset_commands import word


def create_command(bootstrap: str, wanted: NewTopic) -> str:
    """kafka-topics --create."""
    lines = ["kafka-topics.sh", f"--bootstrap-server {word(bootstrap)}", "--create", f"--topic {word(wanted.name)}"]
    if wanted.partitions != BROKER_DEFAULT:
        lines.append(f"--partitions {wanted.partitions}")
    if wanted.replication_factor != BROKER_DEFAULT:
        lines.append(f"--replication-factor {wanted.replication_factor}")
    lines += [f"--config {word(f'{name}={value}')}" for name, value in wanted.configs.items()]
    return _command(lines)


def configs_command(bootstrap: str, topic: str, changes: Mapping[str, str | None]) -> str:
    """kafka-configs --alter; a value with a comma stands in brackets there."""
    lines = ["kafka-configs.sh", f"--bootstrap-server {word(bootstrap)}", "--alter", "--entity-type topics"]
    lines.append(f"--entity-name {word(topic)}")
    given = [(name, f"[{value}]" if "," in value else value) for name, value in changes.items() if value is not None]
    dropped = [name for name, value in changes.items() if value is None]
    if given:
        lines.append(f"--add-config {word(','.join(f'{name}={value}' for name, value in given))}")
    if dropped:
        lines.append(f"--delete-config {word(','.join(dropped))}")
    return _command(lines)


def partitions_command(bootstrap: str, topic: str, count: int) -> str:
    """kafka-topics --alter."""
    options = ["--alter", f"--topic {word(topic)}", f"--partitions {count}"]
    return _command(["kafka-topics.sh", f"--bootstrap-server {word(bootstrap)}", *options])


def delete_command(bootstrap: str, topic: str) -> str:
    """kafka-topics --delete."""
    return _command(["kafka-topics.sh", f"--bootstrap-server {word(bootstrap)}", "--delete", f"--topic {word(topic)}"])


def delete_records_command(bootstrap: str, topic: str, cuts: Sequence[tuple[int, int]]) -> str:
    """kafka-delete-records, with the file that it reads."""
    parts = [{"topic": topic, "partition": partition, "offset": offset} for partition, offset in cuts]
    file = json.dumps({"partitions": parts, "version": 1})
    return f"echo {word(file)} > delete.json\n" + _command(
        ["kafka-delete-records.sh", f"--bootstrap-server {word(bootstrap)}", "--offset-json-file delete.json"]
    )


def _command(lines: Sequence[str]) -> str:
    return " \\\n  ".join(lines)
