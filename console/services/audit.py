"""The audit log: every write is noted before it is done, and what came of it after.

    with audit.writing(actor, "topic.create", name, cluster=cluster, after={"partitions": 6}) as note:
        topics.create(...)

*Invariants*: the intent is committed before the body runs, so a crash in between stays visible; an exception passes
through unchanged after it was noted; an entry gets its result once. Contents of records never come here: counts only.
Entries are kept for ever, so who comes without an account makes GUEST_ENTRIES_AN_HOUR at most.
*Not here*: who may (permissions.py), the page (views/audit.py).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from console.guests import Guest
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.models import AuditEntry, Cluster, Result, User

TEXT_MAX = 2000  # characters of one value; a longer one is cut and says so
NAME_MAX = 300
ITEMS_MAX = 500  # of one list or object; of more the first ones are kept, and how many there were
WHOLE_MAX = 50_000  # characters of before or after as JSON; of more each value is cut to SHORT_MAX
SHORT_MAX = 60
GUEST_ENTRIES_AN_HOUR = 600
BROWSER = "browser"


class Refusal(Exception):
    """A write that was not done, for a reason that the person who asked is told; services derive theirs from it."""

    result = Result.REFUSED


class TooOften(PermissionDenied):
    """A guest who writes without an end: nothing was done."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and by which way."""

    user: User | None
    name: str
    via: str = BROWSER
    address: str = ""
    is_guest: bool = False

    @property
    def who(self) -> int | str:
        """One and the same for one person, or for one guest."""
        return self.name if self.user is None else self.user.pk


def actor_of(request: HttpRequest) -> Actor:
    """The person of a request, by which way, and where they are (as console.middleware.ClientAddress found it)."""
    user, address = request.user, request.META.get("REMOTE_ADDR", "") or ""
    if isinstance(user, Guest):
        return Actor(None, user.get_username(), BROWSER, address, is_guest=True)
    assert isinstance(user, User), "only who is signed in, or a guest, writes"
    via = BROWSER if user.token is None else f"token {user.token.name}"
    return Actor(user, user.get_username(), via, address)


@dataclass(slots=True)
class Note:
    """What the body may still add: what it found before, what it is now, or that not all of it was done."""

    before: Any = None
    after: Any = None
    result: Result = Result.DONE
    reason: str = ""
    entry_id: int = field(default=0)


def noted(
    actor: Actor, action: str, target: str = "", *, result: Result = Result.DONE, after: Any = None, reason: str = ""
) -> AuditEntry:
    """Note what has happened already and changed no cluster: a sign-in, a refused one."""
    return AuditEntry.objects.create(
        user=actor.user,
        user_name=_cut(actor.name, 150),
        via=_cut(actor.via, 200),
        address=_cut(actor.address, 100),
        action=action,
        target=_cut(target, 300),
        after=_bounded(after),
        result=result,
        reason=_cut(reason, TEXT_MAX),
        finished_at=timezone.now(),
    )


@contextmanager
def writing(
    actor: Actor, action: str, target: str, *, cluster: Cluster | None = None, before: Any = None, after: Any = None
) -> Iterator[Note]:
    """Note the intent, run the body, note the result; `before` and `after` are what JSON can hold."""
    if actor.is_guest:
        _check_often(actor)
    entry = AuditEntry.objects.create(
        user=actor.user,
        user_name=_cut(actor.name, 150),
        via=_cut(actor.via, 200),
        address=_cut(actor.address, 100),
        cluster=cluster,
        cluster_name=cluster.name if cluster else "",
        action=action,
        target=_cut(target, 300),
        before=_bounded(before),
        after=_bounded(after),
    )
    note = Note(before, after, entry_id=entry.pk)
    try:
        yield note
    except BaseException as error:
        note.result, note.reason = _told(error)
        raise
    finally:
        AuditEntry.objects.filter(pk=entry.pk, result=Result.INTENDED).update(
            finished_at=timezone.now(),
            before=_bounded(note.before),
            after=_bounded(note.after),
            result=note.result,
            reason=_cut(note.reason, TEXT_MAX),
        )


def _check_often(guest: Actor) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    if AuditEntry.objects.filter(user=None, user_name=guest.name, at__gt=an_hour_ago).count() >= GUEST_ENTRIES_AN_HOUR:
        raise TooOften(f"a guest changes {GUEST_ENTRIES_AN_HOUR} things an hour at most: sign in, or go on later")


def _told(error: BaseException) -> tuple[Result, str]:
    match error:
        case ClusterUnreachable():
            return Result.UNKNOWN, str(error)
        case Refusal():
            return error.result, str(error)
        case KafkaError():
            return Result.REFUSED, str(error)
        case _:
            return Result.FAILED, f"{type(error).__name__}: {error}"


def _bounded(value: Any) -> Any:
    """The same with every long text and list cut: an entry stays small whatever it is about."""
    found = _cut_within(value, TEXT_MAX)
    return found if len(json.dumps(found)) <= WHOLE_MAX else _cut_within(value, SHORT_MAX)


def _cut_within(value: Any, characters: int) -> Any:
    match value:
        case str():
            return _cut(value, characters)
        case dict():
            kept = islice(value.items(), ITEMS_MAX)
            found = {_cut(str(key), min(characters, NAME_MAX)): _cut_within(item, characters) for key, item in kept}
            return found | ({"…": f"{len(value)} in all"} if len(value) > ITEMS_MAX else {})
        case list() | tuple():
            more = [f"… {len(value)} in all"] if len(value) > ITEMS_MAX else []
            return [*(_cut_within(item, characters) for item in value[:ITEMS_MAX]), *more]
        case _:
            return value


def _cut(text: str, characters: int) -> str:
    # SQLite takes no lone surrogate, and a target may come from anywhere.
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= characters else text[: characters - 1] + "…"
