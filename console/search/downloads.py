"""Records as a file: JSON lines or CSV, made line by line, never whole in memory.

A key, value or header that is UTF-8 stands there as text; any other is base64, and a field beside it says so. Numbers
are exact. A file that ends before its end says so in its last line.

*Invariants*: at most RECORDS_MAX records and BYTES_MAX bytes of them; a CSV cell that a spreadsheet would take for a
formula begins with an apostrophe, and its encoding says so: nothing is lost.
*Not here*: which records (whoever asks), the answer (views/downloads.py).
"""

import base64
import csv
import io
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from console.kafka import scan
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import KafkaError
from console.kafka.records import RecordView
from console.search.evaluate import matches, prefilter
from console.search.language import Filter, FilterError
from console.search.scan import bounds
from engine.client.sections import Damaged, FoundRecord, Section, sections
from engine.wire.error_codes import WireError

RECORDS_MAX = 1_000_000
BYTES_MAX = 512 << 20
SECONDS_MAX = 600
BLOCK_BYTES = 64 << 10  # of a piece of the file
PICKED_AT_ONCE = 200
PICK_LIMIT_S = 30.0
YIELD_S = 0.002  # after each answer, so that pages of the same process come in between
COLUMNS = ("partition", "offset", "timestamp", "time", "key", "key_encoding", "value", "value_encoding", "headers")
# What spreadsheets take for the start of a formula, in the wide letters of East Asian keyboards too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
APOSTROPHE = "apostrophe+"  # before the encoding of a cell to which one was added: without it the cell is exact
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Line = FoundRecord | RecordView


class Format(Protocol):
    """How a record becomes a line."""

    def head(self) -> str:
        """What stands above the records."""

    def line(self, record: Line) -> str:
        """One record."""

    def note(self, words: str) -> str:
        """The last line of a file that is not whole."""


class JsonLines:
    """One JSON object a line."""

    def head(self) -> str:
        """Nothing."""
        return ""

    def line(self, record: Line) -> str:
        """The record; "…_encoding" stands there where something is not text."""
        shown: dict[str, object] = {"partition": record.partition, "offset": record.offset}
        shown |= {"timestamp": record.timestamp_ms, "time": _time(record.timestamp_ms) or None}
        shown |= _named("key", record.key) | _named("value", record.value)
        shown["headers"] = _headers(record.headers)
        return json.dumps(shown, ensure_ascii=False) + "\n"

    def note(self, words: str) -> str:
        """An object of its own kind."""
        return json.dumps({"note": words}) + "\n"


class Csv:
    """Comma separated values with a head, as RFC 4180 has them."""

    def head(self) -> str:
        """The names of the columns."""
        return _row(COLUMNS)

    def line(self, record: Line) -> str:
        """The record; null, text or base64 is said in a column of its own."""
        when = "" if record.timestamp_ms < 0 else str(record.timestamp_ms)
        cells = [str(record.partition), str(record.offset), when, _time(record.timestamp_ms)]
        for data in (record.key, record.value):
            text, encoding = _text(data)
            harmful = (text or "").startswith(FORMULA_STARTS)
            cells += [f"'{text}", f"{APOSTROPHE}{encoding}"] if harmful else [text or "", encoding]
        return _row([*cells, json.dumps(_headers(record.headers), ensure_ascii=False)])

    def note(self, words: str) -> str:
        """A row with one cell."""
        return _row([f"# {words}"])


FORMATS: dict[str, tuple[Format, str]] = {
    "jsonl": (JsonLines(), "application/x-ndjson; charset=utf-8"),
    "csv": (Csv(), "text/csv; charset=utf-8"),
}


@dataclass(slots=True)
class LeftOut:
    """What should be in a file and is not."""

    count: int = 0
    why: str = ""  # of the first
    unwanted: bool = False  # nobody takes the file any more: what reads for it stops

    def add(self, count: int, why: str) -> None:
        """Some more."""
        self.count += count
        self.why = self.why or why


def blocks(records: Iterable[Line], form: Format, left_out: LeftOut, *, limit: int = RECORDS_MAX) -> Iterator[bytes]:
    """The file, piece by piece; the first piece comes when the first records are known."""
    pieces, waiting, count = [_bytes(form.head())], 0, 0
    total = len(pieces[0])
    until_s = time.monotonic() + SECONDS_MAX
    cut = ""
    try:
        for record in records:
            line = _bytes(form.line(record))
            if count >= limit or total + len(line) > BYTES_MAX or time.monotonic() > until_s:
                cut = f"cut after {count} records, the limit of this download"
                break
            count, waiting, total = count + 1, waiting + len(line), total + len(line)
            pieces.append(line)
            if waiting >= BLOCK_BYTES:
                yield b"".join(pieces)
                pieces, waiting = [], 0
    except KafkaError as error:
        if not count:
            raise
        cut = f"cut after {count} records: {error}"
    if left_out.count:
        cut += f"{'; ' if cut else ''}{left_out.count} left out: {left_out.why}"
    if cut:
        pieces.append(_bytes(form.note(cut)))
    yield b"".join(pieces)


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogatepass")


def matching(spec: ConnectionSpec, topic: str, asked: Filter, left_out: LeftOut) -> Iterator[FoundRecord]:
    """The records of a topic that match, partition after partition, up to the ends as they are now."""
    wanted, needles = bounds(asked), prefilter(asked)
    first, last = wanted.offsets
    until_s = time.monotonic() + SECONDS_MAX
    for stretch in scan.plan(spec, topic, since_ms=wanted.since_ms):
        if not wanted.holds(stretch.partition):
            continue
        if stretch.error:
            left_out.add(1, f"partition {stretch.partition}: {stretch.error}")
        begin, end = max(stretch.start, first), min(stretch.end, last + 1)
        if begin >= end:
            continue
        position = begin
        for chunk in scan.chunks(spec, topic, scan.Stretch(stretch.partition, begin, end)):
            time.sleep(YIELD_S)
            if left_out.unwanted:
                return
            if time.monotonic() > until_s:
                left_out.add(end - position, "the time of a download was up")
                return
            if isinstance(chunk, scan.Gone):
                left_out.add(chunk.next_offset - chunk.first_offset, "deleted before they could be read")
                position = chunk.next_offset
                continue
            for section in sections(chunk):
                if isinstance(section, Damaged):
                    left_out.add(section.last_offset - section.first_offset + 1, section.reason)
                else:
                    records = _matching(section, asked, needles, left_out)
                    yield from (record for record in records if begin <= record.offset < end)
            position = chunk.next_offset


def _matching(
    section: Section, asked: Filter, needles: Sequence[bytes] | None, left_out: LeftOut
) -> Iterator[FoundRecord]:
    try:
        for record in section.records(needles):
            try:
                if matches(asked, record):
                    yield record
            except FilterError as error:
                left_out.add(1, error.reason)
    except WireError as error:
        left_out.add(section.header.record_count, error.message or error.code.name)


def picked(
    spec: ConnectionSpec, topic: str, addresses: Sequence[tuple[int, int]], left_out: LeftOut
) -> Iterator[RecordView]:
    """The records at these addresses, as far as they are still there."""
    for start in range(0, len(addresses), PICKED_AT_ONCE):
        if left_out.unwanted:
            return
        some = addresses[start : start + PICKED_AT_ONCE]
        found = scan.pick(spec, topic, some, time_limit_s=PICK_LIMIT_S)
        yield from (record for address in some if (record := found.get(address)) is not None)
        if None in found.values():
            left_out.add(sum(record is None for record in found.values()), "they are not in the topic any more")
        if len(found) < len(some):
            left_out.add(len(some) - len(found), "they could not be read in time")


def _named(name: str, data: bytes | None) -> dict[str, object]:
    text, encoding = _text(data)
    return {name: text, f"{name}_encoding": encoding} if encoding == "base64" else {name: text}


def _headers(headers: Sequence[tuple[str, bytes | None]]) -> list[dict[str, object]]:
    return [{"name": name} | _named("value", value) for name, value in headers]


def _text(data: bytes | None) -> tuple[str | None, str]:
    if data is None:
        return None, "null"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "\0"
    return (text, "text") if "\0" not in text else (base64.b64encode(data).decode("ascii"), "base64")


def _time(timestamp_ms: int) -> str:
    try:
        when = EPOCH + timedelta(milliseconds=timestamp_ms) if timestamp_ms >= 0 else None
    except OverflowError:
        return ""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z") if when else ""


def _row(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
