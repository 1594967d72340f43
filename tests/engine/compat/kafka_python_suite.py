"""kafka-python's own integration tests, aimed at our broker: the judgement of somebody who never saw our code.

Its source distribution ships them; one file that starts brokers is missing there, and is
put in its place: ours is already running. NOT_OURS names the tests that do not count, each
with its reason; every other one has to pass.

Not here: our own tests with kafka-python as the client (test_kafka_python.py).
"""

import os
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

VERSION = "3.0.12"
KAFKA_VERSION = "4.3.0"  # the newest that this version of its fixtures knows how to name
SUITE_S_MAX = 600
SERVICE = '''"""In place of what starts brokers: ours runs already."""


class ExternalService:
    def __init__(self, host, port):
        self.host, self.port = host, port

    def open(self):
        pass

    def stop(self):
        pass

    def join(self):
        pass


class SpawnedService:
    pass
'''
UNBUILT = "not built yet"
ON_KAFKA_TOO = "fails on Apache Kafka with the same settings"
NOT_OURS = {
    "test_create_describe_delete_acls": f"ACLs: {UNBUILT}",
    "test_elect_leaders": f"elections of preferred leaders: {UNBUILT}",
    "test_alter_replica_log_dirs": f"several log directories: {UNBUILT}",
    "test_describe_metadata_quorum": f"a quorum of several controllers: {UNBUILT}",
    "test_alter_partition_reassignments": f"reassignment: {UNBUILT}",
    "test_list_partition_reassignments": f"reassignment: {UNBUILT}",
    "test_transactional_producer_messages": f"transactions: {UNBUILT}",
    "test_transactional_producer_offsets": f"transactions: {UNBUILT}",
    "test_group": f"{ON_KAFKA_TOO}: a session of 3 s is below group.min.session.timeout.ms",
    "test_describe_configs_broker_resource_returns_configs": f"{ON_KAFKA_TOO}: it wants a setting that is not set",
    "test_create_partitions": f"{ON_KAFKA_TOO}: it wants two brokers",
    "test_ssl_handshake": f"TLS: {UNBUILT}",
    "test_legacy_kafka_client_ssl": f"TLS: {UNBUILT}",
}


class SuiteError(Exception):
    """The tests could not be fetched or started; the message says why."""


@dataclass(frozen=True)
class Report:
    """What became of each test."""

    passed: list[str]
    failed: list[str]
    left_out: list[str]  # failed as NOT_OURS says
    skipped: list[str]  # by the suite itself: brokers of its own with SASL or SSL, versions long gone
    seconds: float

    def __str__(self) -> str:
        lines = [f"passed   {name}" for name in self.passed]
        lines += [f"not ours {name}: {NOT_OURS[name.partition('[')[0]]}" for name in self.left_out]
        lines += [f"skipped  {name}" for name in self.skipped]
        lines += [f"FAILED   {name}" for name in self.failed]
        lines.append(
            f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.left_out)} not ours,"
            f" {len(self.skipped)} skipped by the suite, {self.seconds:.0f} s"
        )
        return "\n".join(lines)


def prepare(directory: Path) -> Path:
    """Fetch and unpack the source distribution; return where its tests can be run."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "kafka-python"]
    done = subprocess.run([*pip, "-d", directory, f"kafka-python=={VERSION}"], capture_output=True, text=True)
    if done.returncode:
        raise SuiteError(f"kafka-python's source cannot be had: {done.stderr.strip()[-300:]}")
    (archive,) = directory.glob("kafka_python-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(directory, filter="data")
    root = directory / f"kafka_python-{VERSION}"
    for name in ("test/__init__.py", "test/integration/__init__.py"):
        (root / name).touch()
    (root / "test" / "service.py").write_text(SERVICE)
    (root / "servers" / KAFKA_VERSION / "kafka-bin").mkdir(parents=True)
    return root


def run(directory: Path, bootstrap: str, only: str = "") -> Report:
    """Run the tests against the broker at `bootstrap`, all of them or those that `only` selects."""
    root, results = prepare(directory), directory / "results.xml"
    environment = {**os.environ, "KAFKA_VERSION": KAFKA_VERSION, "KAFKA_URI": f"kafka://{bootstrap}"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [
        sys.executable, "-m", "pytest", "test/integration", "-q", "-o", "addopts=", "--timeout=45",
        "-p", "no:logging", "-p", "no:django", f"--junit-xml={results}", *(["-k", only] if only else []),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=SUITE_S_MAX, check=False
    )
    if not results.exists():
        raise SuiteError(f"kafka-python's tests did not run: {(done.stderr or done.stdout).strip()[-500:]}")
    return judge(results)


def judge(results: Path) -> Report:
    """Sort the tests of a JUnit file by what became of them."""
    report = Report([], [], [], [], sum(float(s.get("time", 0)) for s in ElementTree.parse(results).iter("testsuite")))
    for case in ElementTree.parse(results).iter("testcase"):
        name, ends = case.get("name", ""), [child.tag for child in case]
        if "failure" in ends or "error" in ends:
            (report.left_out if name.partition("[")[0] in NOT_OURS else report.failed).append(name)
        elif "skipped" in ends:
            report.skipped.append(name)
        else:
            report.passed.append(name)
    return report
