"""In what order topics are listed. Pure.

*Not here*: where the numbers come from (topic_numbers.py).
"""

from typing import Literal

from console.kafka.all_topics import TopicSummary
from console.kafka.beside import in_order
from console.kafka.topic_numbers import OF_ROWS, Numbers

SortKey = Literal["name", "partitions", "replication_factor", "records", "size_bytes"]


def sort_topics(listed: list[TopicSummary], sort: SortKey, descending: bool, numbers: Numbers) -> list[TopicSummary]:
    """Those that are listed by name, in this order; equal ones by name; what is not known counts as least."""
    if sort == "name":
        return listed[::-1] if descending else listed
    if sort not in OF_ROWS:
        return in_order(listed, lambda topic: getattr(topic, sort), reverse=descending)
    known = {name: number for name, number in numbers.items() if number is not None}
    return in_order(listed, lambda topic: known.get(topic.name, -1), reverse=descending)
