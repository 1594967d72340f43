"""Which names a topic may have, and which two names may not live together.

A topic's name becomes the name of its directories, so this check stands between the
wire and every path: nothing but letters, digits, dot, underscore and hyphen gets by.

Spec: org.apache.kafka.common.internals.Topic.
"""

NAME_CHARACTERS_MAX = 249
_LEGAL = tuple("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
METADATA_TOPIC = "__cluster_metadata"
METADATA_TOPIC_ID = bytes(15) + b"\x01"
INTERNAL_TOPICS = ("__consumer_offsets", "__transaction_state", "__share_group_state")


def refusal(name: str) -> str | None:
    """Why no topic can have this name, in Kafka's words; None if one can."""
    if not name:
        return "Topic name is invalid: the empty string is not allowed"
    if name in (".", ".."):
        return f"Topic name is invalid: '{name}' is not allowed"
    if len(name) > NAME_CHARACTERS_MAX:
        return (
            f"Topic name is invalid: the length of '{name}' is longer than the max allowed length {NAME_CHARACTERS_MAX}"
        )
    if not all(character in _LEGAL for character in name):
        return (
            f"Topic name is invalid: '{name}' contains one or more characters other than ASCII alphanumerics, "
            "'.', '_' and '-'"
        )
    return None


def has_collision_characters(name: str) -> bool:
    """Whether metrics of this topic could be mistaken for another's: metric names fold '.' into '_'."""
    return "." in name or "_" in name


def folded(name: str) -> str:
    """The name with '.' as '_': two topics may not share it."""
    return name.replace(".", "_")


def is_internal(name: str) -> bool:
    """Whether clients are told that the broker itself uses this topic."""
    return name in INTERNAL_TOPICS
