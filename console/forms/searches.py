"""A condition that is put together from fields, for who does not know the filter language yet.

*Invariants*: whatever is typed becomes one condition of the language, as text, or an error at its field.
*Not here*: the language (console/search).
"""

from django import forms

FIELDS = (
    ("", "anywhere"),
    ("key", "key"),
    ("value", "value"),
    ("field", "field of the value"),
    ("header", "header"),
    ("partition", "partition"),
    ("since", "time from"),
    ("until", "time before"),
)


class ConditionForm(forms.Form):
    """Field, its name where it has one, and the text."""

    field = forms.ChoiceField(required=False, choices=FIELDS)
    name = forms.CharField(required=False, max_length=300)
    text = forms.CharField(max_length=500, error_messages={"required": "Type what to look for."})
