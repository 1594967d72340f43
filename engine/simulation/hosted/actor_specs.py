"""Actors as declared data: producers and consumers, what they do and how.

`parse` takes plain JSON, `as_json` gives it back with every default filled in. Names
and values of client configs are Kafka's where Kafka has them.

Invariants:
- A spec that exists is usable, and immutable; changing an actor is giving it another spec.
- It is data only: nothing in it is run.

Not here: what they do with it (produce_actor.py, consume_actor.py).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import fields as fields_of
from typing import Any, get_args

from engine.client.config import ASSIGNORS, Acks, ClientConfig, ConsumerConfig, OffsetReset, ProducerConfig
from engine.simulation.hosted.fields import Fields
from engine.simulation.hosted.refused import Refused

KEYS = ("none", "fixed", "round", "random", "skewed")
PARTITIONERS = {"java": "murmur2", "librdkafka": "crc32", "article": "murmur3", "sticky": "murmur2"}
ACKS: dict[str, Acks] = {"all": -1, "1": 1, "0": 0}
COMMITS = ("auto", "after", "before", "each", "never")
CRASH_AT = ("before poll", "after poll", "after work", "after commit")
RATE_MAX = 1_000.0
VALUE_BYTES_MAX = 64 << 10


@dataclass(frozen=True, slots=True)
class ProducerSpec:
    """Who writes: how often, what, and how safely."""

    name: str
    topic: str
    rate: float = 1.0  # records a second of the world
    keys: str = "round"  # none, fixed (one), round (one after the other), random, skewed (half of them the first)
    key_count: int = 10
    key: str = "key-{k}"  # {k} is the key's number
    value: str = "{name} {n}"  # {n} counts records from 1, {k}, {name}
    partition: int | None = None
    limit: int | None = None  # of records, then it is done
    acks: str = "all"
    idempotent: bool = True
    partitioner: str = "java"
    linger_ms: int = 5
    batch_bytes: int = 16 << 10
    compression: str = "none"
    delivery_timeout_ms: int = 120_000
    request_timeout_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Crash:
    """Where a consumer's process dies: at a place in its loop, once, when it has had so many records."""

    at: str
    after: int = 1
    down_ms: int = 1_000


@dataclass(frozen=True, slots=True)
class ConsumerSpec:
    """Who reads: in which group, how long it works on a record, when it commits."""

    name: str
    topic: str
    group: str | None = None
    commit: str = "auto"  # or after the work of a poll, before it, after each record, never
    work_ms: float = 0.0  # for one record
    offset_reset: str = "earliest"
    auto_commit_interval_ms: int = 5_000
    session_timeout_ms: int = 45_000
    heartbeat_interval_ms: int = 3_000
    max_poll_interval_ms: int = 300_000
    poll_records_max: int = 500
    assignor: str = "range"
    instance: str | None = None
    crash: Crash | None = None


ActorSpec = ProducerSpec | ConsumerSpec


def parse(given: Mapping[str, Any]) -> ActorSpec:
    """Read a declaration; Refused says what is wrong with it."""
    fields = Fields(given, "an actor")
    kind = fields.one_of("kind", ("producer", "consumer"))
    fields.of = f"a {kind}"
    return _producer(fields) if kind == "producer" else _consumer(fields)


def as_json(spec: ActorSpec) -> dict[str, Any]:
    """The declaration with every default filled in."""
    return {"kind": "producer" if isinstance(spec, ProducerSpec) else "consumer", **asdict(spec)}


def _usual(spec: type[ProducerSpec | ConsumerSpec | Crash]) -> dict[str, Any]:
    """What a declaration means that does not say otherwise."""
    return {one.name: one.default for one in fields_of(spec)}


def _producer(fields: Fields) -> ProducerSpec:
    usual = _usual(ProducerSpec)
    spec = ProducerSpec(
        name=actor_name(fields),
        topic=fields.text("topic"),
        rate=float(fields.number("rate", 0.01, RATE_MAX, usual["rate"])),
        keys=fields.one_of("keys", KEYS, usual["keys"]),
        key_count=fields.whole("key_count", 1, 1_000_000, usual["key_count"]),
        key=fields.text("key", usual["key"], 1_000),
        value=fields.text("value", usual["value"], VALUE_BYTES_MAX // 4),
        partition=fields.whole("partition", 0, 100_000, None),
        limit=fields.whole("limit", 1, 1_000_000, None),
        acks=fields.one_of("acks", tuple(ACKS), usual["acks"]),
        idempotent=fields.flag("idempotent", fields.given.get("acks", "all") == "all"),
        partitioner=fields.one_of("partitioner", tuple(PARTITIONERS), usual["partitioner"]),
        linger_ms=fields.whole("linger_ms", 0, 60_000, usual["linger_ms"]),
        batch_bytes=fields.whole("batch_bytes", 0, 1 << 20, usual["batch_bytes"]),
        compression=fields.one_of("compression", ("none", "gzip", "snappy", "lz4", "zstd"), usual["compression"]),
        delivery_timeout_ms=fields.whole("delivery_timeout_ms", 1, 3_600_000, usual["delivery_timeout_ms"]),
        request_timeout_ms=fields.whole("request_timeout_ms", 1, 3_600_000, usual["request_timeout_ms"]),
    )
    fields.done()
    client_config(spec, "nowhere:1")
    return spec


def _consumer(fields: Fields) -> ConsumerSpec:
    usual = _usual(ConsumerSpec)
    crash = fields.part("crash")
    spec = ConsumerSpec(
        name=actor_name(fields),
        topic=fields.text("topic"),
        group=fields.text("group", None),
        commit=fields.one_of("commit", COMMITS, "auto" if fields.given.get("group") else "never"),
        work_ms=float(fields.number("work_ms", 0, 3_600_000, usual["work_ms"])),
        offset_reset=fields.one_of("offset_reset", get_args(OffsetReset), usual["offset_reset"]),
        auto_commit_interval_ms=fields.whole("auto_commit_interval_ms", 1, 3_600_000, usual["auto_commit_interval_ms"]),
        session_timeout_ms=fields.whole("session_timeout_ms", 1, 1_800_000, usual["session_timeout_ms"]),
        heartbeat_interval_ms=fields.whole("heartbeat_interval_ms", 1, 600_000, usual["heartbeat_interval_ms"]),
        max_poll_interval_ms=fields.whole("max_poll_interval_ms", 1, 3_600_000, usual["max_poll_interval_ms"]),
        poll_records_max=fields.whole("poll_records_max", 1, 10_000, usual["poll_records_max"]),
        assignor=fields.one_of("assignor", ASSIGNORS, usual["assignor"]),
        instance=fields.text("instance", None),
        crash=None if crash is None else _crash(crash),
    )
    fields.done()
    if spec.group is None and spec.commit != "never":
        raise Refused("only a member of a group commits: name a group, or let it commit never", "commit")
    client_config(spec, "nowhere:1")
    return spec


def _crash(fields: Fields) -> Crash:
    usual = _usual(Crash)
    crash = Crash(
        at=fields.one_of("at", CRASH_AT),
        after=fields.whole("after", 1, 1_000_000, usual["after"]),
        down_ms=fields.whole("down_ms", 1, 3_600_000, usual["down_ms"]),
    )
    fields.done()
    return crash


def actor_name(fields: Fields) -> str:
    """A name that is one in logs, addresses and client ids alike."""
    name = fields.text("name", longest=40)
    if not all(letter.isascii() and (letter.isalnum() or letter in "-_.") for letter in name):
        raise Refused("a client's name is made of letters, digits, dots, dashes and underscores", "name")
    return str(name)


def client_config(spec: ActorSpec, bootstrap: str) -> ClientConfig:
    """The config of the client that an actor uses."""
    try:
        if isinstance(spec, ProducerSpec):
            producer = ProducerConfig(
                acks=ACKS[spec.acks], idempotent=spec.idempotent, linger_ms=spec.linger_ms,
                batch_bytes=spec.batch_bytes, compression=spec.compression,
                partitioner=PARTITIONERS[spec.partitioner], ignore_keys=spec.partitioner == "sticky",
                delivery_timeout_ms=spec.delivery_timeout_ms, buffer_bytes_max=1 << 20,
            )  # fmt: skip
            return ClientConfig(
                bootstrap=(bootstrap,), client_id=spec.name, producer=producer,
                request_timeout_ms=spec.request_timeout_ms,
            )  # fmt: skip
        reset: OffsetReset = spec.offset_reset  # type: ignore[assignment]
        consumer = ConsumerConfig(
            offset_reset=reset, group_id=spec.group, group_instance_id=spec.instance, assignors=(spec.assignor,),
            session_timeout_ms=spec.session_timeout_ms, heartbeat_interval_ms=spec.heartbeat_interval_ms,
            max_poll_interval_ms=spec.max_poll_interval_ms, auto_commit=spec.commit == "auto",
            auto_commit_interval_ms=spec.auto_commit_interval_ms,
        )  # fmt: skip
        return ClientConfig(bootstrap=(bootstrap,), client_id=spec.name, consumer=consumer)
    except ValueError as wrong:
        raise Refused(str(wrong)) from None
