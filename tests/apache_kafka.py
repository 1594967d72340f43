"""Apache Kafka for tests: its nodes and its command line tools, where KAFKA_START names a command that starts one.

That command ends in `start`; in its place `stop` and `tool` work too. On a machine that has never run it, it
fetches Kafka's jars: that happens once, under a lock that all test processes share, before anything else.
Nodes start one after the other under the same lock: a starting JVM takes a whole core for seconds.
"""

import errno
import fcntl
import json
import os
import random
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest

Settings = Mapping[str, str] | Callable[[int], Mapping[str, str]]
FETCH_S_MAX = 240
START_S_MAX = 150
STOP_S_MAX = 60
TRIES = 3  # somebody may take a port between our look and Kafka's start
PORTS = range(20_000, 32_000)  # below those that Linux gives to outgoing connections
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # halves what a tool that runs for a second costs
SHOWN = 2_000  # characters of a log's end


def words(verb: str) -> list[str]:
    """Give the command line that does `verb`; skips the test where there is no Apache Kafka."""
    start = os.environ.get("KAFKA_START")
    if not start:
        pytest.skip("KAFKA_START names no Apache Kafka: what needs it is left out")
    return [*shlex.split(start)[:-1], verb]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the lock of all processes that use Apache Kafka on this machine."""
    with open(Path(tempfile.gettempdir(), f"odradek-apache-kafka-{os.getuid()}.lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def fetch_jars() -> None:
    """See to it that the jars are whole: the first use fetches them."""
    command = [*words("tool"), "kafka-topics", "--version"]
    with one_at_a_time():
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_S_MAX, check=False)
    assert done.returncode == 0, f"Apache Kafka's tools do not run: {done.stderr[-SHOWN:]}"


def jars() -> Path:
    """Give the folder of Kafka's jars."""
    fetch_jars()
    return Path(os.environ.get("KAFKA_JARS", "~/.cache/kafka-4.3.1")).expanduser()


MORE = ("kafka-streams", "connect-mirror", "connect-mirror-client")  # what a node does without
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>local</groupId>
<artifactId>more</artifactId><version>1</version><packaging>pom</packaging><dependencies>{}</dependencies></project>"""
DEPENDENCY = """<dependency><groupId>org.apache.kafka</groupId><artifactId>{}</artifactId><version>{}</version>
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"""


def class_path() -> str:
    """Give a class path of Kafka's jars and MORE, fetched by Maven as the others are; skips where there is no Maven."""
    (clients,) = jars().glob("kafka-clients-*.jar")
    version = clients.stem.rpartition("-")[2]
    folder = jars().with_name(f"{jars().name}-more")
    wanted = [folder / f"{name}-{version}.jar" for name in MORE]
    with one_at_a_time():
        if not all(jar.exists() for jar in wanted):
            fetch_more(folder, POM.format("".join(DEPENDENCY.format(name, version) for name in MORE)))
    return ":".join([*map(str, wanted), f"{jars()}/*"])


def fetch_more(folder: Path, pom: str) -> None:
    """Have Maven copy what the pom names into the folder, whole jars only."""
    if shutil.which("mvn") is None:
        pytest.skip("there is no Maven to fetch more of Kafka's jars with")
    with tempfile.TemporaryDirectory(dir=folder.parent) as fetched:
        Path(fetched, "pom.xml").write_text(pom)
        command = ["mvn", "-q", "-B", "-f", f"{fetched}/pom.xml", "dependency:copy-dependencies"]
        done = subprocess.run(
            [*command, f"-DoutputDirectory={fetched}"], capture_output=True, text=True, timeout=FETCH_S_MAX, check=False
        )
        assert done.returncode == 0, done.stdout[-SHOWN:] + done.stderr[-SHOWN:]
        folder.mkdir(exist_ok=True)
        for jar in Path(fetched).glob("*.jar"):
            jar.rename(folder / jar.name)


def free_ports(count: int) -> int:
    """Find that many ports in a row that nobody uses at this moment; return the first."""
    for first in random.sample(PORTS[:-count], 200):
        if all(is_free(port) for port in range(first, first + count)):
            return first
    raise AssertionError(f"no {count} free ports in a row between {PORTS.start} and {PORTS.stop}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as refused:
            assert refused.errno in (errno.EADDRINUSE, errno.EACCES), refused
            return False
    return True


@contextmanager
def apache_kafka(settings: Settings | None = None, *, ports: int = 2) -> Iterator[str]:
    """Run one node of Apache Kafka until the block ends; give its bootstrap address.

    It has that many ports in a row: the first is the bootstrap address's, the second the controller's, and `settings`
    that are a function of the first port may give the others to more listeners.
    """
    fetch_jars()
    said = []
    with tempfile.TemporaryDirectory(prefix="apache-kafka-") as parent:
        for number in range(TRIES):
            data = Path(parent, str(number))
            try:
                bootstrap = start(data, settings or {}, ports)
            except subprocess.SubprocessError as failed:
                said.append(f"{failed}\n{getattr(failed, 'stderr', '')}\n{end_of_logs(data)}")
                stop(data)
                continue
            try:
                yield bootstrap
            finally:
                stop(data)
            return
        raise AssertionError(f"Apache Kafka did not start in {TRIES} tries:\n" + "\n".join(said))


def start(data: Path, settings: Settings, ports: int) -> str:
    """Start a node with data of its own; raises SubprocessError."""
    with one_at_a_time():
        port = free_ports(ports)
        command = [*words("start"), "--nodes", "1", "--data", str(data), "--port", str(port)]
        for key, value in (settings(port) if callable(settings) else settings).items():
            command += ["--set", f"{key}={value}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=START_S_MAX, check=True)
    return str(json.loads(done.stdout.strip().splitlines()[-1])["bootstrap"])


def stop(data: Path) -> None:
    """End a node at once, also one that never became ready."""
    command = [*words("stop"), "--data", str(data), "--kill"]
    subprocess.run(command, capture_output=True, timeout=STOP_S_MAX, check=False)


def end_of_logs(data: Path) -> str:
    """Give the last words of each node."""
    said = []
    for path in sorted(data.glob("node*.log")):
        with suppress(OSError):
            said.append(f"{path.name}: ...{path.read_text(errors='replace')[-SHOWN:]}")
    return "\n".join(said)


def run_tool(name: str, *arguments: str, stdin: str = "", timeout_s: float = 120) -> "subprocess.CompletedProcess[str]":
    """Run one of Kafka's tools to its end."""
    fetch_jars()
    return subprocess.run(
        [*words("tool"), name, *arguments], input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False,
        env={**os.environ, "JAVA_TOOL_OPTIONS": SHORT_LIVED},
    )  # fmt: skip


def tool(name: str, *arguments: str, stdin: str = "") -> str:
    """Run one of Kafka's tools, which must succeed; return what it printed."""
    done = run_tool(name, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
