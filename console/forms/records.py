"""From where records are read.

*Invariants*: whatever an address says becomes a Start that console.kafka accepts, or an error at its field.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.forms.times import MomentField
from console.kafka.records import Start, parse_positions

OFFSET_MAX = 2**63 - 1
KINDS = ("newest", "oldest", "offset", "timestamp", "group", "before", "after")


class RecordsForm(forms.Form):
    """The toolbar of the records tab: start, its value, and the partition."""

    start = forms.ChoiceField(required=False, choices=[(kind, kind) for kind in KINDS])
    partition = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    offset = forms.IntegerField(
        required=False, min_value=0, max_value=OFFSET_MAX, error_messages={"invalid": "An offset is a whole number."}
    )
    time = MomentField()
    group = forms.CharField(required=False, max_length=1000, strip=False)
    positions = forms.CharField(required=False, max_length=60_000)

    def clean_start(self) -> str:
        """Newest, unless something else is asked for."""
        return self.cleaned_data["start"] or "newest"

    def clean_positions(self) -> tuple[tuple[int, int], ...]:
        """Where another page ended."""
        try:
            found = parse_positions(self.cleaned_data["positions"])
        except ValueError as error:
            raise ValidationError("This place in the topic cannot be read; begin anew.") from error
        if any(offset > OFFSET_MAX or partition > 2**31 - 1 for partition, offset in found):
            raise ValidationError("This place in the topic cannot be read; begin anew.")
        return found

    @property
    def group_asked(self) -> str:
        """The group at whose position reading begins; "" if it begins elsewhere, or none is named yet."""
        if not self.is_valid() or self.cleaned_data["start"] != "group":
            return ""
        return str(self.cleaned_data["group"])

    def reads_from(self) -> Start | None:
        """Where to read; None when a value is wrong or still missing, or the cluster must say it (`group_asked`)."""
        if not self.is_valid():
            return None
        asked: dict[str, Any] = self.cleaned_data
        match asked["start"]:
            case "offset":
                return None if asked["offset"] is None else Start("offset", value=asked["offset"])
            case "timestamp":
                if asked["time"] is None:
                    return None
                return Start("timestamp", value=asked["time"])
            case "group":
                return None
            case "before" | "after" as kind:
                return Start(kind, positions=asked["positions"]) if asked["positions"] else None
            case kind:
                return Start(kind)
