"""One member of the churned group, as a process of its own: reads, commits, and writes down what it did.

    python -m tests.engine.compat.churn_member BOOTSTRAP GROUP TOPIC SESSION_MS LOG CLIENT_ID

The log has one JSON line for each event, with the machine's monotonic time. A line is written
before what follows from it is sent, so what was committed was written down as read before.
SIGTERM: leaves the group in order.

Not here: who starts, freezes and kills it (churn.py), what is made of the log (churn_judge.py).
"""

import json
import os
import signal
import struct
import sys
import time

from confluent_kafka import Consumer, KafkaException, TopicPartition

COMMIT_EVERY_S = 0.3


class Member:
    """A consumer with its log and its position in each partition."""

    def __init__(self, bootstrap: str, group: str, topic: str, session_ms: int, log: str, client_id: str) -> None:
        self.topic, self.leaving = topic, False
        self.positions: dict[int, int] = {}
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.consumer = Consumer(
            {
                "bootstrap.servers": bootstrap, "client.id": client_id, "group.id": group,
                "session.timeout.ms": session_ms, "heartbeat.interval.ms": 500,
                "auto.offset.reset": "earliest", "enable.auto.commit": False,
                "partition.assignment.strategy": "roundrobin", "log_level": 0, "reconnect.backoff.max.ms": 500,
            }
        )  # fmt: skip

    def note(self, kind: str, **facts: object) -> None:
        """Write one line; a kill does not lose it."""
        os.write(self.log, json.dumps({"at": time.monotonic(), "kind": kind, **facts}).encode() + b"\n")

    def generation(self) -> int:
        """Return the generation this member is in: librdkafka gives it only inside the metadata for transactions."""
        written = bytes(self.consumer.consumer_group_metadata())
        assert written.startswith(b"CGMDv2:")
        return int(struct.unpack_from("<i", written, 7)[0])

    def run(self) -> None:
        """Read and commit until SIGTERM."""
        self.consumer.subscribe(
            [self.topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )  # fmt: skip
        commit_s = time.monotonic() + COMMIT_EVERY_S
        while not self.leaving:
            self._read()
            if time.monotonic() >= commit_s:
                self._commit()
                commit_s = time.monotonic() + COMMIT_EVERY_S
        self.consumer.close()

    def _read(self) -> None:
        ranges: list[list[int]] = []  # partition, first offset, offset after the last
        for message in self.consumer.consume(500, 0.1):
            if message.error() is not None:
                continue
            partition, offset = message.partition(), message.offset()
            if ranges and ranges[-1][0] == partition and ranges[-1][2] == offset:
                ranges[-1][2] += 1
            else:
                ranges.append([partition, offset, offset + 1])
        if ranges:
            self.note("read", ranges=ranges)
        self.positions |= {partition: after for partition, _, after in ranges}

    def _commit(self) -> None:
        if not self.positions:
            return
        places = [TopicPartition(self.topic, partition, offset) for partition, offset in self.positions.items()]
        try:
            done = self.consumer.commit(offsets=places, asynchronous=False)
        except KafkaException:
            return  # a rebalance, or this member was given up: whoever reads next reads these again
        self.note("committed", offsets={one.partition: one.offset for one in done or [] if one.error is None})

    def _assigned(self, _consumer: Consumer, places: list[TopicPartition]) -> None:
        partitions = [one.partition for one in places]
        self.note("assigned", partitions=partitions, generation=self.generation(), member=self.consumer.memberid())

    def _revoked(self, _consumer: Consumer, _places: list[TopicPartition]) -> None:
        self._commit()
        self.positions.clear()

    def _lost(self, _consumer: Consumer, _places: list[TopicPartition]) -> None:
        self.positions.clear()


def main() -> None:
    """Be a member until told to leave."""
    bootstrap, group, topic, session_ms, log, client_id = sys.argv[1:]
    member = Member(bootstrap, group, topic, int(session_ms), log, client_id)

    def leave(_signal: int, _frame: object) -> None:
        member.leaving = True

    signal.signal(signal.SIGTERM, leave)
    member.run()


if __name__ == "__main__":
    main()
