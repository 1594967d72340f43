"""What is typed on the produce page: fields, and rows of headers.

*Invariants*: what was typed is kept as it was typed, blanks and all; a field's line ends are line feeds.
*Not here*: what becomes of it (services/drafts.py).
"""

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from console.forms.times import MomentField
from console.kafka.producing import Settings

TIMES_MAX = 10_000
COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
ACKS = {"all": -1, "1": 1, "0": 0}


@dataclass(slots=True)
class HeaderRow:
    """A header as it was typed."""

    name: str
    kind: str
    text: str
    error: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nobody typed anything into it."""
        return not self.name and not self.text and self.kind == "text"


class TypedField(forms.CharField):
    """Text exactly as it was typed, but for its line ends: a form sends them as CR LF."""

    def __init__(self) -> None:
        words = {"null_characters_not_allowed": "Null characters are not allowed here; write the bytes as hex."}
        super().__init__(required=False, strip=False, error_messages=words)

    def to_python(self, value: Any) -> str:
        """The text with its own line ends."""
        return as_typed(super().to_python(value) or "")


def as_typed(text: str) -> str:
    """Line ends as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class ProduceForm(forms.Form):
    """The produce page."""

    sending = forms.UUIDField(required=False)
    key_kind = forms.CharField(required=False, empty_value="text")
    key = TypedField()
    value_kind = forms.CharField(required=False, empty_value="text")
    value = TypedField()
    where = forms.ChoiceField(required=False, choices=[("computed", "computed"), ("chosen", "chosen")])
    partition = forms.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, error_messages={"invalid": "A partition is a whole number."}
    )
    client = forms.CharField(required=False, empty_value="murmur2")
    time = MomentField()
    acks = forms.ChoiceField(required=False, choices=[(acks, acks) for acks in ACKS])
    idempotent = forms.BooleanField(required=False)
    compression = forms.ChoiceField(required=False, choices=[(name, name) for name in COMPRESSIONS])
    times = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=TIMES_MAX,
        error_messages={
            "invalid": "How often is a whole number.",
            "max_value": "At most 10\u202f000 at a time.",
            "min_value": "At least once.",
        },
    )
    fill = forms.BooleanField(required=False)
    tombstone = forms.BooleanField(required=False)  # agreed to

    def __init__(self, data: QueryDict | None = None, *, rows: list[HeaderRow] | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.rows = rows if rows is not None else _rows(data)

    def clean_sending(self) -> uuid.UUID:
        """The id that came with the form; a form without one is a new sending."""
        return self.cleaned_data["sending"] or uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        """What needs two fields."""
        asked = super().clean() or self.cleaned_data
        if asked.get("where") == "chosen" and asked.get("partition") is None and "partition" not in self.errors:
            self.add_error("partition", "Which one? Type its number, or let it be computed from the key.")
        if asked.get("idempotent") and asked.get("acks") in ("0", "1"):
            self.add_error("acks", "Idempotence needs acks=all: only then a broker remembers what it has.")
        return asked

    @property
    def forged(self) -> list[str]:
        """What is wrong with choices: a page of ours never sends it, so it has no place of its own."""
        fields = ("sending", "where", "client", "compression", "headers")
        return [str(words) for name in fields for words in self.errors.get(name, ())]

    @property
    def has_wrong_rows(self) -> bool:
        """Whether something is wrong with a header."""
        return any(row.error for row in self.rows)

    @property
    def settings(self) -> Settings:
        """How the records are to be sent."""
        asked = self.cleaned_data
        acks = ACKS[asked["acks"] or "all"]
        return Settings(acks, asked["idempotent"], asked["compression"] or "none")  # type: ignore[arg-type]


def _rows(data: QueryDict | None) -> list[HeaderRow]:
    if data is None:
        return []
    columns = (data.getlist("header_name"), data.getlist("header_kind"), data.getlist("header_text"))
    rows = [HeaderRow(as_typed(name), kind, as_typed(text)) for name, kind, text in zip(*columns, strict=False)]
    return [row for row in rows if not row.is_blank]
