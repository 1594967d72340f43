"""A client machine and brokers that answer as a test says: bytes in, requests out, time by hand."""

import random
from dataclasses import dataclass, field
from typing import Any

from engine.client.client import Client
from engine.client.config import ClientConfig
from engine.client.links import BrokerConnection
from engine.core.work import WORK
from engine.wire.catalog import APIS
from engine.wire.frames import decode_request, encode_response
from engine.wire.messages.api_versions import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from engine.wire.messages.metadata import (
    MetadataRequest,
    MetadataResponse,
    MetadataResponseBroker,
    MetadataResponsePartition,
    MetadataResponseTopic,
)
from engine.wire.primitives import Message

EVERY_VERSION = [ApiVersion(api.key, api.lowest, api.stable) for api in APIS.values()]
TOPIC_ID = bytes(range(16))


@dataclass
class Asked:
    """A request that the client sent."""

    connection: BrokerConnection
    api_key: int
    version: int
    correlation_id: int
    message: Any


@dataclass
class Driver:
    """Drives one client; what it sends is decoded, answers are encoded."""

    client: Client
    now_ms: int = 1_000
    connections: list[BrokerConnection] = field(default_factory=list)
    results: dict[int, Any] = field(default_factory=dict)
    asked_to_connect: list[str] = field(default_factory=list)
    last_id: int = 0
    last_connection: int = 99
    events: list[Any] = field(default_factory=list)  # results with number 0

    def call(self, call: Any, number: int | None = None) -> int:
        number = number if number is not None else 1 + max([*self.results, self.last_id, 0])
        self.last_id = max(self.last_id, number)
        self.client.on_call(number, call, self.now_ms)
        self.perform()
        return number

    def perform(self) -> None:
        effects = self.client.effects
        self.asked_to_connect += effects.connect
        effects.connect.clear()
        for number, result in effects.results:
            if number == 0:
                self.events.append(result)
                continue
            assert number not in self.results, "a call has one result"
            self.results[number] = result
        effects.results.clear()
        effects.touched.clear()
        for connection in [*effects.abort, *effects.close]:
            if connection in self.connections:
                self.connections.remove(connection)
                self.client.on_closed(connection, self.now_ms)
        effects.abort.clear()
        effects.close.clear()
        if effects.connect or effects.results:
            self.perform()

    def work(self) -> None:
        """Do what takes too long for a loop."""
        while self.client.effects.work:
            one = self.client.effects.work.pop(0)
            self.client.on_work_done(one.token, WORK[one.name](one.argument), self.now_ms)
            self.perform()

    def accept(self, *, versions: list[ApiVersion] | None = EVERY_VERSION) -> BrokerConnection:
        """Open the connection that was asked for first, and say what is spoken."""
        peer = self.asked_to_connect.pop(0)
        self.last_connection += 1
        connection = self.client.on_connected(self.last_connection, peer, self.now_ms)
        assert isinstance(connection, BrokerConnection)
        self.connections.append(connection)
        self.perform()
        if versions is not None:
            (asked,) = self.take(connection)
            assert isinstance(asked.message, ApiVersionsRequest)
            self.answer(asked, ApiVersionsResponse(0, list(versions)))
        return connection

    def refuse(self, reason: str = "it refuses") -> None:
        self.client.on_refused(self.asked_to_connect.pop(0), reason, self.now_ms)
        self.perform()

    def close(self, connection: BrokerConnection) -> None:
        self.connections.remove(connection)
        self.client.on_closed(connection, self.now_ms)
        self.perform()

    def take(self, connection: BrokerConnection | None = None) -> list[Asked]:
        """Take the requests that the client sent."""
        asked = []
        for one in [connection] if connection is not None else list(self.connections):
            while one.out.items:
                data = one.out.head()
                assert isinstance(data, bytes)
                one.out.sent(len(data))
                position = 0
                while position < len(data):
                    end = position + 4 + int.from_bytes(data[position : position + 4], "big")
                    header, message = decode_request(memoryview(data)[position + 4 : end])
                    asked.append(
                        Asked(one, header.request_api_key, header.request_api_version, header.correlation_id, message)
                    )
                    position = end
        return asked

    def take_one(self, kind: type[Message]) -> Asked:
        (asked,) = self.take()
        assert isinstance(asked.message, kind), f"{asked.message}"
        return asked

    def answer(self, asked: Asked, message: Message) -> None:
        self.receive(asked.connection, encode_response(asked.api_key, asked.version, asked.correlation_id, message))

    def receive(self, connection: BrokerConnection, data: bytes) -> int:
        """Hand in bytes; return how many were consumed."""
        buffer = bytearray(data)
        with memoryview(buffer) as view:
            consumed = self.client.on_bytes(connection, buffer, view, 0, len(buffer), self.now_ms)
        buffer.append(0)  # fails if a view survived
        self.perform()
        return consumed

    def advance(self, ms: int) -> None:
        """Let time pass, deadline by deadline."""
        until = self.now_ms + ms
        for _ in range(10_000):
            deadline = self.client.next_deadline_ms
            if deadline is None or deadline > until:
                break
            self.now_ms = max(self.now_ms, deadline)
            self.client.on_deadline(self.now_ms)
            self.perform()
        else:
            raise AssertionError("the client wants to be woken without end")
        self.now_ms = until


def new_driver(**settings: Any) -> Driver:
    settings.setdefault("bootstrap", ("one:9092",))
    return Driver(Client(ClientConfig(**settings), random.Random(7)))


def metadata(*topics: tuple[str, int], leader: int = 1, epoch: int = 3, nodes: int = 1) -> MetadataResponse:
    """Topics with so many partitions, all led by one node; nodes are one:9092, two:9092 ..."""
    names = ("zero", "one", "two", "three")
    return MetadataResponse(
        brokers=[MetadataResponseBroker(number, names[number], 9092) for number in range(1, nodes + 1)],
        cluster_id="cluster",
        controller_id=1,
        topics=[
            MetadataResponseTopic(
                name=name,
                topic_id=TOPIC_ID,
                partitions=[
                    MetadataResponsePartition(0, index, leader, epoch, [leader], [leader]) for index in range(count)
                ],
            )
            for name, count in topics
        ],
    )


def connected(*topics: tuple[str, int], **settings: Any) -> tuple[Driver, BrokerConnection]:
    """A client that is connected to its one broker and knows these topics."""
    driver = new_driver(**settings)
    client = driver.client
    client.cluster.want_metadata(None, driver.now_ms)
    for name, _ in topics:
        client.cluster.want_metadata(name, driver.now_ms)
    client.on_deadline(driver.now_ms)
    driver.perform()
    connection = driver.accept()
    driver.answer(driver.take_one(MetadataRequest), metadata(*topics))
    return driver, connection
