"""Scenes of classic groups played to our broker and to Apache Kafka at once: same codes, same order, same patience.

A scene is a function that plays several clients and gives what they were told, member ids
and times made comparable: "at once", or "a session".

Not here: single requests in every version (differential_campaign.py), the rules (core/groups).
"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.wire.frames import api_of, decode_response, encode_request
from engine.wire.messages import create_topics as ct
from engine.wire.messages import delete_groups as dg
from engine.wire.messages import describe_groups as deg
from engine.wire.messages import find_coordinator as fc
from engine.wire.messages import heartbeat as hb
from engine.wire.messages import join_group as jg
from engine.wire.messages import leave_group as lg
from engine.wire.messages import offset_commit as oc
from engine.wire.messages import offset_fetch as of
from engine.wire.messages import sync_group as sg
from engine.wire.primitives import Message
from tests.apache_kafka import apache_kafka
from tests.engine.compat.brokers import odradek
from tests.engine.compat.hostile_peer import read_frame
from tests.processes import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.processes]

SETTINGS = {"group.initial.rebalance.delay.ms": "0", "group.max.size": "2", "offsets.topic.num.partitions": "1"}
OLD, TELLS_IDS = 3, 5  # versions of JoinGroup: before and since a newcomer is told its id first
SESSION_MS = 6_000  # the shortest that is allowed
# Generous, for a busy machine: no scene has a wait between these, and none longer than a session.
AT_ONCE_S = 4.0
SESSION_S_MAX = 15.0
WAIT_S_MAX = 20.0
COORDINATOR_NOT_READY = (14, 15, 16)


class Client:
    """One connection, which waits for one answer at a time."""

    def __init__(self, bootstrap: str) -> None:
        host, _, port = bootstrap.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), WAIT_S_MAX)
        self.asked: tuple[Message, int] | None = None
        self.since_s = 0.0
        self.member_id = ""
        self.generation_id = -1

    def send(self, request: Message, version: int) -> None:
        self.asked, self.since_s = (request, version), time.monotonic()
        self.socket.sendall(encode_request(request, version, 7, "scene"))

    def answer(self) -> Message:
        assert self.asked is not None
        request, version = self.asked
        frame = read_frame(self.socket)
        assert frame is not None, f"closed by {request}"
        return decode_response(api_of(request).key, version, memoryview(frame))[1]

    def ask(self, request: Message, version: int) -> Message:
        self.send(request, version)
        return self.answer()

    def waited(self) -> str:
        seconds = time.monotonic() - self.since_s
        return "at once" if seconds < AT_ONCE_S else "a session" if seconds < SESSION_S_MAX else f"{seconds:.0f} s"

    def begin_join(self, group: str, version: int = OLD, **settings: object) -> None:
        protocols = [jg.JoinGroupRequestProtocol("range", settings.get("subscription", b"meta"))]
        session_ms, rebalance_ms = settings.get("session_ms", 30_000), settings.get("rebalance_ms", 60_000)
        self.send(
            jg.JoinGroupRequest(group, session_ms, rebalance_ms, self.member_id, None, "consumer", protocols, "scene"),
            version,
        )

    def end_join(self) -> tuple[int, int, int, str]:
        """Code, generation, members told (of the leader alone), and how long it took."""
        answer = self.answer()
        self.member_id = answer.member_id or self.member_id
        self.generation_id = answer.generation_id
        return answer.error_code, answer.generation_id, len(answer.members), self.waited()

    def join(self, group: str, version: int = OLD, **settings: object) -> tuple[int, int, int, str]:
        self.begin_join(group, version, **settings)
        return self.end_join()

    def sync(self, group: str) -> int:
        mine = [sg.SyncGroupRequestAssignment(self.member_id, b"mine")]
        request = sg.SyncGroupRequest(group, self.generation_id, self.member_id, None, "consumer", "range", mine)
        return self.ask(request, 3).error_code

    def heartbeat(self, group: str) -> int:
        return self.ask(hb.HeartbeatRequest(group, self.generation_id, self.member_id, None), 3).error_code

    def leave(self, group: str) -> tuple[int, int]:
        answer = self.ask(lg.LeaveGroupRequest(group, "", [lg.MemberIdentity(self.member_id, None, "scene")]), 4)
        return answer.error_code, answer.members[0].error_code

    def state(self, group: str) -> tuple[str, int]:
        (found,) = self.ask(deg.DescribeGroupsRequest([group]), 4).groups
        return found.group_state, len(found.members)


Scene = Callable[[str], list]


def told_and_silent(bootstrap: str) -> list:
    """Who was told its id is not waited for by the first rebalance, and comes into the second."""
    told, second = Client(bootstrap), Client(bootstrap)
    seen: list = [told.join("silent", TELLS_IDS), second.join("silent"), second.sync("silent")]
    told.begin_join("silent", TELLS_IDS)
    wait_for(lambda: second.heartbeat("silent") == 27, WAIT_S_MAX, "no rebalance")
    return [*seen, second.join("silent"), told.end_join()]


def two_told_one_back(bootstrap: str) -> list:
    """The same in a group that saw nobody but two that were told their ids."""
    silent, back = Client(bootstrap), Client(bootstrap)
    seen: list = [silent.join("two", TELLS_IDS, session_ms=SESSION_MS), back.join("two", TELLS_IDS)]
    seen += [back.join("two", TELLS_IDS), back.sync("two")]
    time.sleep(SESSION_MS / 1000 + 0.5)
    return [*seen, silent.join("two", TELLS_IDS), back.heartbeat("two")]


def told_in_a_stable_group(bootstrap: str) -> list:
    """A later rebalance does wait for who was told its id, for its session, and then forgets it."""
    member, told = Client(bootstrap), Client(bootstrap)
    seen: list = [member.join("later"), member.sync("later"), told.join("later", TELLS_IDS, session_ms=SESSION_MS)]
    return [*seen, member.join("later"), told.join("later", TELLS_IDS), member.sync("later"), member.state("later")]


def told_and_leaves(bootstrap: str) -> list:
    """Whoever waited for it goes on."""
    member, told = Client(bootstrap), Client(bootstrap)
    seen: list = [member.join("leaves"), member.sync("leaves"), told.join("leaves", TELLS_IDS)]
    member.begin_join("leaves")
    return [*seen, told.leave("leaves"), member.end_join(), told.join("leaves", TELLS_IDS)]


def more_than_fit(bootstrap: str) -> list:
    """Ids are told to all; the first to come back are in. (Kafka then waits for the others all the same, we do not.)"""
    clients = [Client(bootstrap) for _ in range(4)]
    seen: list = [one.join("full", TELLS_IDS)[0] for one in clients]
    seen.append(clients[0].join("full", TELLS_IDS, rebalance_ms=3_000))
    clients[1].begin_join("full", TELLS_IDS, rebalance_ms=3_000)
    wait_for(lambda: clients[0].heartbeat("full") == 27, WAIT_S_MAX, "no rebalance")
    for one in (clients[0], *clients[2:]):  # which of these three comes first is nobody's to say
        one.begin_join("full", TELLS_IDS, rebalance_ms=3_000)
    seen += sorted(one.end_join()[:2] for one in clients)
    return [*seen, Client(bootstrap).join("full", TELLS_IDS), Client(bootstrap).join("full"), clients[3].state("full")]


def timeouts_out_of_range(bootstrap: str) -> list:
    """Sessions have bounds; a rebalance timeout of nothing or less leaves no time to sync."""
    seen: list = []
    for session_ms in (-1, 0, 5_999, 6_000, 1_800_000, 1_800_001):
        client = Client(bootstrap)
        seen.append((session_ms, client.join(f"session{session_ms}", session_ms=session_ms)[0]))
        seen.append(client.state(f"session{session_ms}"))
    clients = {rebalance_ms: Client(bootstrap) for rebalance_ms in (0, -1, -(1 << 31), (1 << 31) - 1)}
    for rebalance_ms, client in clients.items():
        seen.append((rebalance_ms, client.join(f"rebalance{rebalance_ms}", rebalance_ms=rebalance_ms)))
    time.sleep(1.5)
    for rebalance_ms, client in clients.items():
        group = f"rebalance{rebalance_ms}"
        seen += [client.sync(group), client.heartbeat(group), client.state(group)]
    return seen


def wrong_commits(bootstrap: str) -> list:
    """Nothing of what is refused is kept, beside it what is right is."""
    client, group = Client(bootstrap), "commits"
    seen: list = [client.join(group)[0], client.sync(group)]

    def commit(
        offset: int,
        metadata: str = "",
        topic: str = "orders",
        partition: int = 0,
        member: str | None = None,
        older: int = 0,
    ) -> list[tuple[int, int]]:
        partitions = [oc.OffsetCommitRequestPartition(0, offset, -1, "right")] if partition or metadata else []
        partitions.append(oc.OffsetCommitRequestPartition(partition or (1 if metadata else 0), offset, -1, metadata))
        topics = [oc.OffsetCommitRequestTopic(topic, bytes(16), partitions)]
        who = client.member_id if member is None else member
        request = oc.OffsetCommitRequest(group, client.generation_id - older, who, None, -1, topics)
        results = client.ask(request, 7).topics[0].partitions
        return sorted((one.partition_index, one.error_code) for one in results)

    def kept() -> list:
        topics = client.ask(of.OffsetFetchRequest(group, None), 5).topics
        return [
            (one.name, sorted((p.partition_index, p.committed_offset, p.metadata) for p in one.partitions))
            for one in topics
        ]

    for one in (
        {"offset": 1}, {"offset": 2, "metadata": "m" * 5_000}, {"offset": 3, "metadata": "m" * 4_096},
        {"offset": 4, "metadata": "ä" * 3_000}, {"offset": 5, "member": "nobody"}, {"offset": 6, "member": ""},
        {"offset": 7, "older": 1}, {"offset": 8, "older": -1}, {"offset": 9, "partition": 77},
        {"offset": 10, "topic": "not-there"}, {"offset": -5}, {"offset": (1 << 63) - 1},
    ):  # fmt: skip
        seen += [commit(**one), kept()]
    return seen


def malformed_subscriptions(bootstrap: str) -> list:
    """A broker hands subscriptions on; what it cannot read disturbs nobody.

    Where there is a version and what follows lies about its length, Kafka never answers the
    JoinGroup; we do (test_subscription.py).
    """
    seen: list = []
    for number, subscription in enumerate((b"", b"\xff", b"meta", b"\0\0" * 9)):
        client, group = Client(bootstrap), f"malformed{number}"
        seen += [client.join(group, subscription=subscription), client.sync(group), client.heartbeat(group)]
        (found,) = client.ask(deg.DescribeGroupsRequest([group]), 4).groups
        seen.append((found.group_state, found.members[0].member_metadata, found.members[0].member_assignment))
        seen += [client.leave(group), client.state(group)]
        seen.append([one.error_code for one in client.ask(dg.DeleteGroupsRequest([group]), 2).results])
    return seen


SCENES = (told_and_silent, two_told_one_back, told_in_a_stable_group, told_and_leaves, more_than_fit,
          timeouts_out_of_range, wrong_commits, malformed_subscriptions)  # fmt: skip


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    with odradek(tmp_path_factory.mktemp("groups"), SETTINGS) as ours, apache_kafka(SETTINGS) as kafka:
        both = [ours.bootstrap, kafka]
        for bootstrap in both:
            prepare(bootstrap)
        yield both


def prepare(bootstrap: str) -> None:
    """Create a topic, and wait until the coordinator is there."""
    client = Client(bootstrap)
    client.ask(ct.CreateTopicsRequest([ct.CreatableTopic("orders", 2, 1)], 10_000), 7)
    client.ask(fc.FindCoordinatorRequest("", 0, ["warm"]), 4)
    wait_for(lambda: client.join("warm")[0] not in COORDINATOR_NOT_READY, WAIT_S_MAX, "no coordinator")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_groups_go_as_they_do_at_apache_kafka(peers: list[str], scene: Scene) -> None:
    with ThreadPoolExecutor(2) as both:
        ours, kafkas = both.map(scene, peers)
    assert ours == kafkas
