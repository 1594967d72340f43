"""In what order topics are listed. Pure.

*Not here*: where the numbers come from (topics.py).
"""

from typing import Any, Literal, Protocol, TypeVar

BY_NUMBERS = ("records", "size_bytes")  # sorting by these asks for the numbers of all topics
SortKey = Literal["name", "partitions", "replication_factor", "records", "size_bytes"]
Numbers = dict[str, tuple[int | None, int | None]]  # records and size by topic


class HasRow(Protocol):
    """What is sorted: something with the row that the list shows of it."""

    @property
    def row(self) -> Any:
        """A TopicSummary."""


T = TypeVar("T", bound=HasRow)


def sort_topics(listed: list[T], sort: SortKey, descending: bool, numbers: Numbers) -> None:
    """In this order; equal ones by name; what is not known counts as least."""
    listed.sort(key=lambda topic: topic.row.name, reverse=descending and sort == "name")
    if sort in BY_NUMBERS:
        index = BY_NUMBERS.index(sort)
        known = {name: pair[index] or 0 for name, pair in numbers.items() if pair[index] is not None}
        listed.sort(key=lambda topic: known.get(topic.row.name, -1), reverse=descending)
    elif sort != "name":
        listed.sort(key=lambda topic: getattr(topic.row, sort), reverse=descending)
