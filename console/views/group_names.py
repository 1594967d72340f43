"""What may stand in an address for a group: its name, or a code for it when an address cannot carry the name.

Kafka lets a group be called anything: slashes, blanks, control characters, "..".

*Invariants*: each name has one address; a name longer than NAME_BYTES_MAX has none, and no page.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

PLAIN = r"[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,248}"
NAME_BYTES_MAX = 1500


class GroupNameConverter:
    """Plain names as they are; others behind a tilde, in URL-safe base64."""

    regex = PLAIN + "|~[a-zA-Z0-9_-]{1,2000}"

    def to_python(self, value: str) -> str:
        """The name; ValueError (no such page) when this is no code."""
        if not value.startswith("~"):
            return value
        name = urlsafe_b64decode(value[1:] + "=" * (-(len(value) - 1) % 4)).decode()
        if self.to_url(name) != value:
            raise ValueError("a name has one address")
        return name

    def to_url(self, value: str) -> str:
        """The name or its code; ValueError when it is too long for an address."""
        if re.fullmatch(PLAIN, value):
            return value
        data = value.encode()
        if not 0 < len(data) <= NAME_BYTES_MAX:
            raise ValueError("no address holds this name")
        return "~" + urlsafe_b64encode(data).decode().rstrip("=")
