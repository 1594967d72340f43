"""The filter language as live tails use it: a filter that many records are held against, batch by batch.

*Invariants*: `may_match` is False only for bytes in which nothing matches; what cannot be compared is None.
*Not here*: the language (language.py), sharing and budgets (console/kafka/tail_filters.py).
"""

from dataclasses import dataclass

from console.kafka.records import RecordView
from console.search.evaluate import matches, prefilter
from console.search.language import Filter, FilterError, parse


@dataclass(frozen=True, slots=True)
class TailFilter:
    """A filter that was understood."""

    asked: Filter
    needles: tuple[bytes, ...] | None

    @property
    def key(self) -> str:
        """Equal filters have equal keys."""
        return self.asked.text.strip()

    def may_match(self, data: bytes) -> bool:
        """Whether a record in these bytes (uncompressed) could match."""
        return self.needles is None or any(needle in data for needle in self.needles)

    def matches(self, record: RecordView) -> bool | None:
        """Whether a record matches; None when it cannot be compared within the bounds."""
        try:
            return matches(self.asked, record)
        except FilterError:
            return None


def tail_filter(text: str) -> TailFilter | FilterError:
    """Understand a filter, or say what is wrong and where."""
    try:
        asked = parse(text)
    except FilterError as error:
        return error
    return TailFilter(asked, prefilter(asked))
