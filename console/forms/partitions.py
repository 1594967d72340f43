"""Which partitions of a topic: a list like 0,3,5-7, or all."""

import re

from django.core.exceptions import ValidationError

PARTITIONS_MAX = 10_000


def partition_numbers(text: str) -> tuple[int, ...] | None:
    """None for all; else the numbers in the order that they were typed in, each once."""
    text = text.replace(" ", "").lower()
    if text in ("", "all"):
        return None
    found: dict[int, None] = {}
    total = 0  # doubled ones too: they cost time as well
    for part in text.split(","):
        matched = re.fullmatch(r"([0-9]{1,10})(?:-([0-9]{1,10}))?", part)
        if matched is None:
            raise ValidationError("Partitions look like 0,3,5-7, or all.")
        first, last = int(matched[1]), int(matched[2] or matched[1])
        if last < first or last - first >= PARTITIONS_MAX or last >= 2**31:
            raise ValidationError(f"{part} is no range of partitions.")
        total += last - first + 1
        if total > PARTITIONS_MAX:
            raise ValidationError(f"At most {PARTITIONS_MAX} partitions at once.")
        found.update(dict.fromkeys(range(first, last + 1)))
    return tuple(found)
