"""A frame of the live tail as text: rows, counters, state.

Numbers are sent as text: offsets go beyond what a browser's number can hold.

*Invariants*: a frame of 50 rows is below FRAME_BYTES_MAX whatever is in the topic (the web server drops what is
longer, see web_part in console/management/parts.py); only text, never HTML; everything from the cluster went
through payloads.pieces.
"""

from datetime import UTC, datetime
from typing import Any

from console.kafka.records import RecordView
from console.kafka.stream import TailFrame
from console.services import figures, readings
from console.services.readings import Reading

FRAME_BYTES_MAX = 524_288
AS_THEY_LOOK = Reading()


def frame(
    number: int, tail: TailFrame, *, address: str, reading: Reading = AS_THEY_LOOK, begins: bool = False
) -> dict[str, Any]:
    """What the browser gets; `address` is that of the topic page, ending in a slash.

    A frame that `begins` is the first of a watch: counters begin anew.
    """
    today = datetime.now(UTC)
    return {
        "number": number,
        "rows": [_row(record, address, today, reading) for record in tail.records],
        "arrived": tail.arrived,
        "shown": tail.shown,
        "dropped": tail.dropped,
        "matching": tail.matching,
        "others": tail.others,
        "unread": tail.unread,
        "missed": tail.missed,
        "positions": {str(partition): str(offset) for partition, offset in tail.positions.items()},
        "topic": tail.topic_id,
        "begins": begins,
        "state": tail.state,
        "reason": tail.reason,
    }


def _row(record: RecordView, address: str, today: datetime, reading: Reading) -> dict[str, Any]:
    when = figures.moment(record.timestamp_ms)
    size, unit = figures.size(record.size)
    return {
        "address": f"{address}records/{record.partition}/{record.offset}/",
        "offset": figures.thin(record.offset),
        "partition": str(record.partition),
        "time": figures.clock(record.timestamp_ms, today=today),
        "datetime": when.isoformat(timespec="milliseconds") if when else "",
        "key": _preview(record.key, reading.key),
        "value": _preview(record.value, reading.value),
        "size": size,
        "unit": unit,
    }


def _preview(data: bytes | None, kind: str) -> dict[str, Any]:
    shown = readings.preview(data, kind)
    said = {name: words for name, words in (("as", shown.read_as), ("wrong", shown.wrong)) if words}
    return {"kind": shown.kind, "pieces": shown.pieces, **said}
