"""Forms about groups: which part of the list, and where to reset offsets to.

*Invariants*: an address typed wrongly shows the list; a reset that cannot be understood is an error at its field.
"""

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.forms.lists import SortedForm
from console.forms.partitions import partition_numbers
from console.forms.times import MomentField
from console.kafka.group_resets import Move, Wish

OFFSET_MAX = 2**63 - 1
KINDS = ("earliest", "latest", "time", "offset", "shift")
NEEDED = {"time": "time", "offset": "offset", "shift": "by"}  # the field that a kind needs


class GroupListForm(SortedForm):
    """What part of the list of groups is asked for."""

    sorts = ("name", "state", "members", "topics", "lag")

    state = forms.CharField(required=False, max_length=50)

    @property
    def asked(self) -> dict[str, Any]:
        """Arguments for console.kafka.groups.group_page."""
        return super().asked | {"state": self.cleaned_data.get("state") or ""}


class ResetForm(forms.Form):
    """Where the offsets of a group go: of which topic and partitions, and to what."""

    topic = forms.CharField(max_length=249, error_messages={"required": "Choose a topic."})
    partitions = forms.CharField(required=False, max_length=60_000)
    to = forms.ChoiceField(
        choices=[(kind, kind) for kind in KINDS],
        error_messages={"invalid_choice": "“%(value)s” is nowhere to move to; choose one of these."},
    )
    time = MomentField()
    offset = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=OFFSET_MAX,
        error_messages={"invalid": "An offset is a whole number.", "min_value": "Offsets begin at 0."},
    )
    by = forms.IntegerField(
        required=False,
        min_value=-OFFSET_MAX,
        max_value=OFFSET_MAX,
        error_messages={"invalid": "A number of records: −1\u202f000 goes back, 1\u202f000 goes forward."},
    )

    def clean_partitions(self) -> tuple[int, ...] | None:
        """None for all; else the numbers of a list like 0,3,5-7."""
        return partition_numbers(self.cleaned_data["partitions"])

    def clean(self) -> dict[str, Any]:
        """A kind that needs a value has one."""
        asked: dict[str, Any] = self.cleaned_data
        needed = NEEDED.get(asked.get("to", ""))
        if needed and asked.get(needed) is None and needed not in self.errors:
            words = {"time": "Type a time.", "offset": "Type an offset.", "by": "Type a number of records."}
            self.add_error(needed, words[needed])
        return asked

    def check_topic(self, there: Collection[str]) -> None:
        """An error at the field if the cluster has no such topic."""
        topic = self.cleaned_data.get("topic") if self.is_bound and not self.errors.get("topic") else None
        if topic and topic not in there:
            self.add_error("topic", f"There is no topic {topic}.")

    @property
    def wish(self) -> Wish | None:
        """What is asked for; None while something is wrong or missing."""
        if not self.is_valid():
            return None
        asked = self.cleaned_data
        match asked["to"]:
            case "time":
                value = asked["time"]
            case "offset":
                value = asked["offset"]
            case "shift":
                value = asked["by"]
            case _:
                value = 0
        return Wish(asked["topic"], asked["partitions"], asked["to"], value)


class ConfirmForm(forms.Form):
    """What was on the review that somebody agreed to."""

    seen = forms.CharField(max_length=600_000)
    skips = forms.BooleanField(required=False)

    def clean_seen(self) -> tuple[Move, ...]:
        """The moves of the review: partition:before:after, a dash for no commit."""
        found = []
        for part in self.cleaned_data["seen"].split(","):
            matched = re.fullmatch(r"([0-9]{1,10}):(-|[0-9]{1,19}):([0-9]{1,19})", part)
            if matched is None or int(matched[3]) > OFFSET_MAX:
                raise ValidationError("This review cannot be read; look at it anew.")
            found.append(Move(int(matched[1]), None if matched[2] == "-" else int(matched[2]), int(matched[3])))
        return tuple(found)


def seen_words(moves: list[Move]) -> str:
    """The moves as ConfirmForm reads them."""
    return ",".join(
        f"{move.partition}:{'-' if move.before is None else move.before}:{move.after}" for move in moves if move.changes
    )
