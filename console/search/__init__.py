"""Record search: a filter language, its evaluation, and the scan of a topic.

Whoever filters records calls parse(text) -> Filter, once, and matches(filter, record) -> bool, for each.
"""

from console.search.evaluate import matches, prefilter
from console.search.language import Filter, FilterError, parse
from console.search.tail_filter import tail_filter

__all__ = ["Filter", "FilterError", "matches", "parse", "prefilter", "tail_filter"]
