"""One record as a line for kcat, ready to be pasted.

*Invariants*: whatever a topic or an address is called, a shell reads it as one word.
*Not here*: how a word is quoted (reset_commands.py).
"""

from console.services.reset_commands import word


def read_command(bootstrap: str, topic: str, partition: int, offset: int) -> str:
    """Read this one record, with its key, headers and time."""
    words = ["kcat", "-C", "-b", word(bootstrap), "-t", word(topic), "-p", str(partition), "-o", str(offset), "-c", "1"]
    return " ".join([*words, "-e", "-f", "'%p %o %T\\n%h\\n%k\\n%s\\n'"])
