"""Producing by the REST API: JSON objects that follow one another in one body, a report for each, in their order.

The whole body is read before anything is written, so this is for a few records a call; streaming needs a server that
hands a body on as it comes (the REST proxy's own process).

*Invariants*: what cannot be read is refused before anything is written; contents never come into the audit log.
Spec: kafka-rest's v3 ProduceAction (types BINARY, JSON and STRING; the others need the schema registry).
"""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from console.kafka import api_requests
from console.kafka.api_requests import ProducerRecord
from console.kafka.errors import ClusterUnreachable
from console.models import Result
from console.permissions import OPERATE
from console.rest.bodies import DEPTH_SAID, check_known, field, read_many, written
from console.rest.clusters import door_of
from console.rest.errors import ApiError, bad_request, of_code
from console.services import audit
from engine.client.calls import Produced
from engine.client.errors import NotProduced

RECORDS_MAX = 500  # of one call
PARTITION_MAX = 2**31 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Part = tuple[str, bytes]  # the type as it was written, and the bytes


def produce(request: HttpRequest, cluster_id: str, topic_name: str) -> HttpResponse:
    """Write the records; 200 and one report a record, each with an error_code of its own."""
    cluster, spec, base = door_of(request, cluster_id, needs=OPERATE)
    bodies = read_many(request, RECORDS_MAX)
    if not bodies:
        raise ApiError(422, 42206, "Payload error. Null input provided. Data is required.")
    parsed = [_record(topic_name, body) for body in bodies]
    records = [record for record, _, _ in parsed]
    size = sum(len(record.key or b"") + len(record.value or b"") for record in records)
    actor, after = audit.actor_of(request), {"records": len(records), "bytes": size}
    with audit.writing(actor, "records.produce", topic_name, cluster=cluster, after=after) as note:
        results = _results(spec, records)
        _tell(note, results)
    reports = [
        _report(base.cluster_id, topic_name, parts, result) for (_, *parts), result in zip(parsed, results, strict=True)
    ]
    return HttpResponse("".join(json.dumps(report) + "\r\n" for report in reports), content_type="application/json")


def _results(spec: Any, records: Sequence[ProducerRecord]) -> list[Produced | NotProduced]:
    try:
        return api_requests.produce(spec, records)
    except ClusterUnreachable as error:
        words = f"{error.reason}. Perhaps the records were written: look at the topic"
        raise ClusterUnreachable(words) from error


def _tell(note: audit.Note, results: Sequence[Produced | NotProduced]) -> None:
    failed = [result for result in results if isinstance(result, NotProduced)]
    if not failed:
        return
    note.after = {**note.after, "written": len(results) - len(failed)}
    note.reason = failed[0].reason
    if any(result.maybe_written for result in failed):
        note.result = Result.UNKNOWN
    else:
        note.result = Result.REFUSED if len(failed) == len(results) else Result.PARTLY


def _report(
    cluster_id: str, topic: str, parts: Sequence[Part | None], result: Produced | NotProduced
) -> dict[str, Any]:
    if isinstance(result, NotProduced):
        words = f"{result.reason}. Perhaps it was written: look at the topic" if result.maybe_written else result.reason
        error = of_code(result.code.name, words) if result.code else ApiError(500, 50003, words)
        return {"error_code": error.code, "message": error.message}
    report: dict[str, Any] = {
        "error_code": 200,
        "cluster_id": cluster_id,
        "topic_name": topic,
        "partition_id": result.partition,
        "offset": result.offset,
        "timestamp": _words_of(result.timestamp_ms),
    }
    for name, part in zip(("key", "value"), parts, strict=True):
        if part is not None:
            report[name] = {"type": part[0], "size": len(part[1])}
    return report


def _record(topic: str, body: dict[str, Any]) -> tuple[ProducerRecord, Part | None, Part | None]:
    check_known(body, "partition_id", "headers", "key", "value", "timestamp", "originalSize")
    partition = field(body, "partition_id", int, None)
    if partition is not None and not 0 <= partition <= PARTITION_MAX:
        raise ApiError(404, 40402, "Partition not found.")
    key, value = _data("key", field(body, "key", dict, None)), _data("value", field(body, "value", dict, None))
    headers = tuple(_header(told) for told in field(body, "headers", list, []))
    timestamp = _timestamp(field(body, "timestamp", str, None))
    sent = ProducerRecord(topic, value and value[1], key and key[1], headers, partition, timestamp)
    return sent, key, value


def _data(name: str, told: dict[str, Any] | None) -> Part | None:
    """Bytes of a key or value; None for null, as JSON's null data of BINARY and STRING is."""
    if told is None:
        return None
    check_known(told, "type", "data", "subject", "subject_name_strategy", "schema_id", "schema_version", "schema")
    kind = field(told, "type", str, None)
    if kind is None or any(told.get(one) is not None for one in ("schema", "schema_id", "schema_version", "subject")):
        raise bad_request(
            f"Unsupported argument: {name} needs a type, BINARY, JSON or STRING;"
            " schemas are not built in this version of Odradek"
        )
    data = told.get("data")
    match kind.upper():
        case "JSON":
            try:
                return "JSON", written(data)
            except RecursionError:
                raise bad_request(DEPTH_SAID) from None
        case "BINARY" | "STRING" if data is None:
            return None
        case "STRING" if isinstance(data, str):
            return "STRING", data.encode()
        case "STRING":
            raise bad_request(f"Bad Request: the data of {name} is not text.")
        case "BINARY":
            return "BINARY", _base64(data)
    raise bad_request(f"Unsupported argument: type={kind[:40]} of {name} is none of BINARY, JSON, STRING")


def _header(told: object) -> tuple[str, bytes | None]:
    if not isinstance(told, dict):
        raise bad_request("each header is an object with a name and a value in base64")
    check_known(told, "name", "value")
    value = told.get("value")
    return field(told, "name", str), None if value is None else _base64(value)


def _base64(data: object) -> bytes:
    try:
        return base64.b64decode(str(data) if isinstance(data, str) else "!", validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(f"Bad Request: data={str(data)[:100]} is not a base64 string.") from None


def _words_of(timestamp_ms: int) -> str | None:
    """A time as v3 writes it; None for one that no calendar has (a broker may say anything)."""
    try:
        moment = EPOCH + timedelta(milliseconds=timestamp_ms)
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def _timestamp(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request(f"timestamp={text[:40]} is not a time like 2026-11-28T14:00:00Z") from None
    time_ms = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - EPOCH) // timedelta(milliseconds=1)
    if time_ms < 0:
        raise bad_request("timestamp is before 1970")
    return time_ms
