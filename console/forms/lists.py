"""What a list is asked for in its address: always valid, because what cannot be understood is as if it were not there.

*Not here*: which lists there are (topics.py, groups.py, audit.py).
"""

from typing import Any, Self

from django import forms
from django.http import QueryDict


class AskedForm(forms.Form):
    """Filters of a list."""

    @classmethod
    def of(cls, asked: QueryDict) -> Self:
        """A checked form."""
        form = cls(asked)
        form.is_valid()
        return form


class SortedForm(AskedForm):
    """A part of a name, an order and a page."""

    sorts: tuple[str, ...] = ("name",)  # each also the other way round, with a "-" before it

    q = forms.CharField(required=False, max_length=249, strip=True)
    sort = forms.ChoiceField(required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["sort"].choices = [(key, key) for key in (*self.sorts, *(f"-{key}" for key in self.sorts))]

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments for whoever makes the list."""
        sort = self.cleaned_data.get("sort") or "name"
        return {
            "query": self.cleaned_data.get("q") or "",
            "sort": sort.removeprefix("-"),
            "descending": sort.startswith("-"),
            "page": self.cleaned_data.get("page") or 1,
        }
