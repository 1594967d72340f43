"""What is to be produced: fields and rows of headers become records, or a sentence at the place of the mistake.

*Invariants*: a form that is valid gives records that fit into the topic; nothing of it is sent before all of it is
good, every repetition included; what was typed is kept as it was typed. A field's line ends are line feeds.
*Not here*: bytes (services/encodings.py), placeholders (services/placeholders.py), sending (services/sendings.py).
"""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from console.forms.times import MomentField
from console.kafka.producing import ProducerRecord, Settings, batch_bytes
from console.services import encodings, placeholders
from console.services.encodings import CannotEncode
from console.services.figures import thin
from console.services.partitioners import PARTITIONERS, partition_of
from console.services.placeholders import BadPlaceholder

TIMES_MAX = 10_000
TOTAL_BYTES_MAX = 32 << 20  # of all repetitions together
HEADERS_MAX = 100
CLIENTS = {"murmur2": "Java, murmur2", "murmur3": "mmh3, murmur3", "crc32": "librdkafka, CRC-32"}
COMPRESSIONS = ("none", "gzip", "snappy", "lz4", "zstd")
KINDS = [(kind, name) for kind, name in encodings.NAMES.items()]
assert set(CLIENTS) == set(PARTITIONERS), "the same names"
Made = Callable[[placeholders.Moment], bytes | None]


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

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=False, **options)

    def to_python(self, value: Any) -> str:
        """The text with its own line ends."""
        return as_typed(super().to_python(value) or "")


def as_typed(text: str) -> str:
    """Line ends as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class ProduceForm(forms.Form):
    """The produce page."""

    sending = forms.UUIDField(required=False)
    key_kind = forms.ChoiceField(required=False, choices=KINDS)
    key = TypedField()
    value_kind = forms.ChoiceField(required=False, choices=KINDS)
    value = TypedField()
    where = forms.ChoiceField(required=False, choices=[("computed", "computed"), ("chosen", "chosen")])
    partition = forms.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, error_messages={"invalid": "A partition is a whole number."}
    )
    client = forms.ChoiceField(required=False, choices=list(CLIENTS.items()))
    time = MomentField()
    acks = forms.ChoiceField(required=False, choices=[("all", "all"), ("1", "1"), ("0", "0")])
    idempotent = forms.BooleanField(required=False)
    compression = forms.ChoiceField(required=False, choices=[(name, name) for name in COMPRESSIONS])
    times = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=TIMES_MAX,
        error_messages={
            "invalid": "How often is a whole number.",
            "max_value": f"At most {thin(TIMES_MAX)} at a time.",
            "min_value": "At least once.",
        },
    )
    fill = forms.BooleanField(required=False)
    tombstone = forms.BooleanField(required=False)  # agreed to

    def __init__(self, data: QueryDict | None = None, *, rows: list[HeaderRow] | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.rows = rows if rows is not None else _rows(data)
        self.sizes: dict[str, int | None] = {}  # of the first record's key and value, once they are good
        self.partition_words = ""

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
        if len(self.rows) > HEADERS_MAX:
            raise ValidationError(f"At most {HEADERS_MAX} headers from a form.")
        return asked

    @property
    def forged(self) -> list[str]:
        """What is wrong with choices: a page of ours never sends it, so it has no place of its own."""
        fields = ("sending", "key_kind", "value_kind", "where", "client", "compression")
        return [str(words) for name in fields for words in self.errors.get(name, ())]

    @property
    def has_wrong_rows(self) -> bool:
        """Whether something is wrong with a header."""
        return any(row.error for row in self.rows)

    @property
    def settings(self) -> Settings:
        """How the records are to be sent."""
        asked = self.cleaned_data
        acks = {"": -1, "all": -1, "1": 1, "0": 0}[asked["acks"]]
        return Settings(acks, asked["idempotent"], asked["compression"] or "none")  # type: ignore[arg-type]

    @property
    def kinds(self) -> tuple[str, str]:
        """How key and value are written."""
        return self.cleaned_data["key_kind"] or "text", self.cleaned_data["value_kind"] or "text"

    def records(self, topic: str, partitions: int, limit: int | None) -> list[ProducerRecord]:
        """All records to be sent; [] when something is wrong, which is then said at its field.

        `limit` is the topic's max.message.bytes, if it is known.
        """
        if not self.is_valid():
            return []
        asked = self.cleaned_data
        if asked["where"] == "chosen" and asked["partition"] >= partitions:
            last = "its only partition is 0" if partitions == 1 else f"its partitions are 0 to {partitions - 1}"
            self.add_error("partition", f"{topic} has no partition {asked['partition']}: {last}.")
        made = {name: self._maker(name, kind, asked[name]) for name, kind in zip(("key", "value"), self.kinds, strict=True)}
        headers = [(row, self._header_maker(row)) for row in self.rows if not row.is_blank]
        if self.errors or self.has_wrong_rows:
            return []
        return self._repeated(topic, partitions, limit, made, headers)

    def _repeated(
        self,
        topic: str,
        partitions: int,
        limit: int | None,
        made: dict[str, Made],
        headers: list[tuple[HeaderRow, Made]],
    ) -> list[ProducerRecord]:
        asked = self.cleaned_data
        records: list[ProducerRecord] = []
        size = largest = 0
        for number in range(asked["times"] or 1):
            at = placeholders.moment(number)
            record = self._one(topic, partitions, made, headers, at)
            if record is None:
                return []
            record_size = 24 + len(record.key or b"") + len(record.value or b"")
            record_size += sum(len(name) + len(value or b"") for name, value in record.headers)
            size += record_size
            if size > TOTAL_BYTES_MAX:
                self.add_error("times", f"{_mb(TOTAL_BYTES_MAX)} at most in all; this is reached after {thin(number)}.")
                return []
            if record_size > largest:
                largest = record_size
                if not self._fits(record, limit):
                    return []
            records.append(record)
        self.sizes = {"key": _size(records[0].key), "value": _size(records[0].value)}
        return records

    def _fits(self, record: ProducerRecord, limit: int | None) -> bool:
        if limit is None:
            return True
        size = batch_bytes(record, self.settings.compression)
        if size <= limit:
            return True
        compressed = "" if self.settings.compression == "none" else f" compressed with {self.settings.compression}"
        words = f"As a batch this record takes {thin(size)} B{compressed}; the topic takes {thin(limit)} (max.message.bytes)."
        self.add_error("value", f"{words} Send less, compress it, or change the topic’s setting.")
        return False

    def _one(
        self,
        topic: str,
        partitions: int,
        made: dict[str, Made],
        headers: list[tuple[HeaderRow, Made]],
        at: placeholders.Moment,
    ) -> ProducerRecord | None:
        asked = self.cleaned_data
        which = f" (in record {at.number})" if at.number else ""
        found: dict[str, bytes | None] = {}
        for name, maker in made.items():
            try:
                found[name] = maker(at)
            except CannotEncode as error:
                self.add_error(name, f"{error}{which}")
                return None
        sent: list[tuple[str, bytes | None]] = []
        for row, maker in headers:
            try:
                sent.append((row.name, maker(at)))
            except CannotEncode as error:
                row.error = f"{error}{which}"
                return None
        key = found["key"]
        if asked["where"] == "chosen":
            partition = asked["partition"]
        elif key is None:
            partition = random.randrange(partitions)
        else:
            partition = partition_of(key, partitions, asked["client"] or "murmur2")
        timestamp_ms = asked["time"] if asked["time"] is not None else int(at.now.timestamp() * 1000)
        return ProducerRecord(topic, found["value"], key, tuple(sent), partition, timestamp_ms)

    def _maker(self, name: str, kind: str, text: str) -> Made:
        try:
            return self._made(kind, text)
        except BadPlaceholder as error:
            self.add_error(name, str(error))
            return lambda at: None

    def _header_maker(self, row: HeaderRow) -> Made:
        if "\0" in row.name + row.text:
            row.error = "Null characters are not allowed here; write the bytes as hex."
            return lambda at: None
        try:
            row.name.encode()
            return self._made(row.kind, row.text)
        except UnicodeEncodeError:
            row.error = "The name holds half of a character (a lone surrogate)."
        except BadPlaceholder as error:
            row.error = str(error)
        return lambda at: None

    def _made(self, kind: str, text: str) -> Made:
        """What makes the bytes for each repetition."""
        if not self.cleaned_data["fill"]:
            cache: list[bytes | None] = []

            def same(at: placeholders.Moment) -> bytes | None:
                if not cache:
                    cache.append(encodings.encode(kind, text))
                return cache[0]

            return same
        parts = placeholders.parsed(text)
        return lambda at: encodings.encode(kind, placeholders.filled(parts, at))


def _rows(data: QueryDict | None) -> list[HeaderRow]:
    if data is None:
        return []
    columns = (data.getlist("header_name"), data.getlist("header_kind"), data.getlist("header_text"))
    rows = []
    for name, kind, text in zip(*columns, strict=False):
        known = kind if kind in encodings.NAMES else "text"
        row = HeaderRow(as_typed(name), known, as_typed(text))
        if not row.is_blank:
            rows.append(row)
    return rows


def _size(data: bytes | None) -> int | None:
    return None if data is None else len(data)


def _mb(size: int) -> str:
    return f"{size >> 20} MB"
