"""Forms about topics: which part of the list, what a new one is to be, which settings change, what is deleted.

*Invariants*: an address typed wrongly shows the list; elsewhere what cannot be understood is an error at its field.
*Not here*: the rules of a name and the values of settings, which the cluster knows (services).
"""

import json
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from console.forms.lists import SortedForm
from console.forms.times import MomentField

OFFSET_MAX = 2**63 - 1
SETTINGS_MAX = 200  # in one form
SETTING_CHARACTERS_MAX = 8_000  # of one value: with any characters it fits into a string of the protocol
SETTING = "set."  # begins the names of the fields of settings


class TopicListForm(SortedForm):
    """What part of the list of topics is asked for."""

    sorts = ("name", "partitions", "replication_factor", "records", "size_bytes")

    internal = forms.BooleanField(required=False)

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments for console.kafka.topics.topic_page."""
        return super().asked | {"internal": bool(self.cleaned_data.get("internal"))}


class NewTopicForm(forms.Form):
    """What a new topic is to be, besides its settings."""

    name = forms.CharField(required=False, strip=False, max_length=2000)
    partitions = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**31 - 1,
        error_messages={"invalid": "A whole number, or nothing for the cluster’s own.", "min_value": "At least 1."},
    )
    copies = forms.IntegerField(required=False, min_value=1, max_value=2**15 - 1)


class PartitionsForm(forms.Form):
    """To how many partitions a topic grows, from how many."""

    count = forms.IntegerField(
        min_value=1,
        max_value=2**31 - 1,
        error_messages={"invalid": "A whole number.", "required": "Type how many there shall be."},
    )
    seen = forms.IntegerField(required=False, min_value=1)
    agreed = forms.BooleanField(required=False)


class DeleteRecordsForm(forms.Form):
    """Up to where records are deleted."""

    to = forms.ChoiceField(choices=[(kind, kind) for kind in ("all", "time", "offset")])
    time = MomentField()

    def clean(self) -> dict[str, Any]:
        """A time is there if it is asked for."""
        asked: dict[str, Any] = self.cleaned_data
        if asked.get("to") == "time" and asked.get("time") is None and "time" not in self.errors:
            self.add_error("time", "Type a time.")
        return asked


class DeletionForm(forms.Form):
    """What somebody agreed to lose: the topic they saw, its name typed, and where its logs were to begin."""

    typed = forms.CharField(required=False, strip=True, max_length=2000)
    topic_id = forms.CharField(required=False, max_length=40)
    seen = forms.CharField(required=False, max_length=600_000)

    def clean_seen(self) -> tuple[tuple[int, int, int], ...]:
        """(partition, start, new start) of each."""
        text = self.cleaned_data["seen"]
        parts = text.split(",") if text else []
        found = [re.fullmatch(r"([0-9]{1,10}):([0-9]{1,19}):([0-9]{1,19})", part) for part in parts]
        if not all(found) or any(int(match[3]) > OFFSET_MAX for match in found if match):
            raise ValidationError("This review cannot be read; look at it anew.")
        return tuple((int(match[1]), int(match[2]), int(match[3])) for match in found if match)


def typed_settings(data: QueryDict) -> dict[str, str]:
    """What was typed for each setting, by its name. ValidationError if it is more than any topic has."""
    found = {key.removeprefix(SETTING): data[key] for key in data if key.startswith(SETTING)}
    if len(found) > SETTINGS_MAX or any(
        len(name) > 200 or len(value) > SETTING_CHARACTERS_MAX for name, value in found.items()
    ):
        raise ValidationError(f"At most {SETTINGS_MAX} settings of 8\u202f000 characters each can be sent at once.")
    return found


def seen_settings(data: QueryDict) -> dict[str, str | None]:
    """The topic's own values as the form showed them. ValidationError if they cannot be read."""
    try:
        found = json.loads(data.get("seen") or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str | None) for value in found.values()):
        raise ValidationError("What this form had shown cannot be read; look at it anew.")
    return found
