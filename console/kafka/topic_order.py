"""In what order topics are listed. Pure.

*Not here*: where the numbers come from (topics.py).
"""

from typing import Literal

from console.kafka.all_topics import TopicSummary
from console.kafka.beside import in_order

BY_NUMBERS = ("records", "size_bytes")  # sorting by these asks for the numbers of all topics
SortKey = Literal["name", "partitions", "replication_factor", "records", "size_bytes"]
Numbers = dict[str, tuple[int | None, int | None]]  # records and size by topic


def sort_topics(listed: list[TopicSummary], sort: SortKey, descending: bool, numbers: Numbers) -> list[TopicSummary]:
    """Those that are listed by name, in this order; equal ones by name; what is not known counts as least."""
    if sort == "name":
        return listed[::-1] if descending else listed
    if sort not in BY_NUMBERS:
        return in_order(listed, lambda topic: getattr(topic, sort), reverse=descending)
    index = BY_NUMBERS.index(sort)
    known = {name: pair[index] or 0 for name, pair in numbers.items() if pair[index] is not None}
    return in_order(listed, lambda topic: known.get(topic.name, -1), reverse=descending)
