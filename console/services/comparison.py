"""Two versions of a text, line by line, as they stand side by side.

*Invariants*: pure; every line of both versions is there once, in its order.
*Not here*: how it is drawn (templates/components/compare.html).
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

LINES_MAX = 2000  # the matcher takes time by the square of it


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the line before and the line after; None where that side has none."""

    before_number: int
    before: str | None
    after_number: int
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether the sides differ."""
        return self.before != self.after


def compared(before: str, after: str) -> list[Line]:
    """Give the rows; a replaced line stands beside what replaced it."""
    olds, news = before.splitlines()[:LINES_MAX], after.splitlines()[:LINES_MAX]
    rows = []
    for _, old_start, old_end, new_start, new_end in SequenceMatcher(a=olds, b=news, autojunk=False).get_opcodes():
        pairs = zip_longest(olds[old_start:old_end], news[new_start:new_end])
        for number, (old, new) in enumerate(pairs, 1):
            rows.append(Line(old_start + number, old, new_start + number, new))
    return rows
