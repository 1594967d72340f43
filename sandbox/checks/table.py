"""One table of a lesson while it is read: typed values out, a sentence with a line for what cannot be.

*Invariant*: a name that nobody asked for is refused.
*Not here*: which names there are (reading.py).
"""

from collections.abc import Mapping
from typing import Any

from sandbox.checks import compare
from sandbox.checks.compare import Compare, Scalar
from sandbox.checks.errors import LessonError
from sandbox.checks.lines import Lines, Place

TEXT_MAX = 2_000
LIST_MAX = 40
WHERE_MAX = 8


class Table:
    """One table."""

    def __init__(self, raw: Mapping[str, Any], place: Place, lines: Lines, source: str) -> None:
        self.raw = raw
        self.place = place
        self.lines = lines
        self.source = source
        self.asked: dict[str, None] = {}

    def wrong(self, reason: str, name: str = "") -> LessonError:
        """The error to raise, with its line."""
        place = (*self.place, name) if name else self.place
        return LessonError(reason, self.lines.of(place), self.source)

    def text(self, name: str, usual: str | None = None) -> str:
        """A text that is not empty."""
        value: object = self._take(name, usual)
        if usual is not None and value is usual:
            return usual
        if not isinstance(value, str) or not value.strip() or len(value) > TEXT_MAX:
            raise self.wrong(f"{name} is a text of at most {TEXT_MAX} characters", name)
        return value.strip()

    def whole(self, name: str) -> int:
        """A whole number."""
        value = self._take(name, None)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.wrong(f"{name} is a whole number", name)
        return value

    def scalar(self, name: str) -> Scalar:
        """A text, a number, yes or no; nothing is an empty text."""
        value = self._take(name, "")
        if not isinstance(value, str | int | float | bool):
            raise self.wrong(f"{name} is one value", name)
        return value

    def words(self, name: str, choices: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Texts in a list, or one text."""
        value = self._take(name, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or len(value) > LIST_MAX or not all(isinstance(one, str) for one in value):
            raise self.wrong(f"{name} is a list of texts", name)
        for one in value:
            if choices and one not in choices:
                raise self.wrong(f"{name}: {one!r} is none of {', '.join(choices)}", name)
        return tuple(one.strip() for one in value)

    def wholes(self, name: str) -> tuple[int, ...]:
        """Whole numbers in a list."""
        value = self._take(name, [])
        if not isinstance(value, list) or len(value) > LIST_MAX or not all(type(one) is int for one in value):
            raise self.wrong(f"{name} is a list of whole numbers", name)
        return tuple(value)

    def texts(self, name: str) -> dict[str, str]:
        """Texts by name."""
        value = self.mapping(name)
        if not all(isinstance(one, str) for one in value.values()):
            raise self.wrong(f"{name} is a table of texts", name)
        return dict(value)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A table of anything."""
        value = self._take(name, {})
        if not isinstance(value, Mapping) or len(value) > LIST_MAX:
            raise self.wrong(f"{name} is a table", name)
        return value

    def compare(self, name: str, usual: str) -> Compare | None:
        """A comparison, or None if it is left out."""
        if name not in self.raw:
            return None
        found = compare.read(self._take(name, None), usual)
        if found is None:
            raise self.wrong(f"{name} is a value, or compares by {', '.join(compare.HOW)}", name)
        return found

    def compares(self, name: str, usual: str) -> dict[str, Compare]:
        """Comparisons by name."""
        found: dict[str, Compare] = {}
        for key, value in self.mapping(name).items():
            one = compare.read(value, usual)
            if one is None or len(found) == WHERE_MAX:
                raise self.wrong(f"{name}.{key} is a value, or compares by {', '.join(compare.HOW)}", name)
            found[key] = one
        return found

    def parts(self, name: str, most: int) -> list["Table"]:
        """The tables of a list."""
        return [
            Table(one, (*self.place, name, number), self.lines, self.source)
            for number, one in enumerate(self.moves(name, most))
        ]

    def moves(self, name: str, most: int) -> tuple[Mapping[str, Any], ...]:
        """A list of tables, as they are."""
        value = self._take(name, [])
        if not isinstance(value, list) or len(value) > most or not all(isinstance(one, Mapping) for one in value):
            raise self.wrong(f"{name} is a list of at most {most} tables", name)
        return tuple(value)

    def done(self) -> None:
        """Refuse what nobody asked for."""
        for name in self.raw:
            if name not in self.asked:
                raise self.wrong(f"nothing is called {name!r} here", name)

    def _take(self, name: str, usual: Any) -> Any:
        self.asked[name] = None
        if name not in self.raw and usual is None:
            raise self.wrong(f"{name} is missing")
        return self.raw.get(name, usual)
