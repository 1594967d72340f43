"""Producing for people: records in order, a few at a time, and what became of each.

A client of its own is made for each sending, with the acks, idempotence and compression that were asked for, so a
sending has one producer id.

*Invariants*: records are sent in the order given; after a group with a record that was not, or perhaps not, written,
no further one is sent; what is perhaps written tells by what the brokers know its batch, so that it can be sent again.
*Not here*: who may, what is kept of a sending (services/sendings.py), bytes (services/encodings.py).
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Literal, NamedTuple

from console.kafka.connection import ConnectionSpec, new_shell, on_loop
from console.kafka.errors import ClusterUnreachable, KafkaRefused
from engine.client.calls import Produced, ProducerRecord, SentAs
from engine.client.config import ProducerConfig
from engine.client.errors import ClientError, NotProduced
from engine.client.records import encode_batch

__all__ = ["ProducerRecord", "SentAs", "Settings", "batch_bytes", "produce"]

GROUP_RECORDS = 200  # of one call: how often progress is told and a cancel is heard
REQUEST_TIMEOUT_MS = 5_000
DELIVERY_TIMEOUT_MS = 8_000
GRACE_S = 10.0  # what the loop may take beyond that to notice
Compression = Literal["none", "gzip", "snappy", "lz4", "zstd"]


@dataclass(frozen=True, slots=True)
class Settings:
    """How records are sent. Idempotence needs acks=-1 (all)."""

    acks: Literal[-1, 0, 1] = -1
    idempotent: bool = True
    compression: str = "none"


class Written(NamedTuple):
    """In the log. With acks=0 it is only sent, and no offset is known."""

    partition: int
    offset: int | None
    timestamp_ms: int


class NotWritten(NamedTuple):
    """Certainly not in the log."""

    partition: int
    reason: str


class PerhapsWritten(NamedTuple):
    """Nobody knows; `sent_as` is there when sending the same batch again cannot write it twice."""

    partition: int
    reason: str
    sent_as: SentAs | None


Outcome = Written | NotWritten | PerhapsWritten
Told = Callable[[Sequence[Outcome], float], bool]  # a group's outcomes and its milliseconds; False: send no more


def batch_bytes(record: ProducerRecord, compression: str) -> int:
    """What a record takes alone in its batch: this is what max.message.bytes limits."""
    entry = (record.timestamp_ms or int(time.time() * 1000), record.key, record.value, record.headers)
    return len(encode_batch([entry], compression=compression, producer=(-1, -1, -1)))


def produce(
    spec: ConnectionSpec,
    records: Sequence[ProducerRecord],
    settings: Settings,
    told: Told,
    *,
    again: Sequence[tuple[SentAs, Sequence[ProducerRecord]]] = (),
) -> None:
    """Send records, each with its partition, and tell of each group; first `again`, batches as they were sent before.

    Blocks until all is told. ClusterUnreachable: it did not end, and nobody knows of the rest.
    """
    groups: list[tuple[SentAs | None, Sequence[ProducerRecord]]] = [*again]
    groups += [(None, records[at : at + GROUP_RECORDS]) for at in range(0, len(records), GROUP_RECORDS)]
    limit_s = (DELIVERY_TIMEOUT_MS + REQUEST_TIMEOUT_MS) / 1000 * max(1, len(groups)) + GRACE_S
    future = on_loop(_produce(spec, groups, settings, told))
    try:
        future.result(limit_s)
    except FutureTimeout:
        future.cancel()
        raise ClusterUnreachable("the sending did not end in time; look what of it is written") from None
    except ValueError as error:  # a bootstrap that cannot be understood
        raise KafkaRefused("INVALID_CONFIG", str(error)) from None


async def _produce(
    spec: ConnectionSpec,
    groups: Sequence[tuple[SentAs | None, Sequence[ProducerRecord]]],
    settings: Settings,
    told: Told,
) -> None:
    producer = ProducerConfig(
        acks=settings.acks,
        idempotent=settings.idempotent,
        compression=settings.compression,
        linger_ms=0,
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        buffer_bytes_max=64 << 20,
    )
    shell = new_shell(spec, producer=producer, request_timeout_ms=REQUEST_TIMEOUT_MS)
    await shell.start()
    try:
        for sent_as, records in groups:
            begun_s = time.monotonic()
            try:
                if sent_as is None:
                    results = await shell.produce(*records)
                else:
                    results = await shell.produce_again(list(records), sent_as)
            except ClientError as error:
                results = [NotProduced(str(error), maybe_written=True)] * len(records)
            outcomes = [_outcome(record, result) for record, result in zip(records, results, strict=True)]
            goes_on = told(outcomes, (time.monotonic() - begun_s) * 1000)
            if not goes_on or not all(isinstance(outcome, Written) for outcome in outcomes):
                return
    finally:
        await shell.close()


def _outcome(record: ProducerRecord, result: Produced | NotProduced) -> Outcome:
    partition = record.partition if record.partition is not None else -1
    if isinstance(result, Produced):
        return Written(partition, result.offset if result.offset >= 0 else None, result.timestamp_ms)
    if result.maybe_written:
        return PerhapsWritten(partition, str(result), SentAs(*result.sent_as) if result.sent_as else None)
    return NotWritten(partition, str(result))
