import subprocess

import pytest

from console.kafka.group_resets import Wish
from console.services.reset_commands import command, word


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish("t", None, "earliest"), "--topic t \\\n  --reset-offsets --to-earliest"),
        (Wish("t", (0, 3), "latest"), "--topic t:0,3 \\\n  --reset-offsets --to-latest"),
        (Wish("t", None, "offset", 12), "--to-offset 12"),
        (Wish("t", None, "shift", -5), "--shift-by -5"),
        (Wish("t", None, "time", 1_763_819_100_007), "--to-datetime 2025-11-22T13:45:00.007"),
    ],
)
def test_the_command_says_the_same(wish, words):
    assert words in command("localhost:9092", "readers", wish)


@pytest.mark.parametrize("name", ["a b", "it's", "$(reboot)", "`x`", "\u202e", "a\nb'\\c", "!x", "-rf", "é"])
def test_a_shell_reads_any_name_as_one_word(name):
    said = subprocess.run(
        ["bash", "-c", f"printf %s {word(name)}" if not name.startswith("-") else f"printf -- %s {word(name)}"],
        capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert said.stdout.decode() == name
    assert word(name).isprintable()


def test_a_cluster_that_one_signs_in_at_needs_a_file_that_says_how():
    line = command("k:9093", "readers", Wish("orders", None, "earliest", 0), secure=True)
    assert "--bootstrap-server k:9093 \\\n  --command-config client.properties \\\n" in line
