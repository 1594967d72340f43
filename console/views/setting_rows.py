"""Rows of a form of settings: the value typed, what it says, its default, and what is wrong with it.

*Invariants*: a row keeps what was typed, right or wrong. What nobody may set has no row.
*Not here*: which settings there are (console.kafka), what a change does (services/topics.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from console.kafka.configs import ConfigEntry
from console.services import figures
from console.services.config_texts import COMMON, EMPTY, MEANINGS, wanted

CHOICES = {
    "cleanup.policy": ("delete", "compact", "compact,delete", EMPTY),
    "message.timestamp.type": ("CreateTime", "LogAppendTime"),
    "compression.type": ("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"),
}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting."""

    entry: ConfigEntry
    text: str  # as typed; "" for the default
    error: str

    @property
    def name(self) -> str:
        """As Kafka calls it."""
        return self.entry.name

    @property
    def value(self) -> str | None:
        """What the cluster is given; None for the default."""
        return wanted(self.entry.name, self.text)

    @property
    def words(self) -> str:
        """The value for people, where it is typed as a bare number: 259200000 is 3 d."""
        return (figures.config_words(self.name, self.value) or "") if self.value and self.value == self.text else ""

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen, where it is few things; what was typed is always among them."""
        offered = ("true", "false") if self.entry.type == "boolean" else CHOICES.get(self.entry.name, ())
        return (*offered, self.text) if offered and self.text and self.text not in offered else offered

    @property
    def meaning(self) -> str:
        """What it is for, in the cluster's words if it has any."""
        return self.entry.documentation or MEANINGS.get(self.entry.name, "")


@dataclass(frozen=True, slots=True)
class SettingRows:
    """All of them: those in sight first."""

    first: tuple[SettingRow, ...]
    rest: tuple[SettingRow, ...]

    @property
    def open(self) -> bool:
        """Whether something in the rest must be seen."""
        return any(row.error for row in self.rest)

    @property
    def given(self) -> dict[str, str]:
        """What was chosen, exact, by name."""
        return {row.name: row.value for row in (*self.first, *self.rest) if row.value is not None}


def setting_rows(
    entries: Sequence[ConfigEntry], typed: Mapping[str, str], errors: Mapping[str, str], *, only: str = ""
) -> SettingRows:
    """Rows for all that can be set; what was typed for a setting that is not known has a row too."""
    known = {entry.name for entry in entries}
    unknown = [
        ConfigEntry(name, None, None, "unknown", "unknown", None, False, False) for name in typed if name not in known
    ]
    rows = [
        SettingRow(entry, typed.get(entry.name, ""), errors.get(f"set.{entry.name}", ""))
        for entry in (*entries, *unknown)
        if not entry.read_only and not entry.sensitive and only in ("", entry.name)
    ]

    def place(row: SettingRow) -> tuple[bool, int, str]:
        return (not row.text, COMMON.index(row.name) if row.name in COMMON else len(COMMON), row.name)

    in_sight = [row for row in rows if row.text or row.error or row.name in COMMON or only]
    return SettingRows(tuple(sorted(in_sight, key=place)), tuple(row for row in rows if row not in in_sight))
