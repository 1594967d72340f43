"""What may stand in an address: names of topics, offsets."""


class TopicNameConverter:
    """A legal topic name: Kafka allows these characters only, and at most 249 of them."""

    regex = r"[a-zA-Z0-9._-]{1,249}"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class OffsetConverter:
    """An offset: 0 to 2^63 - 1, at most 19 digits."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        """The number; ValueError (no such page) when it does not fit into 64 bits."""
        offset = int(value)
        if offset >= 2**63:
            raise ValueError("beyond the last offset there can be")
        return offset

    def to_url(self, value: int) -> str:
        """Plain digits."""
        return str(value)
