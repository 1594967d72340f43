"""The console's own functions on a sandbox: looking changes nothing, writing is an action, paused or not."""

import asyncio

import pytest

from console.kafka import cluster, connection, groups, records, stream, topics
from console.kafka.errors import ClusterUnreachable
from console.services.clusters import spec_of
from engine.client.calls import Produce, ProducerRecord
from engine.simulation.hosted.learner import topic_names
from engine.simulation.hosted.written import produce_frame
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from engine.wire.messages.find_coordinator import FindCoordinatorRequest
from engine.wire.messages.heartbeat import HeartbeatRequest
from engine.wire.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from sandbox import control
from sandbox.models import Sandbox
from sandbox.services import sandboxes


async def create(session):
    return await session.send(CreateTopicsRequest([CreatableTopic("orders", 3, 1)], 1_000), controller=True)


async def produce(session):
    return await session.shell.call(Produce((ProducerRecord("orders", b"one", b"key"),)))


@pytest.fixture
def orders(pumped, sandbox, spec):
    pumped.ok(sandbox, "pause")
    pumped.ok(sandbox, "step", events=3)
    pumped.call(connection.run, spec, create, time_limit_s=10)
    return sandbox


def test_topics_records_and_groups_are_read_and_written_while_the_world_is_paused(pumped, orders, spec):
    produced = pumped.call(connection.run, spec, produce, time_limit_s=10)
    assert not isinstance(produced[0], Exception), str(produced[0])
    assert (produced[0].topic, produced[0].offset) == ("orders", 0)
    page = pumped.call(topics.topic_page, spec)
    assert [(topic.name, topic.partitions) for topic in page.topics] == [("orders", 3)]
    found = pumped.call(records.one, spec, "orders", produced[0].partition, 0)
    assert (found.key, found.value) == (b"key", b"one")
    assert pumped.call(groups.group_page, spec, page_size=10).groups == []
    assert pumped.ok(orders, "record", topic="orders", partition=produced[0].partition, offset=0)["acknowledged"]


def test_what_the_console_names_by_its_id_is_said_by_its_name_afterwards_too(pumped, orders, spec):
    pumped.call(connection.run, spec, produce, time_limit_s=10)
    topic_id = topic_ids(pumped, orders)["orders"]

    async def delete(session):
        return await session.send(DeleteTopicsRequest(topics=[DeleteTopicState(None, topic_id)]), controller=True)

    assert pumped.call(connection.run, spec, delete, time_limit_s=10).responses[0].error_code == 0
    assert pumped.call(topics.topic_page, spec).topics == []
    did = [mark["facts"] for mark in pumped.ok(orders, "moments")["marks"] if mark["kind"] == "act"]
    assert [(one["do"], one.get("topic")) for one in did] == [
        ("create topic", "orders"), ("send", None), ("produce", "orders"), ("delete topic", "orders")
    ]  # fmt: skip


def topic_ids(pumped, sandbox):
    world = pumped.runner.hosted[sandbox.id].timeline.world
    return {name: topic_id for topic_id, name in topic_names(world).items()}


def test_a_hundred_reads_leave_the_history_as_it_was(pumped, orders, spec):
    pumped.call(connection.run, spec, produce, time_limit_s=10)
    before = pumped.ok(orders, "digest")
    for _ in range(25):
        pumped.call(topics.topic_page, spec)
        pumped.call(cluster.describe, spec)
        pumped.call(topics.describe_topic, spec, "orders")
        pumped.call(groups.group_page, spec, page_size=10)
    assert pumped.ok(orders, "digest") == before


def test_a_live_tail_shows_what_is_written_while_the_world_is_paused_and_changes_nothing(pumped, orders, spec):
    async def tail_and_write():
        async with stream.watch(spec, "orders") as viewer:
            calm = await viewer.next_frame(wait_s=0.5)
            await connection.run_async(spec, produce, time_limit_s=10)
            frames = [await viewer.next_frame(wait_s=5)]
            while not frames[-1].records:
                frames.append(await viewer.next_frame(wait_s=5))
            await viewer.next_frame(wait_s=0.6)
            return calm, frames[-1]

    calm, frame = pumped.call(asyncio.run, tail_and_write())
    assert (calm.records, calm.state) == ([], "live")
    assert [record.value for record in frame.records] == [b"one"]
    before = pumped.ok(orders, "digest")
    pumped.serve(0.5)
    assert pumped.ok(orders, "digest") == before


def commit_request(group, topic, offset):
    partition = OffsetCommitRequestPartition(0, offset, -1, "")
    return OffsetCommitRequest(group, -1, "", None, topics=[OffsetCommitRequestTopic(topic, partitions=[partition])])


def test_groups_are_seen_and_the_first_commit_from_outside_makes_their_topic(pumped, orders, spec):
    actor = {"kind": "consumer", "name": "c1", "topic": "orders", "group": "readers", "commit": "after"}

    async def commit(session):  # its coordinator is looked for first: that is a write, for it makes a topic
        for _ in range(20):
            found = await session.send(FindCoordinatorRequest(coordinator_keys=["by hand"]))
            if found.coordinators[0].error_code == 0:
                break
        return await session.send(commit_request("by hand", "orders", 0), version_max=8)

    answer = pumped.call(connection.run, spec, commit, time_limit_s=10)
    assert answer.topics[0].partitions[0].error_code == 0
    pumped.ok(orders, "act", action={"do": "add", "actor": actor})
    pumped.ok(orders, "act", action={"do": "produce", "topic": "orders", "value": "one", "partition": 0})
    pumped.ok(orders, "step", until={"seen": "committed", "group": "readers", "offset": 1})
    page = pumped.call(groups.group_page, spec, page_size=10)
    assert sorted(group.name for group in page.groups) == ["by hand", "readers"]
    detail = pumped.call(groups.describe_group, spec, "readers")
    assert (detail.state, [member.client_id for member in detail.members]) == ("Stable", ["c1"])
    refused = pumped.call(connection.run, spec, lambda session: session.send(HeartbeatRequest("readers", 1, "x")))
    assert refused.error_code == 44, "whose members live in the world"


def test_a_write_without_an_answer_arrives_in_a_paused_world_too(pumped, orders, spec):
    async def send(session):
        frame = produce_frame("orders", 1, [(None, b"no answer wanted")], 0, 1_700_000_000_000)
        _, writer = await asyncio.open_unix_connection(spec.unix_path)
        writer.write(frame)
        await writer.drain()
        writer.close()

    pumped.call(connection.run, spec, send, time_limit_s=10)
    pumped.until(lambda: pumped.ok(orders, "record", topic="orders", partition=1, offset=0)["appended"])


def test_a_fork_is_another_cluster(pumped, orders, spec, owner):
    branch = pumped.ok(orders, "fork", name="Another way")["sandbox"]
    other = spec_of(Sandbox.objects.get(id=branch).cluster, {})
    pumped.call(connection.run, other, produce, time_limit_s=10)
    ids = [pumped.call(cluster.describe, one).cluster_id for one in (spec, other)]
    assert ids[0] != ids[1]
    assert pumped.call(topics.describe_topic, spec, "orders").records == 0
    assert pumped.call(topics.describe_topic, other, "orders").records == 1


def test_a_killed_broker_cannot_be_reached_and_comes_back(pumped, orders, spec):
    pumped.ok(orders, "act", action={"do": "kill"})
    pumped.ok(orders, "step", events=5)
    with pytest.raises(ClusterUnreachable):
        pumped.call(topics.topic_page, spec)
    pumped.ok(orders, "act", action={"do": "start"})
    pumped.ok(orders, "step", events=5)
    assert pumped.call(topics.topic_page, spec).topics[0].name == "orders"


def test_the_past_takes_no_writes_and_is_read_as_it_was(pumped, orders, spec):
    pumped.call(connection.run, spec, produce, time_limit_s=10)
    before = pumped.ok(orders, "digest")
    pumped.ok(orders, "jump", to=before["head"] - 3)
    answer = pumped.call(connection.run, spec, create, time_limit_s=10)
    assert "the past does not change" in answer.topics[0].error_message
    pumped.ok(orders, "jump", to=before["head"])
    assert pumped.ok(orders, "digest")["digest"] == before["digest"]


def test_limits_are_answered_as_kafka_answers(pumped, owner, data):
    small = sandboxes.make(name="Guest's", limits="guest", owner=owner, seed=1)
    spec = spec_of(small.cluster, {})
    pumped.ok(small, "step", events=3)

    async def many(session):
        return await session.send(CreateTopicsRequest([CreatableTopic("many", 41, 1)], 1_000), controller=True)

    answer = pumped.call(connection.run, spec, many, time_limit_s=10)
    assert answer.topics[0].error_code == 44
    assert "40 partitions" in answer.topics[0].error_message


def test_a_page_that_asks_again_by_itself_wakes_no_sandbox(client, sandbox, owner, monkeypatch):
    asked = []

    def nobody_hosts_it(sandbox_id, do):
        asked.append(do)
        raise control.NoRunner

    monkeypatch.setattr(control, "ask", nobody_hosts_it)
    client.force_login(owner)
    page = f"/clusters/{sandbox.cluster_id}/topics/"
    again = client.get(page, headers={"X-Live": "1"})
    assert (again.status_code, asked) == (503, []) and "open the page again and it wakes" in again.content.decode()
    assert (client.get(page).status_code, asked) == (503, ["wake"])
