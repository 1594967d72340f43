"""What a new topic of a cluster would be if nobody chose anything: partitions, copies, every config with its source.

The cluster itself is asked what it would make (CreateTopics that only validates, KIP-525). Where that is not allowed
or too new for it, its settings are read off a topic that is there. What a config means is told for a topic that is
there only, so the meaning may be missing in a cluster without topics.

*Invariants*: nothing is created by asking. What the cluster does not tell is None, and `untold` says why.
*Not here*: creating (topic_writes.py).
"""

import asyncio
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, replace

from console.kafka import configs, sizes
from console.kafka.all_topics import AllTopics, all_topics
from console.kafka.beside import beside
from console.kafka.configs import SOURCES, ConfigEntry
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.errors import KafkaError, KafkaRefused, NotAuthorized, NotFound
from console.kafka.topic_writes import NewTopic, creation
from console.kafka.topics import one_topic
from engine.wire.messages.create_topics import CreatableTopicConfigs

RECENT_S = 10.0
RECENT_MAX = 16
READ_LIMIT_S = 4.0  # several requests, one after the other


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that can hold copies."""

    id: int
    usable_bytes: int | None  # of its disks


@dataclass(frozen=True, slots=True)
class Ground:
    """What a form for a new topic has to know of the cluster."""

    names: frozenset[str]  # of the topics that are there
    brokers: tuple[Broker, ...]
    partitions: int | None  # the cluster's own default
    replication_factor: int | None
    settings: tuple[ConfigEntry, ...]  # by name; `value` is what the cluster would choose
    untold: str = ""  # why defaults are missing

    def setting(self, name: str) -> ConfigEntry | None:
        """One of them."""
        return next((entry for entry in self.settings if entry.name == name), None)


NOTHING = Ground(frozenset(), (), None, None, ())
_lock = threading.Lock()
_recent: OrderedDict[ConnectionSpec, tuple[float, Ground]] = OrderedDict()  # the last RECENT_MAX clusters, oldest first


def recent_ground(spec: ConnectionSpec) -> Ground:
    """What was told some seconds ago, for answers while somebody types; what is done asks anew."""
    with _lock:
        told_s, found = _recent.get(spec, (0.0, NOTHING))
    return found if found is not NOTHING and time.monotonic() - told_s < RECENT_S else ground(spec)


def ground(spec: ConnectionSpec, name: str = "") -> Ground:
    """Ask the cluster for all of it; whether it has a topic of this name, it says as it is now."""
    found = _ask(spec, name)
    with _lock:
        _recent.pop(spec, None)
        _recent[spec] = (time.monotonic(), found)
        while len(_recent) > RECENT_MAX:
            _recent.popitem(last=False)
    return found


def _ask(spec: ConnectionSpec, name: str) -> Ground:

    async def read(session: Session) -> Ground:
        # The names of a large cluster are from some time ago (shared.py).
        listed, disks, is_there = await asyncio.gather(
            all_topics(spec, session), sizes.node_disks(session), _is_there(session, name)
        )
        every = listed.value
        names = await beside(len(every.topics), lambda: every.names)
        if is_there is not None and is_there != (name in names):
            names = names ^ {name}
        usable = {node: disk.usable_bytes for node, disk in disks.items()}
        brokers = tuple(Broker(one.node_id, usable.get(one.node_id)) for one in every.brokers)
        told = await _described(session, _one_of(every))
        found = Ground(names, brokers, None, None, told)
        try:
            made = await creation(session, NewTopic(_unused(names)), validate_only=True)
        except KafkaError as error:
            return replace(found, untold=f"the cluster does not say what it would choose: {error}")
        if not made.configs:
            return replace(found, partitions=made.partitions, replication_factor=made.replication_factor,
                           untold="" if told else "the cluster does not tell its own settings")  # fmt: skip
        by_name = {entry.name: entry for entry in told}
        settings = tuple(_entry(config, by_name.get(config.name)) for config in made.configs)
        return Ground(
            names, brokers, made.partitions, made.replication_factor, tuple(sorted(settings, key=lambda one: one.name))
        )

    return run(spec, read, time_limit_s=READ_LIMIT_S)


async def _is_there(session: Session, name: str) -> bool | None:
    """Whether there is a topic of this name now; None: that is not told."""
    try:
        return bool(await one_topic(session, name)) if name else None
    except NotFound:
        return False
    except (NotAuthorized, KafkaRefused):
        return None


def _unused(names: frozenset[str]) -> str:
    """A name that nobody has: it is only asked about."""
    while (name := f"odradek-asks-{secrets.token_hex(6)}") in names:
        pass
    return name


def _one_of(every: AllTopics) -> str | None:
    """A topic, and one of Kafka's own only where there is no other."""
    names = (topic.name for topic in every.topics)
    return next((name for name in names if not name.startswith("__")), every.topics[0].name if every.topics else None)


async def _described(session: Session, name: str | None) -> tuple[ConfigEntry, ...]:
    """The settings of this topic, as if it had none of its own; () if that is not told."""
    if name is None:
        return ()
    try:
        entries = await configs.described_topic(session, name)
    except KafkaError:
        return ()
    return tuple(
        replace(entry, value=entry.default, source="default") if entry.source == "topic" else entry for entry in entries
    )


def _entry(config: CreatableTopicConfigs, known: ConfigEntry | None) -> ConfigEntry:
    value = None if config.is_sensitive else config.value
    return ConfigEntry(
        name=config.name,
        value=value,
        default=value,
        source=SOURCES.get(config.config_source, "unknown"),
        type=known.type if known else "unknown",
        documentation=known.documentation if known else None,
        read_only=config.read_only,
        sensitive=config.is_sensitive,
    )
