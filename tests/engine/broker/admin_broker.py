"""A broker of metadata alone: quorum, controller and admin handlers on a disk in memory; no partitions, no loop.

`call` sends a request through the codec in both directions, so that what a version
cannot carry is found, and does the syncs that the request asked for.
"""

import importlib
import random
from collections import deque
from typing import Any

from engine.broker.config import BrokerConfig
from engine.broker.context import RequestContext
from engine.broker.controller import Controller
from engine.broker.quorum import open_quorum
from engine.core.connection.reply_order import Connection
from engine.core.effects import Effects
from engine.core.metadata.image import MetadataDelta
from engine.wire.catalog import APIS, response_header_version
from engine.wire.frames import message_codec
from tests.engine.storage.memory_disk import MemoryDisk


class Durability:
    def __init__(self) -> None:
        self.asked = False

    def request_sync(self, broker: "AdminBroker") -> None:
        self.asked = True


class ReplicaManager:
    def __init__(self) -> None:
        self.deltas: list[MetadataDelta] = []

    def apply(self, broker: "AdminBroker", delta: MetadataDelta) -> None:
        self.deltas.append(delta)


class AdminBroker:
    def __init__(self, given: dict[str, str] | None = None, disk: MemoryDisk | None = None, seed: int = 1) -> None:
        self.disk = disk or MemoryDisk()
        self.config = BrokerConfig.parse({"listeners": "PLAINTEXT://127.0.0.1:9092"} | (given or {}))
        self.seed = seed
        self.rng = random.Random(seed)
        self.now_ms, self.wall_ms = 0, 1_700_000_000_000
        self.effects = Effects()
        self.durability = Durability()
        self.replica_manager = ReplicaManager()
        self.controller = Controller()
        self.unblocked: list[Connection] = []
        self.connection = Connection(1, "test")
        self.quorum = open_quorum(self.disk, self.config, self.wall_ms, self.new_uuid)
        self.controller.start(self)

    @property
    def image(self):
        return self.quorum.image

    def new_uuid(self) -> bytes:
        return self.rng.getrandbits(128).to_bytes(16, "big")

    def sync(self) -> None:
        """What the loop and the sync thread do: one round."""
        self.durability.asked = False
        for file in self.quorum.dirty_files():
            self.disk.sync(file)
        self.controller.on_metadata_synced(self)
        for connection in self.unblocked:
            connection.release_slots()
        self.unblocked.clear()

    def send(self, key: int, version: int, request: Any) -> None:
        """Handle a request without doing its syncs."""
        codec = message_codec(key)
        out = bytearray()
        codec.encode_request(request, version, out)
        decoded, end = codec.decode_request(memoryview(bytes(out)), 0, version)
        assert end == len(out)
        context = RequestContext(self.connection, key, version, 7, "test")
        handler = importlib.import_module(f"engine.broker.handlers.{APIS[key].module}")
        response = handler.handle(self, context, decoded)
        if response is not None:
            reply = bytearray(8 + response_header_version(key, version))
            codec.encode_response(response, version, reply)
            self.connection.reply(bytes(reply))

    def received(self, key: int, version: int) -> Any:
        """The oldest reply that went out."""
        frame = memoryview(self.connection.out.items.pop(0))[8 + response_header_version(key, version) :]
        response, end = message_codec(key).decode_response(frame, 0, version)
        assert end == len(frame)
        return response

    def call(self, key: int, version: int, request: Any) -> Any:
        self.send(key, version, request)
        if self.durability.asked:
            self.sync()
        assert isinstance(self.connection.slots, deque) and not self.connection.slots
        return self.received(key, version)

    def restarted(self, given: dict[str, str] | None = None, *, clean: bool = False) -> "AdminBroker":
        """The same data after a crash (or, clean, after a stop)."""
        if clean:
            disk = self.disk
            disk.write_whole(".kafka_cleanshutdown", b"{}")
        else:
            disk = self.disk.crash()
        return AdminBroker(given, disk, seed=self.seed + 1)
