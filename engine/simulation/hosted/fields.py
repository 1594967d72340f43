"""Reading what people declare: plain JSON in, checked values out, a sentence for what cannot be.

Invariants:
- Nothing unknown is passed over: a field nobody reads is refused by its name.
- Every text and every number has a limit, and every text can be written as UTF-8.

Not here: which fields there are (actor_specs.py, actions.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.simulation.hosted.refused import Refused

TEXT_MAX = 249
MISSING = object()


@dataclass(slots=True)
class Fields:
    """One JSON object while it is read."""

    given: Mapping[str, Any]
    of: str  # what it declares, for sentences
    read: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.given, Mapping):
            raise Refused(f"{self.of} is declared by an object of named fields")

    def text(self, name: str, default: Any = MISSING, longest: int = TEXT_MAX) -> Any:
        """A text that is not empty, or the default."""
        value = self._take(name, default)
        if value is default and default is not MISSING:
            return value
        if not isinstance(value, str) or not value:
            raise Refused(f"{name} of {self.of} is a text that is not empty", name)
        if len(value) > longest:
            raise Refused(f"{name} of {self.of} is at most {longest} characters long", name)
        if not is_unicode(value):
            raise Refused(f"{name} of {self.of} has characters that are none", name)
        return value

    def one_of(self, name: str, choices: tuple[str, ...], default: Any = MISSING) -> Any:
        """One of a few words."""
        value = self._take(name, default)
        if value not in choices and value is not default:
            raise Refused(f"{name} of {self.of} is one of {', '.join(choices)}", name)
        return value

    def number(self, name: str, least: float, most: float, default: Any = MISSING) -> Any:
        """A number with bounds."""
        value = self._take(name, default)
        if value is default and default is not MISSING:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise Refused(f"{name} of {self.of} is a number from {least:g} to {most:g}", name)
        return value

    def whole(self, name: str, least: int, most: int, default: Any = MISSING) -> Any:
        """A whole number with bounds."""
        value = self.number(name, least, most, default)
        if value is not default and not isinstance(value, int):
            raise Refused(f"{name} of {self.of} is a whole number", name)
        return value

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise Refused(f"{name} of {self.of} is true or false", name)
        return value

    def mapping(self, name: str) -> dict[str, str]:
        """Texts by name, none if it is left out."""
        value = self._take(name, {})
        if not isinstance(value, Mapping) or len(value) > 50:
            raise Refused(f"{name} of {self.of} is an object of texts", name)
        for key, text in value.items():
            if not isinstance(key, str) or not isinstance(text, str) or len(key) > TEXT_MAX or len(text) > 1000:
                raise Refused(f"{name} of {self.of} is an object of texts", name)
            if not is_unicode(key + text):
                raise Refused(f"{name} of {self.of} has characters that are none", name)
        return dict(value)

    def part(self, name: str) -> "Fields | None":
        """An object in the object, if it is there."""
        value = self._take(name, None)
        return None if value is None else Fields(value, f"{name} of {self.of}")

    def done(self) -> None:
        """Refuse what nobody asked for."""
        unknown = [str(name)[:40] for name in self.given if name not in self.read]
        if unknown:
            named = [name if is_unicode(name) else "field of such a name" for name in unknown[:3]]
            raise Refused(f"{self.of} has no {', '.join(named)}", named[0])

    def _take(self, name: str, default: Any) -> Any:
        self.read[name] = None
        if name in self.given:
            return self.given[name]
        if default is MISSING:
            raise Refused(f"{name} of {self.of} is missing", name)
        return default


def is_unicode(text: str) -> bool:
    """Whether it is text at all: JSON lets halves of surrogate pairs through, and nobody can write those down."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
