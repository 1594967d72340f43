"""`manage.py up` as a user has it: ready, used, stopped, killed; and refused before anything is started."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.launcher import REPOSITORY, free_port
from tests.processes import cpu_s, processes_of, pss_kb, wait_for

pytestmark = pytest.mark.processes

READY_S_MAX = 120  # of the first start, on a machine that is busy with other tests
STOP_S_MAX = 6  # 2.5 where nothing else runs
START_S_MAX = 6  # of a later one, where nothing else runs; here other tests do, so that its work counts instead:
WORK_S_MAX = 16  # processor seconds of all parts, 11 as measured, more where caches are shared
READY = re.compile(r"^bootstrap +(?P<bootstrap>\S+)$", re.MULTILINE)
PASSWORD = re.compile(r"with the password (?P<password>\S+) \(shown only this once\)")


@dataclass
class Up:
    """One `manage.py up` and what it wrote."""

    data: Path
    log: Path
    process: subprocess.Popen[bytes]
    port: int
    kafka_port: int

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_ready(self) -> float:
        began_s = time.monotonic()
        wait_for(lambda: READY.search(self.text) or self.process.poll() is not None, READY_S_MAX, "up was not ready")
        assert self.process.poll() is None, self.text
        return time.monotonic() - began_s


def command(data: Path, *options: str) -> list[str]:
    return [sys.executable, "manage.py", "up", "--data", str(data), *options]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "ODRADEK_DATA")}


def start_up(directory: Path, *options: str) -> Up:
    port, kafka_port = free_port(), free_port()
    data, log = directory / "data", directory / f"up-{time.monotonic_ns()}.log"
    arguments = command(data, "--port", str(port), "--kafka-port", str(kafka_port), *options)
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=REPOSITORY,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Up(data, log, process, port, kafka_port)


def end(up: Up) -> None:
    if up.process.poll() is None:
        up.process.send_signal(signal.SIGTERM)
        up.process.wait(60)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = start_up(tmp_path_factory.mktemp("up"))
    try:
        up.wait_ready()
        yield up
    finally:
        end(up)


def refused(*arguments: str, **variables: str) -> str:
    """Run an `up` that must refuse, and return its one line."""
    result = subprocess.run(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=REPOSITORY,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1, result
    assert result.stderr.count("\n") == 1, result
    assert result.stdout == ""
    return result.stderr


def test_each_part_has_one_line_and_then_come_the_addresses(up: Up) -> None:
    lines = up.text.splitlines()
    for part in ("redis", "broker 1", "database", "worker", "sandbox", "web"):
        assert sum(line.startswith(part) and "ready" in line for line in lines) == 1, up.text
    assert PASSWORD.search(up.text)
    assert lines[-2].split() == ["console", f"http://localhost:{up.port}/"]
    assert lines[-1].split() == ["bootstrap", f"localhost:{up.kafka_port}"]


def test_the_console_answers(up: Up) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/", timeout=10) as response:
        assert response.status == 200
        assert "/login" in response.url


def test_kcat_produces_and_consumes(up: Up) -> None:
    lines = "".join(f"{number}\n" for number in range(1, 1001))
    produce = ["kcat", "-b", f"localhost:{up.kafka_port}", "-t", "numbers", "-P"]
    subprocess.run(produce, input=lines, text=True, check=True, timeout=30)
    consume = ["kcat", "-b", f"localhost:{up.kafka_port}", "-t", "numbers", "-C", "-e", "-q", "-o", "beginning"]
    assert subprocess.run(consume, capture_output=True, text=True, timeout=30, check=True).stdout == lines


def test_it_is_small(up: Up) -> None:
    sizes = {command: pss_kb(pid) for pid, command in processes_of(up.data).items()}
    assert sum(sizes.values()) + pss_kb(up.process.pid) < 450 * 1024, sizes
    assert len(sizes) >= 4


def test_secrets_are_only_for_the_owner(up: Up) -> None:
    for path in (up.data, up.data / "secrets", *(up.data / "secrets").iterdir(), up.data / "redis" / "redis.conf"):
        assert path.stat().st_mode & 0o077 == 0, path
    secret = (up.data / "redis" / "redis.conf").read_text().split("requirepass ")[1].split()[0]
    assert all(secret not in line for line in processes_of(up.data).values())


def test_a_second_up_on_the_same_data_is_refused(up: Up) -> None:
    line = refused("--data", str(up.data), "--port", str(free_port()), "--kafka-port", str(free_port()))
    assert line.startswith(f"An up already runs on {up.data}: stop that one")


def test_a_part_that_dies_is_started_again(up: Up) -> None:
    web = next(pid for pid, line in processes_of(up.data).items() if "console.project.web" in line)
    os.kill(web, signal.SIGKILL)
    wait_for(lambda: re.search(r"^web +ready again", up.text, re.MULTILINE), 30, up.text)
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/", timeout=10) as response:
        assert response.status == 200


def test_more_brokers_are_refused_in_words(tmp_path: Path) -> None:
    assert "this version runs one broker" in refused("--brokers", "3", "--data", str(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_one_port_for_console_and_broker_is_refused(tmp_path: Path) -> None:
    said = refused("--port", "18999", "--kafka-port", "18999", "--data", str(tmp_path / "data"))
    assert "Port 18999 cannot be the console's and the broker's" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("option", ["--port", "--kafka-port"])
def test_a_taken_port_is_refused(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        ports = {"--port": free_port(), "--kafka-port": free_port(), option: taken}
        options = [str(word) for pair in ports.items() for word in pair]
        line = refused("--data", str(tmp_path / "data"), *options)
    assert line.startswith(f"Port {taken} for the ")
    assert f"choose another by {option}" in line
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_what_is_no_port_is_said_to_be_none(port: str) -> None:
    result = subprocess.run(command(Path("nowhere"), "--port", port), cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 2
    assert f"{port} is not a port (1 to 65535)" in result.stderr


def test_an_unwritable_data_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ports = ["--port", str(free_port()), "--kafka-port", str(free_port())]
    assert "cannot be written" in refused("--data", str(tmp_path / "file" / "data"), *ports)


def test_a_wrong_redis_url_is_refused(tmp_path: Path) -> None:
    ports = ["--port", str(free_port()), "--kafka-port", str(free_port())]
    line = refused("--data", str(tmp_path / "data"), *ports, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert line.startswith("The Redis named by REDIS_URL does not answer")
    assert not (tmp_path / "data").exists()


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("no.such.setting=1\n")
    line = refused("--data", str(tmp_path / "data"), "--config", str(tmp_path / "config"))
    assert "no.such.setting" in line
    assert not (tmp_path / "data").exists()


def test_an_option_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "up", "--dat", str(tmp_path / "data")],
        cwd=REPOSITORY, env=environment(), capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert result.returncode == 2 and "unrecognized arguments: --dat" in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_later_start_is_quick_and_ctrl_c_stops_everything(up: Up, tmp_path: Path) -> None:
    first = start_up(tmp_path)
    first.wait_ready()
    begun_s = time.monotonic()
    os.killpg(first.process.pid, signal.SIGINT)  # as a terminal does
    assert first.process.wait(60) == 0
    assert time.monotonic() - begun_s < STOP_S_MAX, first.text
    assert "Warm shutdown" not in first.text and first.text.splitlines()[-1].split() == ["up", "stopped"]
    assert processes_of(first.data) == {}
    assert (first.data / "broker-1" / ".kafka_cleanshutdown").exists()

    later = start_up(tmp_path)
    seconds = later.wait_ready()
    busy_s = sum(map(cpu_s, {later.process.pid, *processes_of(later.data)}))
    assert not PASSWORD.search(later.text)
    later.process.kill()
    later.process.wait()
    wait_for(lambda: processes_of(later.data) == {}, 15, f"left behind: {processes_of(later.data)}")
    assert seconds <= START_S_MAX or busy_s <= WORK_S_MAX, f"{busy_s:.1f} s of work\n{later.text}"
