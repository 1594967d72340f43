"""Twenty members of one group that join, leave, crash and freeze under a producer, and what that did to the records.

Each member is a process of its own (churn_member.py): a crash is kill -9, a freeze SIGSTOP.
After each stir the group must be stable, with exactly the members that are left, within the
session timeout and 5 s; its records are judged from the members' logs (churn_judge.py).

Not here: crashes of the broker (kills.py, commits.py).
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import BrokerProcess, free_port, start_broker, start_process
from tests.engine.compat import churn_judge

TOPIC, GROUP, PARTITIONS = "churn", "churned", 24
SESSION_S, EXTRA_S = 6.0, 5.0  # the least session a broker takes by default; what else a rebalance may need
STIRS = ("join", "leave", "crash", "freeze", "blink")
WAIT_S = 60.0
Process = subprocess.Popen[bytes]


@dataclass
class Writer:
    """A producer at a steady pace; knows how many records each partition acknowledged."""

    bootstrap: str
    records_per_s: int
    acked: int = 0
    failed: int = 0
    seconds: float = 0.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write until `stopping`, then wait for the last acknowledgements."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 5, "acks": "all", "log_level": 0})
        begun_s, sent = time.monotonic(), 0
        while not self.stopping.is_set():
            for _ in range(int((time.monotonic() - begun_s) * self.records_per_s) - sent):
                producer.produce(TOPIC, b"%d" % sent, partition=sent % PARTITIONS, on_delivery=self._delivered)
                sent += 1
            producer.poll(0.01)
        producer.flush(WAIT_S)
        self.seconds = time.monotonic() - begun_s

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is None:
            self.acked += 1
        else:
            self.failed += 1


@dataclass
class Herd:
    """The members: those that run, and those that are frozen."""

    directory: Path
    bootstrap: str
    running: list[Process] = field(default_factory=list)
    frozen: list[Process] = field(default_factory=list)
    ended: list[Process] = field(default_factory=list)
    client_ids: dict[int, str] = field(default_factory=dict)  # by process id

    @property
    def expected(self) -> list[str]:
        """The client ids that a stable group must have."""
        return sorted(self.client_ids[member.pid] for member in self.running)

    def join(self) -> None:
        """Start one more."""
        client_id = f"member-{len(self.client_ids) + 1}"
        log = self.directory / f"{client_id}.jsonl"
        command = [sys.executable, "-m", "tests.engine.compat.churn_member", self.bootstrap, GROUP, TOPIC]
        command += [str(int(SESSION_S * 1000)), str(log), client_id]
        self.running.append(start_process(command, environment={}, output=subprocess.DEVNULL))
        self.client_ids[self.running[-1].pid] = client_id

    def end(self, member: Process, with_signal: int) -> None:
        """Have one leave (SIGTERM) or crash (SIGKILL)."""
        self.running.remove(member)
        self.ended.append(member)
        member.send_signal(with_signal)

    def freeze(self, member: Process) -> None:
        """Stop one in its tracks."""
        self.running.remove(member)
        self.frozen.append(member)
        member.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let all frozen ones go on."""
        while self.frozen:
            self.running.append(self.frozen.pop())
            self.running[-1].send_signal(signal.SIGCONT)

    def end_all(self) -> None:
        """Leave no process behind."""
        self.thaw()
        for member in self.running:
            member.send_signal(signal.SIGTERM)
        for member in [*self.running, *self.ended]:
            try:
                member.wait(20)
            except subprocess.TimeoutExpired:
                member.kill()
                member.wait()


@dataclass(frozen=True)
class Report:
    """What a campaign found."""

    stirs: dict[str, int]
    acked: int
    failed: int
    records_per_s: float
    verdict: churn_judge.Verdict
    rebalances_s: list[float]  # from a stir to the stable group, each

    @property
    def violations(self) -> list[str]:
        """Everything that was promised and not kept."""
        slow = [f"a rebalance took {seconds:.1f} s" for seconds in self.rebalances_s if seconds > SESSION_S + EXTRA_S]
        lost = [f"{self.failed} records were refused"] if self.failed else []
        return [*self.verdict.violations, *slow, *lost]

    def __str__(self) -> str:
        verdict, times_s = self.verdict, sorted(self.rebalances_s)
        return (
            f"{', '.join(f'{count} x {name}' for name, count in self.stirs.items())}; {self.acked} records written"
            f" ({self.records_per_s:.0f}/s), {verdict.reads} read, {verdict.commits} commits,"
            f" {verdict.generations} generations; stable again after {times_s[len(times_s) // 2]:.1f} s (median),"
            f" {times_s[-1]:.1f} s (slowest); {len(self.violations)} violations"
        )


def run(directory: Path, *, seconds: float, seed: int, members: int = 20, records_per_s: int = 2500) -> Report:
    """Stir a group for that long; return what became of its records."""
    properties = {"listeners": f"PLAINTEXT://127.0.0.1:{free_port()}", "group.initial.rebalance.delay.ms": "500"}
    broker = start_broker(directory / "broker-1", properties)
    herd = Herd(directory, broker.bootstrap)
    writer = Writer(broker.bootstrap, records_per_s)
    writing = threading.Thread(target=writer.run)
    try:
        broker.wait_ready()
        admin = AdminClient({"bootstrap.servers": broker.bootstrap, "log_level": 0})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result(20)
        for _ in range(members):
            herd.join()
        wait_stable(admin, herd.expected)
        writing.start()
        stirs, times_s = _stir(admin, herd, members, random.Random(seed), seconds)
        writer.stopping.set()
        writing.join()
        ends = wait_read(broker)
        herd.end_all()
        verdict = churn_judge.judge(churn_judge.load(directory.glob("member-*.jsonl")), ends)
        return Report(stirs, writer.acked, writer.failed, writer.acked / writer.seconds, verdict, times_s)
    finally:
        writer.stopping.set()
        herd.end_all()
        broker.kill()


def _stir(
    admin: AdminClient, herd: Herd, members: int, chance: random.Random, seconds: float
) -> tuple[dict[str, int], list[float]]:
    """Do one to three things at a time to the group, and wait until it is stable again."""
    stirs, times_s = dict.fromkeys([*STIRS, "thaw"], 0), []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        if herd.frozen and chance.random() < 0.7:
            stirs["thaw"] += len(herd.frozen)
            herd.thaw()
        for _ in range(chance.randint(1, 3)):
            few, full = len(herd.running) <= members // 2, len(herd.running) + len(herd.frozen) >= members
            what = "join" if few else chance.choice([name for name in STIRS if not (full and name == "join")])
            stirs[what] += 1
            _do(herd, what, chance)
        times_s.append(wait_stable(admin, herd.expected))
        time.sleep(chance.uniform(0, 1))
    herd.thaw()
    times_s.append(wait_stable(admin, herd.expected))
    return stirs, times_s


def _do(herd: Herd, what: str, chance: random.Random) -> None:
    if what == "join":
        herd.join()
    elif what == "leave":
        herd.end(chance.choice(herd.running), signal.SIGTERM)
    elif what == "crash":
        herd.end(chance.choice(herd.running), signal.SIGKILL)
    elif what == "freeze":
        herd.freeze(chance.choice(herd.running))
    else:  # shorter than a session: nobody may be given up
        member = chance.choice(herd.running)
        os.kill(member.pid, signal.SIGSTOP)
        time.sleep(chance.uniform(0.1, 1.5))
        os.kill(member.pid, signal.SIGCONT)


def wait_stable(admin: AdminClient, client_ids: list[str]) -> float:
    """Return the seconds until the group is stable with exactly these members."""
    begun_s, seen = time.monotonic(), ""
    while time.monotonic() < begun_s + WAIT_S:
        try:
            group = admin.describe_consumer_groups([GROUP])[GROUP].result(20)
            seen = f"{group.state.name} with {len(group.members)} members"
            if group.state.name == "STABLE" and sorted(one.client_id for one in group.members) == client_ids:
                return time.monotonic() - begun_s
        except KafkaException as not_yet:
            seen = str(not_yet)
        time.sleep(0.1)
    raise AssertionError(f"{len(client_ids)} members do not become a stable group in {WAIT_S:g} s: {seen}")


def wait_read(broker: BrokerProcess) -> dict[int, int]:
    """Wait until the group has committed the end of each partition; return the ends."""
    reader = Consumer({"bootstrap.servers": broker.bootstrap, "group.id": GROUP, "log_level": 0})
    places = [TopicPartition(TOPIC, index) for index in range(PARTITIONS)]
    ends = {place.partition: reader.get_watermark_offsets(place, timeout=20)[1] for place in places}
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        if all(one.offset == ends[one.partition] for one in reader.committed(places, timeout=20)):
            break
        time.sleep(0.2)
    reader.close()
    return ends
