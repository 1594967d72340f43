"""Numbers, sizes and times in words, the same in pages and in live rows.

*Invariants*: counts and offsets are exact; thousands and units are set off by a narrow no-break space (U+202F).
*Not here*: HTML (templatetags/console_tags.py).
"""

import re
from datetime import UTC, datetime

THIN = "\u202f"
MINUS = "\u2212"
_ROUNDED_FROM = 10_000_000  # from here on a count is said in millions, the exact one beside it


def thin(number: int) -> str:
    """4218 -> "4 218"; exact."""
    return f"{number:,}".replace(",", THIN).replace("-", MINUS)


def count(number: int) -> tuple[str, str]:
    """A count for people: exact up to seven digits, then in millions, with the word that follows it."""
    if number < _ROUNDED_FROM:
        return thin(number), ""
    for size, word in ((10**6, "million"), (10**9, "billion")):
        figure = f"{number / size:.1f}"
        if float(figure) < 1000:
            return figure, word
    return f"{number / 10**12:.1f}", "trillion"


def size(size_bytes: int) -> tuple[str, str]:
    """Bytes as a number and a unit: 412 and "GB". Powers of 1024 under the names that operators use."""
    if size_bytes < 1024:
        return str(size_bytes), "B"
    value = float(size_bytes)
    for unit in ("KB", "MB", "GB", "TB", "PB"):
        value /= 1024
        if value < 999.5:
            return (f"{value:.1f}" if value < 9.95 else f"{value:.0f}"), unit
    return f"{value:.0f}", "EB"


def moment(timestamp_ms: int) -> datetime | None:
    """A record's timestamp as UTC; None when there is none or no calendar has it."""
    if timestamp_ms < 0:
        return None
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).replace(microsecond=timestamp_ms % 1000 * 1000)
    except (OverflowError, ValueError, OSError):
        return None


def clock(timestamp_ms: int, *, today: datetime) -> str:
    """ "14:02:11.882", with the date in front unless it is today; a dash when there is no time."""
    when = moment(timestamp_ms)
    if when is None:
        return "–" if timestamp_ms < 0 else str(timestamp_ms)
    time = f"{when:%H:%M:%S}.{when.microsecond // 1000:03}"
    return time if when.date() == today.date() else f"{when:%Y-%m-%d} {time}"


def ago(seconds: float) -> str:
    """How long ago, in one or two units: "4 min", "3 h 6 min"."""
    return duration_ms(int(max(0.0, seconds)) * 1000) if seconds >= 1 else "less than a second"


def duration_ms(milliseconds: int) -> str:
    """604800000 -> "7 d"; at most two units, the second left out when it is zero."""
    if milliseconds < 1000:
        return f"{milliseconds}{THIN}ms"
    rest = milliseconds
    parts = []
    for length, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s")):
        whole, rest = divmod(rest, length)
        if whole:
            parts.append(f"{thin(whole)}{THIN}{unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


def config_words(name: str, value: str) -> str | None:
    """A setting's value for people ("7 d"), or None when the value says it itself."""
    if not re.fullmatch(r"-?[0-9]{1,19}", value):
        return None
    number = int(value)
    endless = number == -1 or number >= 2**63 - 1
    if name.endswith(".ms"):
        return "no limit" if endless else duration_ms(number) if number >= 1000 else None
    if name.endswith(".bytes") or ".bytes." in name:
        return "no limit" if endless else f"{size(number)[0]}{THIN}{size(number)[1]}" if number >= 1024 else None
    return "no limit" if number >= 2**63 - 1 else thin(number) if number >= 10_000 else None
