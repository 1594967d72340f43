"""A draft of records: what was typed becomes the records to send, or a sentence at the place of the mistake.

*Invariants*: all of a draft is good, every repetition included, before anything of it is sent; what it gives fits into
the topic and into memory.
*Not here*: fields (forms/produce.py), bytes (encodings.py), placeholders (placeholders.py), sending (sendings.py).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from console.kafka.producing import ProducerRecord, Settings, batch_bytes
from console.services import encodings, placeholders
from console.services.encodings import CannotEncode
from console.services.figures import thin
from console.services.partitioners import PARTITIONERS, PARTITIONS_MAX, Partitioner, calculations, partition_of
from console.services.placeholders import BadPlaceholder

TOTAL_BYTES_MAX = 32 << 20  # of all repetitions together
RECORD_OVERHEAD_BYTES = 24
HEADERS_MAX = 100
KEY_BYTES_SHOWN = 32
CLIENTS: dict[str, str] = {"murmur2": "Java, murmur2", "murmur3": "mmh3, murmur3", "crc32": "kcat, CRC-32"}
assert set(CLIENTS) == set(PARTITIONERS), "the same names"
Made = Callable[[placeholders.Moment], bytes | None]


@dataclass(frozen=True, slots=True)
class Typed:
    """A key, a value or a header as it was typed; keys and values have no name."""

    kind: str
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to send."""

    topic: str
    key: Typed
    value: Typed
    headers: tuple[Typed, ...]
    settings: Settings
    partition: int | None = None  # None: computed from the key as `client` does
    client: str = "murmur2"
    time_ms: int | None = None  # None: when it is sent
    times: int = 1
    fill: bool = False  # placeholders


@dataclass(frozen=True, slots=True)
class WhereRow:
    """Where one client sends a key; no hash and partition while there is no key."""

    client: str
    words: str
    hash: int | None
    partition: int | None


@dataclass(frozen=True, slots=True)
class Where:
    """Where a key goes, as each client computes it."""

    rows: tuple[WhereRow, ...]
    partitions: int  # 0: not known
    chosen: str
    key_hex: str
    note: str


def where_goes(key: Typed, fill: bool, partitions: int, chosen: str) -> Where:
    """Look at a key while it is typed."""
    data, note = None, "One key, three clients, perhaps three partitions: its order holds among clients of one kind."
    try:
        data = _maker(key, fill)(placeholders.moment(0))
        if data is None:
            note = "A null key has no hash: each record goes to a partition that is drawn."
        elif fill and placeholders.PLACEHOLDER.search(key.text):
            note = "For the first record; the others have keys of their own."
    except (BadPlaceholder, CannotEncode) as error:
        note = str(error)
    found = {}
    if data is not None and 0 < partitions <= PARTITIONS_MAX:
        found = {str(one.partitioner): one for one in calculations(data, partitions)}
    rows = tuple(
        WhereRow(client, words, found[client].hash if found else None, found[client].partition if found else None)
        for client, words in CLIENTS.items()
    )
    shown = data[:KEY_BYTES_SHOWN].hex(" ") + (" …" if len(data) > KEY_BYTES_SHOWN else "") if data else ""
    return Where(rows, partitions, chosen if chosen in CLIENTS else "murmur2", shown, note)


@dataclass(slots=True)
class Plan:
    """The records to send, or what is wrong: by field, and by number of the header."""

    records: list[ProducerRecord] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    wrong_headers: dict[int, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether it can be sent."""
        return not self.wrong and not self.wrong_headers


def planned(draft: Draft, partitions: int, limit: int | None) -> Plan:
    """All records of a draft for a topic of so many partitions; `limit` is its max.message.bytes, if that is known."""
    plan = Plan()
    if draft.partition is not None and draft.partition >= partitions:
        last = "its only partition is 0" if partitions == 1 else f"its partitions are 0 to {partitions - 1}"
        plan.wrong["partition"] = f"{draft.topic} has no partition {draft.partition}: {last}."
    if draft.client not in CLIENTS:
        plan.wrong["client"] = f"“{draft.client[:40]}” is no client whose partitions are known."
    if len(draft.headers) > HEADERS_MAX:
        plan.wrong["headers"] = f"At most {HEADERS_MAX} headers from a form."
    makers = _makers(draft, plan)
    if not plan.is_good:
        return plan
    size = largest = 0
    for number in range(draft.times):
        record = _record(draft, makers, partitions, placeholders.moment(number), plan)
        if record is None:
            plan.records = []
            return plan
        record_size = RECORD_OVERHEAD_BYTES + len(record.key or b"") + len(record.value or b"")
        record_size += sum(len(name) + len(value or b"") for name, value in record.headers)
        size += record_size
        if size > TOTAL_BYTES_MAX:
            mb = TOTAL_BYTES_MAX >> 20
            plan.wrong["times"] = f"{mb} MB at most in all; this is reached after {thin(number)}."
        elif record_size > largest:  # what is smaller than one that fits does fit
            largest = record_size
            _check_limit(record, limit, draft.settings.compression, plan)
        if not plan.is_good:
            plan.records = []
            return plan
        plan.records.append(record)
    return plan


def _check_limit(record: ProducerRecord, limit: int | None, compression: str, plan: Plan) -> None:
    size = batch_bytes(record, compression) if limit is not None else 0
    if limit is not None and size > limit:
        how = "" if compression == "none" else f" compressed with {compression}"
        takes = f"As a batch this record takes {thin(size)} B{how}; the topic takes {thin(limit)} (max.message.bytes)."
        plan.wrong["value"] = f"{takes} Send less, compress it, or change the topic’s setting."


def _makers(draft: Draft, plan: Plan) -> list[Made]:
    """What makes key, value and headers, in this order."""
    makers: list[Made] = []
    for index, typed in enumerate((draft.key, draft.value, *draft.headers)):
        try:
            if "\0" in typed.name + typed.text:
                raise CannotEncode("Null characters are not allowed here; write the bytes as hex.")
            typed.name.encode()
            makers.append(_maker(typed, draft.fill))
        except UnicodeEncodeError:
            _note(plan, index, "The name holds half of a character (a lone surrogate).")
        except (BadPlaceholder, CannotEncode) as error:
            _note(plan, index, str(error))
    return makers


def _maker(typed: Typed, fill: bool) -> Made:
    if typed.kind not in encodings.NAMES:
        raise CannotEncode(f"“{typed.kind[:40]}” is no way to write bytes.")
    if fill:
        parts = placeholders.parsed(typed.text)
        return lambda at: encodings.encode(typed.kind, placeholders.filled(parts, at))
    data = encodings.encode(typed.kind, typed.text)
    return lambda at: data


def _note(plan: Plan, index: int, words: str) -> None:
    if index < 2:
        plan.wrong[("key", "value")[index]] = words
    else:
        plan.wrong_headers[index - 2] = words


def _record(
    draft: Draft, makers: list[Made], partitions: int, at: placeholders.Moment, plan: Plan
) -> ProducerRecord | None:
    made: list[bytes | None] = []
    for index, maker in enumerate(makers):
        try:
            made.append(maker(at))
        except CannotEncode as error:
            _note(plan, index, f"{error} (in record {at.number})" if at.number else str(error))
            return None
    key, value, *values = made
    headers = tuple((typed.name, data) for typed, data in zip(draft.headers, values, strict=True))
    if draft.partition is not None:
        partition = draft.partition
    elif key is None:
        partition = random.randrange(partitions)
    else:
        partition = partition_of(key, partitions, _partitioner(draft.client))
    time_ms = draft.time_ms if draft.time_ms is not None else int(at.now.timestamp() * 1000)
    return ProducerRecord(draft.topic, value, key, headers, partition, time_ms)


def _partitioner(client: str) -> Partitioner:
    return next(name for name in PARTITIONERS if name == client)
