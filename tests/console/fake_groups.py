"""Groups that answer from memory, in place of console.kafka's and console.services' functions."""

from dataclasses import replace

from console.kafka import group_writes, groups
from console.kafka.errors import KafkaError, NotFound
from console.kafka.group_requests import Member, Missing
from console.kafka.group_resets import Move
from console.services import offset_resets as resets
from tests.console.fake_kafka import HOSTILE, FakeKafka

MEMBER = Member("scorer-0-1234", "scorer-0", None, "10.0.0.7", [("orders.placed", 0)])
SUMMARY = groups.GroupSummary("fraud-scoring", "Stable", "classic", "consumer", "range", 1, 1, 12)
PARTITION = groups.GroupPartition("orders.placed", 0, MEMBER, 691, "", 0, 703, 12, 4000, None)
DETAIL = groups.GroupDetail("fraud-scoring", "Stable", "classic", "consumer", "range", 1, (MEMBER,), [PARTITION], None)
LEFT = replace(DETAIL, name="left-behind", state="Empty", members=())  # nobody is in it
HOSTILE_MEMBER = Member(HOSTILE, HOSTILE, HOSTILE, HOSTILE, [(HOSTILE, 0)])
EMPTY = resets.ResetState("Empty", (), ("orders.placed",), ("hours",), None)
MOVES = (Move(0, 691, 0), Move(1, 10, 15))


class FakeGroups:
    """Set its parts to what a test needs; it dies with the cluster it belongs to."""

    def __init__(self, kafka: FakeKafka) -> None:
        self.kafka = kafka
        self.groups = [SUMMARY]
        self.missing: tuple[Missing, ...] = ()
        self.detail = DETAIL
        self.of_topic = [groups.TopicGroup("fraud-scoring", "Stable", 1, 1, 1, 12)]
        self.state = EMPTY
        self.moves = MOVES
        self.refused: str | None = None
        self.incomplete: str | None = None
        self.asked: list[dict] = []
        self.resets: list[tuple] = []
        self.deleted: list[str] = []
        self.delete_refused: KafkaError | None = None

    def put_in_place(self, monkeypatch) -> "FakeGroups":
        monkeypatch.setattr(groups, "group_page", self.group_page)
        monkeypatch.setattr(groups, "describe_group", self.describe_group)
        monkeypatch.setattr(groups, "groups_of_topic", self.groups_of_topic)
        monkeypatch.setattr(resets, "reset_state", self.reset_state)
        monkeypatch.setattr(resets, "review", self.review)
        monkeypatch.setattr(resets, "reset", self.reset)
        monkeypatch.setattr(group_writes, "delete_group", self.delete_group)
        return self

    def group_page(self, spec, *, page=1, page_size=50, **asked):
        self.kafka._come_up()
        self.asked.append(asked | {"page": page})
        states = {group.state: 1 for group in self.groups}
        found = [one for one in self.groups if asked["query"] in one.name and asked["state"] in ("", one.state)]
        shown = found[(page - 1) * page_size : page * page_size]
        pages = max(1, -(-len(found) // page_size))
        names = [] if found else [one.name for one in self.groups]
        return groups.GroupPage(shown, len(found), len(self.groups), states, self.missing, page, pages, names)

    def describe_group(self, spec, name):
        self.kafka._come_up()
        found = {self.detail.name: self.detail, LEFT.name: LEFT}
        if name not in found:
            raise NotFound(f"there is no group {name}")
        return found[name]

    def groups_of_topic(self, spec, topic):
        self.kafka._come_up()
        return groups.TopicGroups(self.of_topic, 5, self.missing)

    def reset_state(self, spec, name):
        self.kafka._come_up()
        return self.state

    def review(self, spec, name, wish):
        self.asked.append({"wish": wish})
        return resets.Review(self.moves)

    def delete_group(self, spec, name):
        if self.delete_refused:
            raise self.delete_refused
        self.deleted.append(name)

    def reset(self, spec, name, topic, moves, *, skips_seen):
        if self.refused:
            raise resets.ResetRefused(self.refused)
        if self.incomplete:
            raise resets.ResetIncomplete(self.incomplete)
        self.resets.append((name, topic, moves, skips_seen))
        return len(moves)
