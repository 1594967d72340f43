"""The same reset, or deletion of a group, as a line for Kafka's own command line.

*Invariants*: whatever a group is called, a shell reads its name as one word; what cannot be seen is written by number.
*Not here*: what a reset does (groups.py).
"""

import shlex
from datetime import UTC, datetime

from console.kafka.group_resets import Wish

FLAGS = {"earliest": "--to-earliest", "latest": "--to-latest"}


def command(bootstrap: str, group: str, wish: Wish, *, secure: bool = False) -> str:
    """One option a line, ready to be pasted; `secure`: the tool needs a file that says how to sign in."""
    topic = wish.topic
    if wish.partitions is not None:
        topic += ":" + ",".join(map(str, wish.partitions))
    options = [f"--topic {word(topic)}", f"--reset-offsets {_target(wish)}", "--execute"]
    return _command(bootstrap, group, options, secure=secure)


def delete_command(bootstrap: str, group: str, *, secure: bool = False) -> str:
    """The same for the deletion of a group."""
    return _command(bootstrap, group, ["--delete"], secure=secure)


def _command(bootstrap: str, group: str, options: list[str], *, secure: bool) -> str:
    lines = ["kafka-consumer-groups.sh", f"--bootstrap-server {word(bootstrap)}"]
    lines += ["--command-config client.properties"] if secure else []
    return " \\\n  ".join([*lines, f"--group {word(group)}", *options])


def _target(wish: Wish) -> str:
    if wish.kind == "offset":
        return f"--to-offset {wish.value}"
    if wish.kind == "shift":
        return f"--shift-by {wish.value}"
    if wish.kind == "time":
        when = datetime.fromtimestamp(wish.value // 1000, UTC)
        return f"--to-datetime {when:%Y-%m-%dT%H:%M:%S}.{wish.value % 1000:03}"
    return FLAGS[wish.kind]


def word(text: str) -> str:
    """One word of a shell; with characters that cannot be seen, in the form $'...' that bash and zsh read."""
    if text.isprintable():
        return shlex.quote(text)
    shown = "".join(
        "\\" + character if character in "\\'" else character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in text
    )
    return f"$'{shown}'"
