"""One record as a line for kcat, ready to be pasted.

*Invariants*: whatever a topic or an address is called, a shell reads it as one word.
*Not here*: how a word is quoted (reset_commands.py).
"""

from console.services.reset_commands import word


def read_command(bootstrap: str, topic: str, partition: int, offset: int, *, secure: bool = False) -> str:
    """Read this one record, with its key, headers and time; `secure`: a file says how to sign in."""
    config = ["-F", "client.properties"] if secure else []
    read = ["-b", word(bootstrap), "-t", word(topic), "-p", str(partition), "-o", str(offset), "-c", "1"]
    return " ".join(["kcat", *config, "-C", *read, "-e", "-f", "'%p %o %T\\n%h\\n%k\\n%s\\n'"])
