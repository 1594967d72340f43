"""The same on the command line."""

import shlex

from console.kafka.topic_writes import NewTopic
from console.services import topic_commands as commands


def test_defaults_are_left_out_and_hostile_names_are_one_word():
    wanted = NewTopic("a; rm -rf /", configs={"retention.ms": "1"})
    assert shlex.split(commands.create_command("b:1", wanted).replace("\\\n", "")) == [
        "kafka-topics.sh", "--bootstrap-server", "b:1", "--create", "--topic", "a; rm -rf /",
        "--config", "retention.ms=1",
    ]  # fmt: skip
    assert "--partitions 3" in commands.create_command("b:1", NewTopic("t", 3, 1))


def test_values_with_commas_stand_in_brackets():
    line = commands.configs_command("b:1", "t", {"cleanup.policy": "compact,delete", "retention.ms": None})
    assert "'cleanup.policy=[compact,delete]'" in line and "--delete-config retention.ms" in line


def test_the_file_of_a_deletion_is_json_in_one_word():
    line = commands.delete_records_command("b:1", "t", [(0, 5)])
    assert line.startswith("""echo '{"partitions": [{"topic": "t", "partition": 0, "offset": 5}], "version": 1}' >""")
    assert "--partitions 9" in commands.partitions_command("b:1", "t", 9)
    assert "--delete" in commands.delete_command("b:1", "t")
