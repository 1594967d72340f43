"""Record what Apache Kafka itself answers and stores, for the golden tests: run once per Kafka version, by hand.

    python -m tests.engine.wire.record_golden 127.0.0.1:9092

It creates topics whose names begin with W-golden, uses them by every API in every
version, deletes them, and reads the broker's own logs if they lie on this machine.
Folder names of that machine are replaced by others of equal length before anything is stored.
"""

import gzip
import socket
import sys
import time
from pathlib import Path
from typing import Any

from engine.core.records.batch import CONTROL_BIT
from engine.core.records.record import batches, decode_records
from engine.wire import frames
from engine.wire.catalog import APIS
from engine.wire.messages.api_versions import ApiVersionsRequest
from engine.wire.primitives import Message, Unencodable
from tests.engine.wire.golden_requests import Scenario

GOLDEN = Path(__file__).parent / "golden"
ANSWER_BYTES_MAX = 6000
LOGS = ("__cluster_metadata-0", "__consumer_offsets", "__transaction_state")
RECORDS_OF_A_KIND_MAX = 3


class Peer:
    """One blocking connection that keeps what was asked and answered."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.answers: list[tuple[int, int, bytes, bytes]] = []

    def call(self, message: Message, version: int) -> Any:
        """Ask, keep both frames, return the answer."""
        key = frames.api_of(message).key
        request = frames.encode_request(message, version, len(self.answers), "golden")
        self.socket.sendall(request)
        size = int.from_bytes(self.read(4))
        frame = self.read(size)
        self.answers.append((key, version, request[4:], frame))
        return frames.decode_response(key, version, memoryview(frame))[1]

    def read(self, count: int) -> bytes:
        """Return exactly so many bytes."""
        out = b""
        while len(out) < count:
            part = self.socket.recv(count - len(out))
            if not part:
                raise ConnectionError(f"closed after {self.answers[-1][:2] if self.answers else 'nothing'}")
            out += part
        return out

    def every_version(self, message: Message) -> Any:
        """Ask in every version in which the message can be written; return the newest answer."""
        api, answer = frames.api_of(message), None
        for version in range(api.lowest, api.stable + 1):
            try:
                answer = self.call(message, version)
            except Unencodable:
                continue
        return answer


def anonymous(data: bytes, folders: list[bytes]) -> bytes:
    """Put other names of equal length for this machine's folders and name."""
    for folder in folders:
        data = data.replace(folder, (b"/data/kafka-logs" + b"-" * len(folder))[: len(folder)])
    return data.replace(socket.gethostname().encode(), b"h" * len(socket.gethostname()))


def store(name: str, lines: list[str]) -> None:
    """Write lines, compressed, without a time in it."""
    GOLDEN.mkdir(exist_ok=True)
    with open(GOLDEN / name, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write("\n".join(lines).encode())
    print(f"{name}: {len(lines)} lines, {(GOLDEN / name).stat().st_size} bytes")


def main() -> None:
    """Record answers, then records."""
    peer = Peer(sys.argv[1])
    for version in range(5):
        peer.call(ApiVersionsRequest("golden", "1") if version > 2 else ApiVersionsRequest(), version)
    folders = Scenario(peer).run()
    kept = [answer for answer in peer.answers if len(answer[3]) <= ANSWER_BYTES_MAX]
    names = [folder.encode() for folder in folders]
    lines = [f"{key} {version} {a.hex()} {anonymous(b, names).hex()}" for key, version, a, b in kept]
    store("answers.txt.gz", lines)
    asked = {key for key, *_ in kept}
    print("not asked:", [api.name for api in APIS.values() if "broker" in api.listeners and api.key not in asked])
    time.sleep(1)
    store("records.txt.gz", [line for folder in folders for line in stored_records(Path(folder))])


def stored_records(folder: Path) -> list[str]:
    """Return a few records of each kind from the broker's own logs."""
    kinds: dict[tuple[str, bytes], list[str]] = {}
    for log in LOGS:
        for path in sorted(folder.glob(f"{log}*/*.log")) + sorted(folder.glob(f"{log}*/*.checkpoint")):
            for header, batch in batches(path.read_bytes()):
                control = bool(header.attributes & CONTROL_BIT)
                for record in decode_records(batch):
                    kind = (record.key or b"")[:4] + (record.value or b"-")[: 0 if record.key else 3]
                    line = f"{log} {int(control)} {hexadecimal(record.key)} {hexadecimal(record.value)}"
                    known = kinds.setdefault((log, kind + bytes([control, record.value is None])), [])
                    if len(known) < RECORDS_OF_A_KIND_MAX and len(line) < ANSWER_BYTES_MAX:
                        known.append(line)
    return [line for lines in kinds.values() for line in lines]


def hexadecimal(data: bytes | None) -> str:
    """Return bytes as text; '-' is null."""
    return "-" if data is None else f"x{bytes(data).hex()}"


if __name__ == "__main__":
    main()
