"""Logs of one partition for tests: batches of all kinds, and a cluster that serves them."""

import random
from dataclasses import dataclass, field

from engine.client.calls import Fetched
from engine.client.fetch_messages import whole_batches
from engine.client.records import decode
from engine.core.records.batch import read_header
from engine.core.records.builder import BatchBuilder
from engine.core.records.control import ControlType, control_key
from tests.console.search.test_evaluate import Rec

BEGIN_MS = 1_700_000_000_000
NAMES = ["needle", "h", "é"]
WORDS = [b"needle", b"nee", b"dle", b"hay", b"\\u00e9", "é".encode(), b'{"n": 1}', b'{"n": "needle"}', b"", b"\xff"]


@dataclass
class Log:
    """One partition: its batches as bytes, and what is in them."""

    partition: int = 0
    start: int = 0
    end: int = 0
    batches: list[tuple[int, int, bytes]] = field(default_factory=list)  # first and last offset, bytes

    def fetched(self, position: int, bytes_max: int) -> Fetched:
        data = b""
        for _, last, batch in self.batches:
            if last >= position and (not data or len(data) + len(batch) <= bytes_max):
                data += batch
            elif data:
                break
        size, next_offset = whole_batches(data, position, check_crcs=False)
        return Fetched("t", self.partition, position, next_offset, self.end, self.end, self.start, data[:size], ())

    def everything(self) -> list[Rec]:
        """All records by the decoder that pages use."""
        found = decode(self.fetched(0, 1 << 30))
        return [Rec(r.partition, r.offset, r.timestamp_ms, r.key, r.value, r.headers) for r in found.records]


def random_log(chance: random.Random, partition: int = 0, batches: int = 12) -> Log:
    log = Log(partition)
    for _ in range(batches):
        log.end += chance.choice([0, 0, 0, 1, 7])  # compacted away between batches
        builder, control = BatchBuilder(), chance.random() < 0.15
        if control:
            builder.add(
                key=control_key(chance.choice([ControlType.ABORT, ControlType.COMMIT])), value=b"needle", timestamp=5
            )
        delta = 0
        for _ in range(0 if control else chance.randrange(1, 9)):
            builder.add(
                key=_text(chance), value=_text(chance), timestamp=BEGIN_MS + chance.randrange(1000), offset_delta=delta,
                headers=[(chance.choice(NAMES), _text(chance)) for _ in range(chance.choice([0, 0, 1, 2]))],
            )  # fmt: skip
            delta += chance.choice([1, 1, 1, 2, 5])  # compacted away inside
        transactional = control or chance.random() < 0.3
        batch = bytes(
            builder.build(
                base_offset=log.end, codec=0 if control else chance.randrange(5), control=control,
                transactional=transactional, producer_id=7 if transactional else -1,
                append_time=chance.choice([None, None, 77]),
            )
        )  # fmt: skip
        last = read_header(batch).last_offset
        log.batches.append((log.end, last, batch))
        log.end = last + 1
    return log


def _text(chance: random.Random) -> bytes | None:
    if chance.random() < 0.15:
        return None
    return b" ".join(chance.choice(WORDS) for _ in range(chance.randrange(4)))
