"""S14: what the administrator was told is done stays done; topic ids are never used again.

While a request about a topic has no answer yet, that topic may be either way.

Not here: how the metadata log is kept (broker/quorum.py).
"""

from typing import Any

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, require
from engine.simulation.history import Event
from engine.simulation.swarm import broker_of
from engine.simulation.world import World


class Known:
    """What is known about one topic."""

    def __init__(self) -> None:
        self.exists: bool | None = None  # None: created by somebody else, perhaps
        self.open = False  # asked for something, not answered
        self.partitions = 0
        self.topic_id: bytes | None = None
        self.configs: dict[str, str] = {}


class MetadataKept(Checker):
    """Follows the administrator's log of answers."""

    def __init__(self) -> None:
        self.known: dict[str, Known] = {}
        self.seen = 0
        self.ids: dict[bytes, tuple[str, int]] = {}  # whose they are: topic and how often it was created before
        self.lives: dict[str, int] = {}

    def after_start(self, world: World, event: Event) -> None:
        """Nothing that was answered is lost by a restart."""
        broker = broker_of(world)
        if broker is not None:
            self._compare(world, broker)

    def at_end(self, world: World, broker: Broker) -> None:
        """Nor at the end."""
        self._compare(world, broker)

    def _compare(self, world: World, broker: Broker) -> None:
        for _, _, _, kind, *rest in world.observations.since(self.seen):
            if kind == "asked":
                self.known.setdefault(rest[1], Known()).open = rest[0] != "describe"
            elif kind == "answered":
                self._note(self.known[rest[1]], *rest)
            elif kind == "step failed":
                pass  # it stays open: what was refused late may have been done by an earlier attempt
        self.seen = len(world.observations)
        for topic, known in self.known.items():
            if not known.open:
                self._compare_topic(broker, topic, known)

    def _note(self, known: Known, kind: str, topic: str, repeated: bool, *details: Any) -> None:
        known.open = False
        if kind == "create":
            if not repeated:
                self.lives[topic] = self.lives.get(topic, 0) + 1
            known.exists, known.topic_id = True, None
            known.partitions, known.configs = details[0], dict(details[1])
        elif kind == "delete":
            known.exists = False
        elif kind == "grow":
            known.partitions = details[0]
        elif kind == "configure":
            known.configs[details[0]] = details[1]
        elif kind == "describe" and not repeated:
            topic_id, partitions = details
            require(partitions == known.partitions, "S14", f"{topic} is described with {partitions} partitions")
            life = topic, self.lives.get(topic, 0)
            require(self.ids.setdefault(topic_id, life) == life, "S14", f"the id of {topic} was used before")
            known.topic_id = topic_id

    def _compare_topic(self, broker: Broker, topic: str, known: Known) -> None:
        image = broker.image.topics.get(topic)
        if known.exists is None:
            return
        if not known.exists:
            require(image is None, "S14", f"{topic} was deleted and is there again")
            return
        require(image is not None, "S14", f"{topic} was created and is gone")
        assert image is not None
        require(
            len(image.partitions) == known.partitions, "S14",
            f"{topic} has {len(image.partitions)} partitions, {known.partitions} were confirmed",
        )  # fmt: skip
        require(known.topic_id in (None, image.topic_id), "S14", f"{topic} has another id than before")
        configs = broker.image.topic_configs(topic)
        for name, value in known.configs.items():
            found = configs.get(name)
            require(found == value, "S14", f"{name} of {topic} was set to {value!r} and is {found!r}")
