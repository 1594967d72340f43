"""Reading the audit log: filtered, cut into pages by the entries' ids, and as lines of JSON.

*Invariants*: pages hang on ids, so entries that are written meanwhile move nothing; what is read is bounded.
*Not here*: writing it (audit.py), who may read what (views/audit.py).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from console.models import AuditEntry, Cluster, Result
from console.services import figures

PAGE_SIZE = 50
LINES_MAX = 20_000
CHOICES_MAX = 200
WORDS = {
    "session.begin": "Sign in",
    "session.refuse": "Sign in, refused",
    "session.end": "Sign out",
    "session.end_all": "Sign out everywhere",
    "token.create": "Make the token",
    "invite.create": "Make the invite link for",
    "topic.alter_configs": "Change settings of",
    "topic.add_partitions": "Add partitions to",
    "user.change_kind": "Change what they are:",
    "user.change_password": "Change the password of",
    "user.replace_password": "Make a new password for",
    "token.revoke_all": "Revoke all tokens of",
    "offsets.reset": "Reset offsets of",
    "group.delete": "Delete group",
    "records.produce": "Produce to",
    "records.delete": "Delete records of",
}


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries, newest first, and from where the neighbouring pages go on."""

    entries: list[AuditEntry]
    older: int | None  # entries with smaller ids follow
    newer: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing of an entry, before and after; None where it was not told."""

    name: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether it is another one now."""
        return self.before != self.after


def entries_of(
    cluster: Cluster | None,
    *,
    q: str | None = None,
    who: str | None = None,
    action: str | None = None,
    result: str | None = None,
    cluster_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEntry]:
    """What matches; of one cluster, or (None) of the whole installation."""
    found = AuditEntry.objects.select_related("cluster")
    if cluster is not None:
        found = found.filter(cluster=cluster)
    elif cluster_id:
        found = found.filter(cluster_id=cluster_id)
    exact = {"user_name": who, "result": result, "at__gte": since, "at__lt": until}
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if action:
        found = found.filter(action=action) if "." in action else found.filter(action__startswith=f"{action}.")
    if q:
        found = found.filter(Q(target__icontains=q) | Q(reason__icontains=q) | Q(action__icontains=q))
    return found


def page_of(found: QuerySet[AuditEntry], *, older: int | None = None, newer: int | None = None) -> AuditPage:
    """One page: the newest, those older than an id, or those newer than one."""
    if newer is not None:
        rows = list(found.filter(pk__gt=newer).order_by("pk")[: PAGE_SIZE + 1])
        more_newer = len(rows) > PAGE_SIZE
        rows = rows[:PAGE_SIZE][::-1]
        first, last = (rows[0].pk if more_newer else None), (rows[-1].pk if rows else newer + 1)
        return AuditPage(rows, last if found.filter(pk__lt=last).exists() else None, first)
    rows = list((found.filter(pk__lt=older) if older else found).order_by("-pk")[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    newest = rows[0].pk if rows else (older or 1) - 1
    return AuditPage(
        rows, rows[-1].pk if more else None, newest if older and found.filter(pk__gt=newest).exists() else None
    )


def choices(cluster: Cluster | None) -> tuple[list[str], list[str]]:
    """The names and the actions that the log holds, for the filters."""
    found = entries_of(cluster).order_by()
    names = found.values_list("user_name", flat=True).distinct()[:CHOICES_MAX]
    actions = found.values_list("action", flat=True).distinct()[:CHOICES_MAX]
    return sorted(names), sorted(actions)


def words_of(entry: AuditEntry) -> str:
    """What was done, in words; the target follows it."""
    if entry.action in WORDS:
        return WORDS[entry.action]
    thing, _, verb = entry.action.partition(".")
    return f"{verb} {thing}".replace("_", " ").capitalize()


def changes(entry: AuditEntry) -> list[Change]:
    """Before and after, thing by thing: what differs first."""
    before, after = _flat(entry.before), _flat(entry.after)
    rows = [Change(name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after])]
    return sorted(rows, key=lambda row: not row.changed)


def settled(entry: AuditEntry) -> bool:
    """Whether it is known what came of it."""
    return entry.result not in (Result.INTENDED, Result.UNKNOWN)


def lines(found: QuerySet[AuditEntry]) -> Iterator[str]:
    """Entries as lines of JSON, newest first, at most LINES_MAX."""
    for entry in found.order_by("-pk")[:LINES_MAX].iterator(chunk_size=500):
        told = {
            "id": entry.pk,
            "at": entry.at.isoformat(timespec="milliseconds"),
            "finished_at": entry.finished_at.isoformat(timespec="milliseconds") if entry.finished_at else None,
            "who": entry.user_name,
            "via": entry.via,
            "address": entry.address,
            "cluster_id": str(entry.cluster_id) if entry.cluster_id else None,
            "cluster": entry.cluster_name,
            "action": entry.action,
            "target": entry.target,
            "before": entry.before,
            "after": entry.after,
            "result": entry.result,
            "reason": entry.reason,
        }
        yield json.dumps(told) + "\n"  # ASCII: no character of a name can break a line or a terminal


def _flat(told: Any, prefix: str = "") -> dict[str, str]:
    """Nested values by their paths, as text."""
    match told:
        case None:
            return {prefix: "null"} if prefix else {}
        case dict():
            rows: dict[str, str] = {}
            for name, value in told.items():
                rows |= _flat(value, f"{prefix}.{name}" if prefix else name)
            return rows
        case str():
            return {prefix or "value": told}
        case int() if not isinstance(told, bool):
            return {prefix or "value": figures.thin(told)}
        case _:
            return {prefix or "value": json.dumps(told, ensure_ascii=False)}
