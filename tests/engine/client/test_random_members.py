"""Two of our clients in a group of a broker machine: calls, lost connections and leaps of time by chance.

Whatever comes: a call has one result, nobody wants to be woken without end, nothing is
handed out that is not owned, and when all is quiet each partition is owned by one of the two.
"""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.client.calls import (
    Acknowledge,
    Assign,
    Call,
    Cancel,
    Change,
    Commit,
    Committed,
    Pause,
    Place,
    Poll,
    Rebalanced,
    Seek,
    Subscribe,
    Unsubscribe,
)
from engine.client.client import Client
from engine.client.config import ClientConfig, ConsumerConfig
from engine.client.group_stages import Stage
from engine.core.connection.reply_order import Connection
from tests.engine.broker.harness import Peer, World, batch, produce_request

GROUP = "readers"
PLACES = [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1)]
ASSIGNORS = [("range",), ("cooperative-sticky",), ("sticky",), ("cooperative-sticky", "range")]
TIMES = {"session_timeout_ms": 6_000, "heartbeat_interval_ms": 1_000, "max_poll_interval_ms": 9_000}
LEAPS_MS = [0, 1, 1, 5, 10, 100, 100, 500]
LONG_LEAPS_MS = [1_500, 1_500, 12_000]  # longer than a heartbeat; than every timeout
STEPS = 300
QUIET_STEPS_MAX, QUIET_STEP_MS, QUIET_STEPS = 900, 100, 20
SEEDS = range(24)


@dataclass
class Link:
    """One connection, seen from both ends."""

    peer: Peer
    connection: Connection
    unread: bytearray = field(default_factory=bytearray)


@dataclass
class Member:
    """One client and its connections to the broker."""

    world: World
    client: Client
    to_connect: list[str] = field(default_factory=list)
    links: dict[int, Link] = field(default_factory=dict)
    asked: dict[int, Call] = field(default_factory=dict)  # has no result yet
    owned: set[Place] = field(default_factory=set)
    unheard: list[int] = field(default_factory=list)  # events that wait for us
    last_call: int = 0
    last_connection: int = 0

    def call(self, call: Call) -> None:
        self.last_call += 1
        self.asked[self.last_call] = call
        self.client.on_call(self.last_call, call, self.world.now_ms)
        self.perform()

    def cancel(self, number: int) -> None:
        del self.asked[number]
        self.call(Cancel(number))

    def is_asked(self, kind: type[Call]) -> bool:
        return any(isinstance(call, kind) for call in self.asked.values())

    def perform(self) -> None:
        effects = self.client.effects
        effects.touched.clear()
        self.to_connect += effects.connect
        effects.connect.clear()
        while effects.results:
            self.take_result(*effects.results.pop(0))
        for wishes in (effects.abort, effects.close):
            while wishes:
                self.lose(wishes.pop(0).id)

    def take_result(self, number: int, result: Any) -> None:
        if isinstance(result, Rebalanced):
            if result.awaited:
                self.unheard.append(result.number)
            if result.change is Change.ASSIGNED:
                self.owned.update(result.places)
            else:
                self.owned.difference_update(result.places)
            return
        assert number in self.asked, "a call has one result"
        call = self.asked.pop(number)
        if isinstance(call, Poll) and isinstance(result, tuple) and self.client.group.identity.subscribed:
            for fetched in result:
                assert fetched.error is not None or (fetched.topic, fetched.partition) in self.owned

    def lose(self, number: int) -> None:
        link = self.links.pop(number, None)
        if link is not None:
            self.world.close(link.peer)
            self.client.on_closed(link.connection, self.world.now_ms)
            self.perform()

    def carry(self) -> bool:
        """Carry bytes both ways; say whether there were any."""
        moved = bool(self.to_connect)
        while self.to_connect:
            self.last_connection += 1
            connection = self.client.on_connected(self.last_connection, self.to_connect.pop(0), self.world.now_ms)
            self.links[self.last_connection] = Link(self.world.connect(), connection)
            self.perform()
        for number, link in list(self.links.items()):
            if link.peer.is_closed:
                self.lose(number)
            moved |= number in self.links and self.carry_link(link)
        return moved

    def carry_link(self, link: Link) -> bool:
        out, moved = link.connection.out, bool(link.connection.out.items)
        while out.items:
            data = out.head()
            out.sent(len(data))
            link.peer.send_bytes(data)
        came = link.peer.received()
        link.unread += came
        if came:
            buffer = bytearray(link.unread)
            with memoryview(buffer) as view:
                consumed = self.client.on_bytes(link.connection, buffer, view, 0, len(buffer), self.world.now_ms)
            del link.unread[:consumed]
            self.perform()
        return moved or bool(came)

    def wake(self) -> None:
        for _ in range(30):
            deadline_ms = self.client.next_deadline_ms
            if deadline_ms is None or deadline_ms > self.world.now_ms:
                return
            self.client.on_deadline(self.world.now_ms)
            self.perform()
        raise AssertionError(f"it wants to be woken without end: {self.client.group.membership.stage}")


def new_member(world: World, chance: random.Random, name: str, assignors: tuple[str, ...]) -> Member:
    instance_id = f"static-{name}" if chance.random() < 0.3 else None
    consumer = ConsumerConfig(
        group_id=GROUP, group_instance_id=instance_id, assignors=assignors, offset_reset="earliest",
        auto_commit=chance.random() < 0.7, auto_commit_interval_ms=700, **TIMES,
    )  # fmt: skip
    config = ClientConfig(bootstrap=("127.0.0.1:9092",), client_id=name, request_timeout_ms=3_000, consumer=consumer)
    return Member(world, Client(config, random.Random(chance.random())))


def call_by_chance(member: Member, chance: random.Random) -> None:
    """Ask for anything; polls come most often, and at most two at a time."""
    topics = chance.choice([("a",), ("b",), ("a", "b")])
    place = chance.choice(PLACES)
    calls: list[tuple[int, Call]] = [
        (35, Poll(chance.choice([0, 100, 1_000]))),
        (7, Subscribe(topics, listens=chance.random() < 0.4)),
        (3, Unsubscribe(chance.choice([0, 200, 5_000]))),
        (7, Commit(None, chance.random() < 0.5, chance.choice([100, 5_000]))),
        (3, Committed((("a", 0), place), 2_000)),
        (2, Assign((("a", 0, None), ("b", 0, chance.choice([0, None]))))),
        (2, Seek(*place, 0)),
        (2, Pause((place,), chance.random() < 0.5)),
    ]
    (call,) = chance.choices([call for _, call in calls], [weight for weight, _ in calls])
    if not isinstance(call, Poll) or sum(isinstance(one, Poll) for one in member.asked.values()) < 2:
        member.call(call)


def trouble_by_chance(member: Member, chance: random.Random) -> None:
    dice = chance.random()
    if dice < 0.03 and member.asked:
        member.cancel(chance.choice(list(member.asked)))
    elif dice < 0.07 and member.links:
        member.lose(chance.choice(list(member.links)))
    if member.unheard and chance.random() < 0.5:
        member.call(Acknowledge(member.unheard.pop(0)))


def go_on(world: World, members: list[Member], rounds: int, chance: random.Random | None = None) -> None:
    """Let bytes flow both ways, syncs be finished (or not, by chance), and wake who wants to be."""
    for _ in range(rounds):
        moved = [member.carry() for member in members]
        if chance is None or chance.random() < 0.7:
            world.settle()
        if not any(moved):
            break
    world.wait(0)
    for member in members:
        member.wake()


def produce(world: World, topic: str, partition: int) -> None:
    peer = world.connect()
    peer.send(produce_request(batch(b"x"), topic=topic, index=partition), 9)
    world.settle()
    peer.received()
    world.close(peer)


def come_to_rest(world: World, members: list[Member], listens: bool) -> None:
    """Both subscribe to everything and poll, until each partition has been owned for a while."""
    for member in members:
        if member.client.group.membership.stage is Stage.OUT:
            member.call(Unsubscribe(0))
            member.wake()
        member.call(Subscribe(("a", "b"), listens))
    quiet = 0
    for _ in range(QUIET_STEPS_MAX):
        world.now_ms += QUIET_STEP_MS
        for member in members:
            while member.unheard:
                member.call(Acknowledge(member.unheard.pop(0)))
            if not member.is_asked(Poll):
                member.call(Poll(QUIET_STEP_MS))
        go_on(world, members, 50)
        is_shared = sorted([*members[0].owned, *members[1].owned]) == PLACES
        quiet = quiet + 1 if is_shared else 0
        if quiet == QUIET_STEPS and all(set(one.client.consumer.positions) == one.owned for one in members):
            break


@pytest.mark.parametrize("seed", SEEDS)
def test_members_come_to_rest_whatever_was_called_and_lost(seed):
    chance = random.Random(seed)
    world = World(
        durability=chance.choice(["fsync", "pagecache"]), group_initial_rebalance_delay_ms=chance.choice(["0", "300"])
    )
    world.create_topic("a", 3)
    world.create_topic("b", 2)
    assignors = chance.choice(ASSIGNORS)
    members = [new_member(world, chance, name, assignors) for name in ("one", "two")]
    for _ in range(STEPS):
        world.now_ms += chance.choice(LONG_LEAPS_MS if chance.random() < 0.06 else LEAPS_MS)
        if chance.random() < 0.3:
            produce(world, *chance.choice(PLACES))
        member = chance.choice(members)
        call_by_chance(member, chance)
        trouble_by_chance(member, chance)
        go_on(world, members, chance.choice([0, 1, 3, 30]), chance)
    come_to_rest(world, members, listens=chance.random() < 0.5)
    assert sorted([*members[0].owned, *members[1].owned]) == PLACES
    assert [set(member.client.consumer.positions) for member in members] == [member.owned for member in members]
    go_on(world, members, 50)
    assert [call for one in members for call in one.asked.values() if not isinstance(call, Poll)] == []
