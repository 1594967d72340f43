"""Sendings: what people produce from a page, while it goes on and for a while after.

A sending runs in a thread of its own, so that a long one has progress and can be cancelled, and a page that is loaded
again finds it. Its id comes with the form: a form that arrives twice is sent once.

*Invariants*: each record ends as written, not written or perhaps written, and the three add up; a record is never sent
a second time unless the broker knows it again by its producer id; the audit log gets counts and sizes only; at most
KEPT_MAX sendings are kept, RUNNING_MAX of one person run, and records are let go of when nothing can be sent again.
*Not here*: the protocol (console/kafka/producing.py), fields (forms/produce.py). Sendings live in this process only.
"""

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db import connections

from console.kafka import producing
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.kafka.producing import NotWritten, Outcome, PerhapsWritten, ProducerRecord, SentAs, Settings, Written
from console.models import Cluster, Result
from console.services import audit, payloads

KEPT_MAX = 500  # of everybody
KEPT_OF_ONE_MAX = 20  # of one person
RUNNING_MAX = 3  # of one person
OUTCOMES_KEPT = 20  # of a sending of which nothing can be sent again
KEPT_BYTES_MAX = 112 << 20  # of records, of all with an account
GUESTS_BYTES_MAX = 16 << 20  # of all guests: whoever they are, they take no room from the others
# Brokers forget a silent producer after producer.id.expiration.ms (a day, unless set otherwise), and what it sent is
# then new to them: sent again it would be written twice.
KNOWN_FOR_S = 12 * 3600
TOO_MUCH = "this console is sending too much already; try again in a moment"
TOO_MUCH_OF_GUESTS = f"guests send {GUESTS_BYTES_MAX >> 20} MB at the same time, all together: send less, or later"
logger = logging.getLogger("django.request")  # where the other faults of pages go


class TooMany(audit.Refusal):
    """Nothing was sent: too much is being sent already."""


@dataclass(slots=True)
class Stretch:
    """What went to one partition."""

    count: int
    first: int | None  # offsets; None when they are not known
    last: int | None


@dataclass(slots=True, eq=False)
class Sending:
    """One press of the button."""

    id: uuid.UUID
    user_id: int | str  # audit.Actor.who
    cluster_id: uuid.UUID
    topic: str
    settings: Settings
    records: list[ProducerRecord]  # emptied when none of them can be sent again
    total: int
    size_bytes: int
    key: payloads.Preview
    value: payloads.Preview
    kinds: tuple[str, str]  # how key and value were written
    begun_ms: int
    written: int = 0
    perhaps: int = 0
    tombstones: int = 0
    reason: str = ""  # why not all is written
    partitions: dict[int, Stretch] = field(default_factory=dict)
    place: Written | None = None  # of the last record that is written
    fastest_ms: float = 0.0  # of a group of records
    slowest_ms: float = 0.0
    took_ms: float = 0.0  # in all
    of_guest: bool = False
    held: str = ""  # why it did not go on when somebody asked for it
    running: bool = True
    cancelled: bool = False
    outcomes: list[Outcome | None] = field(default_factory=list)  # of each record; None: not sent (yet)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def not_written(self) -> int:
        """Records that are certainly not in the log, those that were not sent included."""
        return self.total - self.written - self.perhaps

    @property
    def state(self) -> str:
        """In one word: sending, written, perhaps, partly or not."""
        if self.running:
            return "sending"
        if self.perhaps:
            return "perhaps"
        if self.written == self.total:
            return "written"
        return "partly" if self.written else "not"

    @property
    def can_go_on(self) -> bool:
        """Whether what is missing can be sent without writing anything twice."""
        unsure = [outcome for outcome in self.outcomes if isinstance(outcome, PerhapsWritten)]
        missing = any(not isinstance(outcome, Written) for outcome in self.outcomes)
        safe = all(one.sent_as for one in unsure) and not self.too_late
        return not self.running and bool(self.records) and missing and safe

    @property
    def too_late(self) -> bool:
        """Whether something is unsure since so long that the brokers may not know it again."""
        return bool(self.perhaps) and time.time() - self.begun_ms / 1000 > KNOWN_FOR_S

    def tell(self, indexes: Sequence[int], outcomes: Sequence[Outcome], took_ms: float) -> bool:
        """Note what became of some records; say whether to go on."""
        self.fastest_ms = min(self.fastest_ms or took_ms, took_ms)
        self.slowest_ms = max(self.slowest_ms, took_ms)
        for index, outcome in zip(indexes, outcomes, strict=True):
            if isinstance(self.outcomes[index], PerhapsWritten):
                self.perhaps -= 1
            self.outcomes[index] = outcome
            match outcome:
                case Written():
                    self.written += 1
                    self.place = outcome
                    self._stretch(outcome)
                case PerhapsWritten():
                    self.perhaps += 1
                    self.reason = outcome.reason
                case NotWritten():
                    self.reason = outcome.reason
        return not self.cancelled

    def doubt(self, reason: str) -> None:
        """Nobody knows what became of all that is not told, and none of it may be sent again."""
        self.perhaps, self.reason, self.records = self.total - self.written, reason, []

    def _stretch(self, done: Written) -> None:
        found = self.partitions.setdefault(done.partition, Stretch(0, done.offset, done.offset))
        found.count += 1
        if done.offset is not None:
            found.first = done.offset if found.first is None else min(found.first, done.offset)
            found.last = done.offset if found.last is None else max(found.last, done.offset)


_lock = threading.Lock()
_sendings: "OrderedDict[tuple[int, uuid.UUID], Sending]" = OrderedDict()


def find(user_id: int | str, cluster_id: uuid.UUID, topic: str, sending_id: uuid.UUID) -> Sending | None:
    """One of this person's sendings to this topic."""
    with _lock:
        found = _sendings.get((user_id, sending_id))
    return found if found and (found.cluster_id, found.topic) == (cluster_id, topic) else None


def of(user_id: int | str, cluster_id: uuid.UUID, topic: str) -> list[Sending]:
    """This person's sendings to this topic, the newest first."""
    with _lock:
        found = [entry for (owner, _), entry in _sendings.items() if owner == user_id]
    return [entry for entry in reversed(found) if (entry.cluster_id, entry.topic) == (cluster_id, topic)]


def begin(
    actor: audit.Actor,
    cluster: Cluster,
    spec: ConnectionSpec,
    sending_id: uuid.UUID,
    records: list[ProducerRecord],
    settings: Settings,
    kinds: tuple[str, str] = ("text", "text"),
) -> Sending:
    """Send, in the background; wait for `sending.ended` to see the end. The same id again is the same sending."""
    assert records, "somebody sends something"
    first = records[0]
    sending = Sending(
        sending_id, actor.who, cluster.pk, first.topic, settings, records, len(records),
        sum(size_of(record) for record in records), payloads.preview(first.key), payloads.preview(first.value),
        kinds, int(time.time() * 1000), outcomes=[None] * len(records),
        tombstones=sum(1 for record in records if record.value is None), of_guest=actor.is_guest,
    )  # fmt: skip
    with _lock:
        known = _sendings.get((sending.user_id, sending.id))
        if known:
            return known
        _make_room(sending)
        _sendings[sending.user_id, sending.id] = sending
    _start(lambda: _run(sending, actor, cluster, spec, again=False))
    return sending


def go_on(actor: audit.Actor, cluster: Cluster, spec: ConnectionSpec, sending: Sending) -> None:
    """Send what is missing; what is perhaps written is sent as the broker knows it, so it is written once.

    Nothing happens where it cannot go on; where too much runs already, `sending.held` says so.
    """
    with _lock:
        if not sending.can_go_on:
            return
        try:
            _check_running(sending)
        except TooMany as refused:
            sending.held = str(refused)
            return
        sending.held = ""
        sending.running, sending.cancelled, sending.reason = True, False, ""
        sending.ended.clear()
    _start(lambda: _run(sending, actor, cluster, spec, again=True))


def cancel(sending: Sending) -> None:
    """Send no more; what is under way is awaited."""
    sending.cancelled = True


def size_of(record: ProducerRecord) -> int:
    """Bytes of key, value and headers."""
    headers = sum(len(name.encode()) + len(value or b"") for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers


def _make_room(sending: Sending) -> None:
    """Forget the oldest that are over, those of guests first; TooMany if too much runs."""
    _check_running(sending)
    mine = [key for key in _sendings if key[0] == sending.user_id]
    for key in [key for key in mine if not _sendings[key].running][: max(0, len(mine) - KEPT_OF_ONE_MAX + 1)]:
        del _sendings[key]
    over = [key for key, entry in _sendings.items() if not entry.running]
    over.sort(key=lambda key: not _sendings[key].of_guest)
    while len(_sendings) >= KEPT_MAX and over:
        del _sendings[over.pop(0)]
    kept_bytes = sending.size_bytes
    for entry in reversed(_sendings.values()):
        if entry.of_guest == sending.of_guest:
            kept_bytes += entry.size_bytes if entry.records else 0
            if kept_bytes > _bytes_max(sending) and not entry.running:
                entry.records = []
    if len(_sendings) >= KEPT_MAX:
        raise TooMany(TOO_MUCH)


def _check_running(sending: Sending) -> None:
    """TooMany if one more that runs is too much of one person, or too many bytes of all, guests by themselves."""
    running = [entry for entry in _sendings.values() if entry.running]
    if sum(1 for entry in running if entry.user_id == sending.user_id) >= RUNNING_MAX:
        raise TooMany(f"{RUNNING_MAX} of your sendings are under way; wait for one, or cancel it")
    beside = sum(entry.size_bytes for entry in running if entry.of_guest == sending.of_guest)
    if beside + sending.size_bytes > _bytes_max(sending):
        raise TooMany(TOO_MUCH_OF_GUESTS if sending.of_guest else TOO_MUCH)


def _bytes_max(sending: Sending) -> int:
    return GUESTS_BYTES_MAX if sending.of_guest else KEPT_BYTES_MAX


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=_in_thread, args=(work,), name="sending", daemon=True).start()


def _in_thread(work: Callable[[], None]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def _run(sending: Sending, actor: audit.Actor, cluster: Cluster, spec: ConnectionSpec, *, again: bool) -> None:
    settings = sending.settings
    after = {
        "records": sending.not_written + sending.perhaps if again else sending.total,
        "bytes": sending.size_bytes,
        "tombstones": sending.tombstones,
        "acks": "all" if settings.acks == -1 else settings.acks,
        "sent again": again,
    }
    begun_s = time.monotonic()
    try:
        with audit.writing(actor, "records.produce", sending.topic, cluster=cluster, after=after) as note:
            _send(sending, spec)
            note.after = after | {"written": sending.written, "perhaps written": sending.perhaps}
            note.result, note.reason = _result(sending)
    except ClusterUnreachable as error:  # it did not end: some of it may be under way
        sending.doubt(str(error))
    except (KafkaError, audit.TooOften) as error:
        sending.reason = str(error)
    except Exception:  # nobody awaits this thread: a fault of ours is logged and said
        logger.exception("sending to %s failed", sending.topic)
        sending.doubt("this console has a fault, which is in its log; look at the topic for what is written")
    finally:
        sending.took_ms += (time.monotonic() - begun_s) * 1000
        sending.running = False
        if not sending.can_go_on:
            sending.records, sending.outcomes = [], sending.outcomes[:OUTCOMES_KEPT]
        sending.ended.set()


def _send(sending: Sending, spec: ConnectionSpec) -> None:
    unsure: dict[SentAs, list[int]] = {}
    rest: list[int] = []
    for index, outcome in enumerate(sending.outcomes):
        if isinstance(outcome, PerhapsWritten):
            assert outcome.sent_as is not None, "only what a broker knows again is sent again"
            unsure.setdefault(outcome.sent_as, []).append(index)
        elif not isinstance(outcome, Written):
            rest.append(index)
    order = iter([index for indexes in unsure.values() for index in indexes] + rest)

    def told(outcomes: Sequence[Outcome], took_ms: float) -> bool:
        return sending.tell([next(order) for _ in outcomes], outcomes, took_ms)

    records = sending.records
    again = [(sent_as, [records[index] for index in indexes]) for sent_as, indexes in unsure.items()]
    producing.produce(spec, [records[index] for index in rest], sending.settings, told, again=again)
    if sending.cancelled and sending.written < sending.total and not sending.reason:
        sending.reason = "cancelled"


def _result(sending: Sending) -> tuple[Result, str]:
    if sending.perhaps:
        return Result.UNKNOWN, sending.reason
    if sending.written == sending.total:
        return Result.DONE, ""
    return (Result.PARTLY if sending.written else Result.REFUSED), sending.reason
