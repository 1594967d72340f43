"""A moment as people type it, in UTC.

*Invariants*: never before 1970: a number below zero would stand for it, which Kafka's protocol reads as a sign.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORMATS = [f"%Y-%m-%d{between}{clock}" for between in " T" for clock in ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M")] + [
    "%Y-%m-%d"
]


class MomentField(forms.DateTimeField):
    """Gives milliseconds since 1970, or None."""

    def __init__(self) -> None:
        words = {"invalid": "A time looks like 2026-11-24 14:02:11 or 2026-11-24, in UTC."}
        super().__init__(required=False, input_formats=FORMATS, error_messages=words)

    def clean(self, value: Any) -> int | None:
        """Checked."""
        moment = super().clean(value)
        if moment is None:
            return None
        time_ms: int = (moment.replace(tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
        if time_ms < 0:
            raise ValidationError("Times begin at 1970-01-01 00:00:00.")
        return time_ms
