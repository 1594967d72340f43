import socket
import threading
import time
from pathlib import Path

import pytest

from engine.broker.config import BrokerConfig
from engine.net.broker_shell import (
    AddressUnusable,
    BrokerShell,
    BrokerStopped,
    DirectoryBroken,
    DirectoryInUse,
    PortInUse,
)
from engine.wire import frames
from engine.wire.messages import api_versions, create_topics, fetch, metadata
from engine.wire.primitives import Message
from tests.brokers import RunningBroker, running_broker
from tests.engine.broker.harness import batch, produce_request


class RawClient:
    """One socket, one request after the other."""

    def __init__(self, broker: RunningBroker) -> None:
        self.socket = socket.create_connection(("127.0.0.1", broker.port), timeout=10)
        self.number = 0

    def send(self, message: Message, version: int) -> None:
        self.number += 1
        self.socket.sendall(frames.encode_request(message, version, self.number, "raw"))

    def exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            chunk = self.socket.recv(min(1 << 20, count - len(data)))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def reply(self, api_key: int, version: int):
        frame = self.exactly(int.from_bytes(self.exactly(4), "big"))
        return frames.decode_response(api_key, version, memoryview(frame))[1]

    def call(self, message: Message, version: int):
        self.send(message, version)
        return self.reply(frames.api_of(message).key, version)

    def create_topic(self, name: str = "t", partitions: int = 1) -> None:
        topic = create_topics.CreatableTopic(name=name, num_partitions=partitions, replication_factor=1)
        reply = self.call(create_topics.CreateTopicsRequest(topics=[topic], timeout_ms=5000), 7)
        assert reply.topics[0].error_code == 0, reply

    def produce(self, records: bytes, acks: int = -1) -> None:
        reply = self.call(produce_request(records, acks=acks), 9)
        assert reply.responses[0].partition_responses[0].error_code == 0, reply

    def fetch(self, offset: int = 0, bytes_max: int = 50 << 20, wait_ms: int = 1000) -> bytes:
        wanted = fetch.FetchPartition(partition=0, fetch_offset=offset, partition_max_bytes=bytes_max)
        topics = [fetch.FetchTopic(topic="t", partitions=[wanted])]
        reply = self.call(fetch.FetchRequest(max_wait_ms=wait_ms, min_bytes=1, max_bytes=bytes_max, topics=topics), 12)
        return bytes(reply.responses[0].partitions[0].records)

    def is_closed(self) -> bool:
        self.socket.settimeout(5)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def wait_until(condition, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


@pytest.fixture
def broker(tmp_path: Path):
    with running_broker(tmp_path / "data") as running:
        yield running


def test_records_come_back_and_outlive_a_restart(broker):
    client = RawClient(broker)
    client.create_topic()
    client.produce(batch(b"a", b"b"))
    stored = client.fetch()
    assert len(stored) == len(batch(b"a", b"b"))
    broker.stop()
    assert client.is_closed()
    broker.start()
    client = RawClient(broker)
    assert client.fetch() == stored
    client.produce(batch(b"c"))


def test_a_large_answer_reaches_a_reader_that_takes_it_slowly(broker):
    client = RawClient(broker)
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    client.create_topic()
    for _ in range(20):
        client.produce(batch(bytes(1_000_000)))
    one = len(batch(bytes(1_000_000)))
    client.send(
        fetch.FetchRequest(
            max_wait_ms=0,
            min_bytes=1,
            max_bytes=50 << 20,
            topics=[
                fetch.FetchTopic(
                    topic="t",
                    partitions=[fetch.FetchPartition(partition=0, fetch_offset=0, partition_max_bytes=50 << 20)],
                )
            ],
        ),
        12,
    )
    time.sleep(0.1)
    assert RawClient(broker).call(api_versions.ApiVersionsRequest(), 0).error_code == 0, "others are served meanwhile"
    reply = client.reply(1, 12)
    assert len(reply.responses[0].partitions[0].records) == 20 * one


def test_what_is_no_request_closes_only_its_own_connection(broker):
    bystander = RawClient(broker)
    for data in (
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\0\0\0\4abcd",
        b"\x16\3\1\0\xa5\1",
    ):
        intruder = RawClient(broker)
        intruder.socket.sendall(data + bytes(20))
        assert intruder.is_closed(), data
    assert bystander.call(api_versions.ApiVersionsRequest(), 0).error_code == 0


def test_a_claimed_size_costs_no_memory_before_bytes_arrive_and_buffers_are_given_back(broker):
    client = RawClient(broker)
    client.socket.sendall((90 << 20).to_bytes(4, "big") + bytes(10))
    time.sleep(0.2)
    assert broker.shell.statistics()["buffered_bytes"] < 1 << 20
    client.socket.sendall(bytes(4 << 20))
    wait_until(lambda: broker.shell.statistics()["buffered_bytes"] > 4 << 20)
    assert broker.shell.statistics()["buffered_bytes"] < 32 << 20
    client.socket.close()
    busy = RawClient(broker)
    busy.create_topic()
    busy.produce(batch(bytes(1_000_000)))
    wait_until(lambda: broker.shell.statistics()["buffered_bytes"] < 64 << 10)


def test_large_requests_wait_for_each_other_when_memory_is_short(tmp_path):
    with running_broker(tmp_path, queued_max_request_bytes=str(1 << 20), message_max_bytes=str(8 << 20)) as broker:
        clients = [RawClient(broker) for _ in range(4)]
        clients[0].create_topic()
        frame = frames.encode_request(produce_request(batch(bytes(4 << 20)), acks=1), 9, 7, "raw")
        for client in clients:
            client.socket.settimeout(20)
        senders = [threading.Thread(target=client.socket.sendall, args=(frame,)) for client in clients]
        for sender in senders:
            sender.start()
        for client in clients:
            assert client.reply(0, 9).responses[0].partition_responses[0].error_code == 0
        for sender in senders:
            sender.join()


def test_compressed_batches_that_need_a_helper_are_answered_in_order(broker):
    import gzip
    import os

    client = RawClient(broker)
    client.create_topic()
    plain = batch(os.urandom(200_000))
    packed = batch(count=1, body=gzip.compress(plain[61:]), attributes=1)
    for records in (packed, batch(b"a"), packed):
        client.send(produce_request(records), 9)
    offsets = [client.reply(0, 9).responses[0].partition_responses[0].base_offset for _ in range(3)]
    assert offsets == [0, 1, 2]


def test_connections_over_a_limit_are_closed(tmp_path):
    with running_broker(tmp_path, max_connections_per_ip="2") as broker:
        kept = [RawClient(broker), RawClient(broker)]
        for client in kept:
            client.call(api_versions.ApiVersionsRequest(), 0)
        assert RawClient(broker).is_closed()
        kept.pop().socket.close()
        wait_until(lambda: broker.shell.statistics()["connections"] == 1)
        assert RawClient(broker).call(api_versions.ApiVersionsRequest(), 0).error_code == 0


def test_an_idle_connection_is_closed(tmp_path):
    with running_broker(tmp_path, connections_max_idle_ms="300") as broker:
        assert RawClient(broker).is_closed()
        assert broker.shell.statistics()["idle_closed"] == 1


def test_the_advertised_port_is_the_real_one(broker):
    reply = RawClient(broker).call(metadata.MetadataRequest(topics=[]), 9)
    assert [(one.host, one.port) for one in reply.brokers] == [("127.0.0.1", broker.port)]


def test_a_task_reaches_the_machine_and_a_stopped_broker_says_so(broker):
    broker.shell.task("enforce_retention")
    broker.shell.task("nonsense")
    broker.stop()
    with pytest.raises(BrokerStopped):
        broker.shell.task("enforce_retention")
    with pytest.raises(BrokerStopped):
        broker.shell.statistics()
    broker.start()


def start(directory: Path, listeners: str) -> None:
    BrokerShell(BrokerConfig.parse({"listeners": listeners}), directory).run(lambda port: None)


def test_what_prevents_a_start_is_said_in_one_sentence(broker, tmp_path):
    with pytest.raises(PortInUse, match=r"already listens at 127.0.0.1, port \d+\.$"):
        start(tmp_path / "other", f"PLAINTEXT://127.0.0.1:{broker.port}")
    with pytest.raises(DirectoryInUse, match="in use by another process"):
        start(broker.directory, "PLAINTEXT://127.0.0.1:0")
    with pytest.raises(AddressUnusable, match=r"192\.0\.2\.1"):
        start(tmp_path / "third", "PLAINTEXT://192.0.2.1:0")
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryBroken, match="cannot be used"):
        start(tmp_path / "file" / "below", "PLAINTEXT://127.0.0.1:0")


def test_a_log_directory_that_went_offline_is_logged_once(broker, caplog):
    broker.shell.loop.call_soon_threadsafe(broker.shell._on_synced, 0, "it broke")
    wait_until(lambda: broker.shell.statistics()["log_dir_failed"] == "it broke")
    wait_until(lambda: caplog.records)
    time.sleep(1.2)
    assert [record.message for record in caplog.records] == [f"{broker.directory} is offline until a restart: it broke"]


def test_commits_that_cannot_be_read_are_logged_once(broker, caplog):
    broker.shell.machine.counters.group_records_unreadable = 3
    wait_until(lambda: caplog.records)
    time.sleep(1.2)
    (record,) = caplog.records
    assert record.message == "3 batches or records of __consumer_offsets cannot be read: they are passed over"


def test_a_full_disk_is_logged_once_while_it_lasts(broker, caplog):
    for failed_writes in (1, 2):
        broker.shell.machine.counters.failed_writes = failed_writes
        broker.shell._tell_troubles()
    broker.shell._tell_troubles()
    assert not broker.shell.troubles
    assert [record.message for record in caplog.records] == [
        f"{broker.directory} is full: writes are refused until there is room again"
    ]


def test_a_bug_met_by_one_connection_is_logged_and_closes_only_that(broker, caplog, monkeypatch):
    from engine.broker.handlers import find_coordinator
    from engine.wire.messages.find_coordinator import FindCoordinatorRequest

    def broken(*arguments):
        raise AssertionError("planted")

    bystander = RawClient(broker)
    bystander.call(api_versions.ApiVersionsRequest(), 0)
    monkeypatch.setattr(find_coordinator, "handle", broken)
    victim = RawClient(broker)
    victim.send(FindCoordinatorRequest(key="g"), 3)
    assert victim.is_closed()
    assert bystander.call(api_versions.ApiVersionsRequest(), 0).error_code == 0
    assert broker.shell.statistics()["bugs"] == 1
    assert "met a bug" in caplog.text
