"""What of a topic a live tail shows, and how: partitions, filter, rate, readings.

The page and its socket read the same words.

*Invariants*: what cannot be understood is an error at its field; `asked` holds only what is understood.
*Not here*: the filter's language (console.search): who makes a form says how a filter is understood.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from console.forms.partitions import partition_numbers
from console.kafka.tail_filters import Matcher

RATES = (1, 5, 20, 100, 500)  # rows per second
RATE = 100
FILTER_CHARACTERS_MAX = 1_000
USUAL = (("rate", str(RATE)), ("partition", "all"), ("key_as", "auto"), ("value_as", "auto"))


class Misunderstood(Protocol):
    """What is wrong with a filter, and from which character on."""

    reason: str
    begin: int


Understand = Callable[[str], Matcher | Misunderstood]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one field is not understood."""

    field: str
    reason: str
    position: int | None  # of the first character that is wrong, from 0


class TailForm(forms.Form):
    """The toolbar of a live tail."""

    partition = forms.CharField(required=False, max_length=10_000)
    filter = forms.CharField(
        required=False,
        max_length=FILTER_CHARACTERS_MAX,
        strip=False,
        error_messages={"max_length": "A filter has at most 1\u202f000 characters."},
    )
    rate = forms.TypedChoiceField(
        required=False, choices=[(rate, rate) for rate in RATES], coerce=int, empty_value=RATE
    )

    key_as = forms.CharField(required=False, max_length=20)
    value_as = forms.CharField(required=False, max_length=20)

    position: int | None = None  # of what is wrong in the filter
    understand: Understand

    @classmethod
    def of(cls, asked: QueryDict, understand: Understand, *, partitions: int | None = None) -> Self:
        """A checked form; `partitions` is how many the topic has, where that is known."""
        form = cls(asked)
        form.understand = understand
        form.is_valid()
        chosen = form.cleaned_data.get("partition")
        beyond = [number for number in chosen or () if partitions is not None and number >= partitions]
        if beyond:
            form.add_error("partition", f"The topic has {partitions} partitions, from 0; there is no {beyond[0]}.")
        return form

    def clean_partition(self) -> tuple[int, ...] | None:
        """None for all."""
        return partition_numbers(self.cleaned_data["partition"])

    def clean_filter(self) -> Any:
        """The filter, or None where nothing is asked for."""
        text: str = self.cleaned_data["filter"]
        if not text.strip():
            return None
        found = self.understand(text)
        if hasattr(found, "matches"):
            return found
        self.position = found.begin
        raise ValidationError(f"At character {found.begin + 1}: {found.reason}")

    @property
    def asked(self) -> dict[str, Any]:
        """What is understood; the rest as if it were not there."""
        found = self.cleaned_data
        return {
            "partitions": found.get("partition"),
            "matcher": found.get("filter"),
            "rows_per_s": found.get("rate") or RATE,
        }

    @property
    def refusal(self) -> Refusal | None:
        """The first thing that is wrong."""
        for field, errors in self.errors.items():
            return Refusal(str(field), str(errors[0]), self.position if field == "filter" else None)
        return None

    @property
    def words(self) -> str:
        """The same as an address has it: only what is understood, and only what differs from the usual."""
        query = QueryDict(mutable=True)
        for field in self.fields:
            text = str(self.data.get(field) or "").strip()
            if text and field not in self.errors and (field, text) not in USUAL:
                query[field] = text
        return query.urlencode()
