"""A metadata record as the value of a record in `__cluster_metadata`: frame version, API key, version, message.

The three numbers are unsigned varints; the key of the record is absent. We write the
highest version of each record, which is what metadata.version 30 (4.3) writes.

Not here: batches (core/records), what records mean (image.py).
Spec: KIP-631; org.apache.kafka.server.common.serialization.AbstractApiMessageSerde.
"""

from typing import Any

from engine.wire.primitives import Malformed, Message, put_uvarint, uvarint
from engine.wire.record_types.cluster_metadata import RECORDS

FRAME_VERSION = 1
_KEYS = {record_class: api_key for api_key, (record_class, _, _, _) in RECORDS.items()}


def encode_record(record: Message) -> bytes:
    """The value of the record that says this."""
    api_key = _KEYS[type(record)]
    codec: tuple[Any, ...] = RECORDS[api_key]
    _, encode, _, version = codec
    out = bytearray()
    for number in (FRAME_VERSION, api_key, version):
        put_uvarint(out, number)
    encode(record, version, out)
    return bytes(out)


def decode_record(value: bytes) -> Message:
    """What the value of a record says; Malformed if it is of no kind that we know."""
    view = memoryview(value)
    try:
        frame_version, position = uvarint(view, 0)
        api_key, position = uvarint(view, position)
        version, position = uvarint(view, position)
    except IndexError as damage:
        raise Malformed("a metadata record ends within its frame") from damage
    if frame_version != FRAME_VERSION:
        raise Malformed(f"metadata record of frame version {frame_version}")
    known = RECORDS.get(api_key)
    if known is None:
        raise Malformed(f"metadata record of unknown kind {api_key}")
    decode: Any = known[2]
    record: Message
    record, position = decode(view, position, version)
    if position != len(view):
        raise Malformed(f"bytes after a metadata record of kind {api_key}")
    return record
