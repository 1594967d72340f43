"""Where things stand in a TOML text: TOML's reader says what, authors need to know where.

*Invariant*: a place that is not found gives the line of the nearest table above it.
*Not here*: reading the text (tomllib does).
"""

Place = tuple[str | int, ...]  # ("step", 2, "check", 0, "where"): the name in the first check of the third step


class Lines:
    """The lines of tables and names of one text."""

    def __init__(self, text: str) -> None:
        """Note each table's header and each name's first line."""
        self.known: dict[Place, int] = {(): 1}
        counts: dict[Place, int] = {}
        here: Place = ()
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if stripped.startswith("[[") and "]]" in stripped:
                here = self._open(stripped[2 : stripped.index("]]")].split("."), counts)
            elif stripped.startswith("[") and stripped.endswith("]") and "=" not in stripped:
                here = self._inside(stripped[1:-1].split("."), counts)
            elif "=" in stripped and not stripped.startswith("#"):
                self.known.setdefault((*here, stripped.partition("=")[0].strip().strip('"')), number)
                continue
            else:
                continue
            self.known.setdefault(here, number)

    def _open(self, names: list[str], counts: dict[Place, int]) -> Place:
        above = self._inside(names[:-1], counts)
        place = (*above, names[-1].strip())
        counts[place] = counts.get(place, -1) + 1
        for deeper in [other for other in counts if other[: len(place)] == place and len(other) > len(place)]:
            if deeper[len(place)] == counts[place]:
                del counts[deeper]
        return (*place, counts[place])

    def _inside(self, names: list[str], counts: dict[Place, int]) -> Place:
        place: Place = ()
        for name in names:
            place = (*place, name.strip())
            if place in counts:
                place = (*place, counts[place])
        return place

    def of(self, place: Place) -> int:
        """The line of a place, or of what holds it."""
        while place not in self.known:
            place = place[:-1]
        return self.known[place]
