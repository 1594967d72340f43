"""What `up` refuses before it starts anything: one sentence each, and nothing left behind."""

import os
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from console.management import preflight
from console.management.refusals import Refused


def test_a_data_directory_is_made_and_locked(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    lock = preflight.lock_data(data)
    assert data.stat().st_mode & 0o077 == 0
    with pytest.raises(Refused, match=r"An up already runs on .*: stop that one, or choose another directory"):
        preflight.lock_data(data)
    os.close(lock)
    os.close(preflight.lock_data(data))
    assert [path.name for path in data.iterdir()] == [".lock"]


def test_an_unwritable_data_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match=r"cannot be written \(Not a directory\): make it writable or choose another"):
        preflight.lock_data(tmp_path / "file" / "data")
    with pytest.raises(Refused, match="cannot be written"):
        preflight.lock_data(Path("/proc/odradek"))


def test_a_full_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=10, f_frsize=4096))
    with pytest.raises(Refused, match=r"is full \(less than 64 MB free\): make room or use --data"):
        preflight.lock_data(tmp_path)


def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Refused, match=f"Port {port} for the console is in use: .* by --port"):
            preflight.check_port("the console", "--port", "127.0.0.1", port)
    preflight.check_port("the console", "--port", "::1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refused, match=r"Cannot listen on 192\.0\.2\.1:9092 for the broker"):
        preflight.check_port("the broker", "--kafka-port", "192.0.2.1", 9092)


def test_the_command_line_wins_over_the_file_and_the_file_over_our_defaults(tmp_path: Path) -> None:
    config = tmp_path / "broker.properties"
    config.write_text("# mine\ndurability=pagecache\nnum.partitions = 3\nlisteners=PLAINTEXT://127.0.0.1:1234\n")
    properties = preflight.broker_properties(config, 9092, None)
    assert properties == {
        "node.id": "1",
        "listeners": "PLAINTEXT://127.0.0.1:1234",
        "durability": "pagecache",
        "num.partitions": "3",
    }
    assert preflight.broker_properties(config, 9092, "fsync")["durability"] == "fsync"
    assert preflight.broker_properties(None, 9093, None)["listeners"] == "PLAINTEXT://127.0.0.1:9093"


def test_what_up_decides_itself_cannot_be_in_the_file(tmp_path: Path) -> None:
    config = tmp_path / "broker.properties"
    config.write_text("log.dirs=/somewhere\n")
    with pytest.raises(Refused, match=r"log\.dirs cannot be set there \(use --data\)"):
        preflight.broker_properties(config, 9092, None)


@pytest.mark.parametrize(("content", "reason"), [("what is this\n", "line 1"), (None, "No such file")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: str | None, reason: str) -> None:
    config = tmp_path / "broker.properties"
    if content is not None:
        config.write_text(content)
    with pytest.raises(Refused, match=reason):
        preflight.broker_properties(config, 9092, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no.such.setting=1", r"no\.such\.setting"),
        ("num.partitions=many", r"num\.partitions"),
        ("compression.type=zip", ""),
    ],
)
def test_the_broker_itself_judges_its_settings(tmp_path: Path, line: str, reason: str) -> None:
    config = tmp_path / "broker.properties"
    config.write_text(line + "\n")
    properties = preflight.broker_properties(config, 9092, None)
    with pytest.raises(Refused, match=f"--config .*{reason}") as refused:
        preflight.check_broker_properties(properties, config)
    assert "\n" not in str(refused.value)


def test_settings_that_the_broker_accepts_pass(tmp_path: Path) -> None:
    config = tmp_path / "broker.properties"
    config.write_text("num.partitions=3\nlog.retention.hours=1\n")
    preflight.check_broker_properties(preflight.broker_properties(config, 9092, None), config)
