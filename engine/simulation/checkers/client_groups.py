"""S15, S16 with our clients: nothing is skipped below a commit, everything is read, a generation has one owner each.

Commits of a generation are not behind those of earlier ones: whoever gets a partition
begins where the last owner committed, and an owner of the past is refused.

Not here: members by hand (groups.py); what is read twice, which at-least-once allows.
Records that retention or DeleteRecords took need not be read.
"""

from dataclasses import dataclass, field

from engine.broker.broker import Broker
from engine.simulation.checkers.checker import Checker, partitions_of, require
from engine.simulation.swarm import GROUP_TOPIC
from engine.simulation.world import World

Place = tuple[str, int]


@dataclass(slots=True)
class Story:
    """What happened to the group so far."""

    log_starts: dict[Place, int]
    owners: dict[tuple[int, Place], str] = field(default_factory=dict)
    generations: dict[str, int] = field(default_factory=dict)  # the last one of each member id
    read: dict[Place, bytearray] = field(default_factory=dict)  # by offset: whether somebody was given it
    newest: int = 0  # generation that was assigned so far
    newest_since_us: int = 0
    sent_us: dict[str, int] = field(default_factory=dict)  # when each member's last commit left it
    committed: dict[Place, dict[int, int]] = field(default_factory=dict)  # highest acknowledged, by generation

    def assigned(self, at_us: int, name: str, generation_id: int, member_id: str, places: tuple[Place, ...]) -> None:
        """A generation gave a member its partitions; a static one that came back has another id in it."""
        if generation_id > self.newest:
            self.newest, self.newest_since_us = generation_id, at_us
        before = self.generations.get(member_id, 0)
        require(generation_id >= before, "S16", f"{member_id} is in generation {generation_id} after {before}")
        self.generations[member_id] = generation_id
        for place in places:
            owner = self.owners.setdefault((generation_id, place), name)
            require(owner == name, "S16", f"{place} has two owners in generation {generation_id}")

    def consumed(self, place: Place, position: int, next_offset: int) -> None:
        """A member was given what lies between."""
        read = self.read.setdefault(place, bytearray())
        read.extend(bytes(max(0, next_offset - len(read))))
        read[position:next_offset] = b"\x01" * (next_offset - position)

    def acknowledged(self, name: str, generation_id: int, place: Place, offset: int) -> None:
        """A commit was answered."""
        over = 0 <= generation_id < self.newest and self.newest_since_us < self.sent_us[name]
        require(not over, "S16", f"{name} committed in generation {generation_id}, {self.newest} being assigned")
        unread = self.first_unread(place, offset)
        require(unread is None, "S16", f"{place} is committed up to {offset}, and nobody was given {unread}")
        earlier = self.before(generation_id, place)
        require(offset >= earlier, "S16", f"{place}: {offset} in generation {generation_id} after {earlier} before it")
        by_generation = self.committed.setdefault(place, {})
        by_generation[generation_id] = max(offset, by_generation.get(generation_id, -1))

    def before(self, generation_id: int, place: Place) -> int:
        """The highest offset that an earlier generation has committed; -1 if none has."""
        found = self.committed.get(place, {}).items()
        return max((offset for generation, offset in found if generation < generation_id), default=-1)

    def first_unread(self, place: Place, end: int) -> int | None:
        """The first offset below `end` that was there for everybody and given to nobody."""
        start = self.log_starts.get(place, 0)
        read = self.read.get(place, b"")
        if start >= end:
            return None
        unread = read.find(b"\x00", start, end)
        return unread if unread >= 0 else len(read) if len(read) < end else None


class ClientGroups(Checker):
    """Reads what our clients observed, and what the topic holds at the end."""

    def at_end(self, world: World, broker: Broker) -> None:
        """Go through all of it in order."""
        logs = {(one.topic, one.index): one for one in partitions_of(world) if one.topic == GROUP_TOPIC}
        story = Story({place: one.log.log_start_offset for place, one in logs.items()})
        for at_us, _, name, kind, *rest in world.observations:
            if kind == "assignment":
                story.assigned(at_us, name, *rest)
            elif kind == "consumed":
                topic, partition, position, next_offset = rest
                story.consumed((topic, partition), position, next_offset)
            elif kind == "commit_sent":
                story.sent_us[name] = at_us
            elif kind == "commit_acknowledged":
                generation_id, offsets = rest
                for topic, partition, offset in offsets:
                    story.acknowledged(name, generation_id, (topic, partition), offset)
            elif kind == "begins_at":
                generation_id, topic, partition, offset = rest
                known = story.before(generation_id, (topic, partition))
                require(offset >= known, "S15", f"{name} begins {partition} at {offset}, {known} being committed")
        for place, one in logs.items() if story.generations else ():
            unread = story.first_unread(place, one.high_watermark)
            require(unread is None, "S16", f"{place} ends at {one.high_watermark}, and nobody was given {unread}")
