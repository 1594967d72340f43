"""Forms about topics."""

from typing import Any, Self

from django import forms
from django.http import QueryDict

SORTS = ("name", "partitions", "replication_factor", "records", "size_bytes")


class TopicListForm(forms.Form):
    """What part of the list of topics is asked for. An address typed wrongly shows the list, not an error."""

    q = forms.CharField(required=False, max_length=249, strip=True)
    sort = forms.ChoiceField(required=False, choices=[(key, key) for key in (*SORTS, *(f"-{key}" for key in SORTS))])
    internal = forms.BooleanField(required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=1_000_000)

    @classmethod
    def of(cls, asked: QueryDict) -> Self:
        """A checked form."""
        form = cls(asked)
        form.is_valid()
        return form

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments for console.kafka.topics.topic_page."""
        sort = self.cleaned_data.get("sort") or "name"
        return {
            "query": self.cleaned_data.get("q") or "",
            "sort": sort.removeprefix("-"),
            "descending": sort.startswith("-"),
            "internal": bool(self.cleaned_data.get("internal")),
            "page": self.cleaned_data.get("page") or 1,
        }
