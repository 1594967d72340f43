"""The launcher's files and signals; whole broker processes are in tests/engine/hosting."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine import launcher


def test_properties_come_back_as_they_were_saved(tmp_path: Path) -> None:
    path = tmp_path / "broker-1.properties"
    properties = {"node.id": "1", "listeners": "PLAINTEXT://127.0.0.1:9092", "x": "a=b # c"}
    launcher.save_properties(path, properties)
    assert launcher.load_properties(path) == properties
    assert [path.name for path in tmp_path.iterdir()] == ["broker-1.properties"]


def test_a_value_cannot_bring_a_second_setting(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line break"):
        launcher.save_properties(tmp_path / "p", {"a": "1\nb=2"})


def test_a_bad_line_is_named_with_its_number(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("# fine\n\na=1\nwhat\n")
    with pytest.raises(ValueError, match=r"line 4: 'what' is not key=value"):
        launcher.load_properties(tmp_path / "p")


def test_brokers_are_found_by_their_properties(tmp_path: Path) -> None:
    for node_id, more in ((2, {"log.retention.check.interval.ms": "1500"}), (1, {})):
        directory = tmp_path / f"broker-{node_id}"
        launcher.save_properties(launcher.properties_path(directory), {"node.id": str(node_id), **more})
    found = launcher.find_brokers(tmp_path)
    assert [(broker.node_id, broker.queue) for broker in found] == [(1, "broker.1"), (2, "broker.2")]
    assert found[1].properties["log.retention.check.interval.ms"] == "1500"
    assert found[0].directory == tmp_path / "broker-1"
    assert launcher.find_brokers(tmp_path / "nothing") == []


def test_readiness_is_heard_from_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    readiness = launcher.Readiness()
    assert not readiness.heard()
    code = "from engine.launcher import tell_ready; tell_ready()"
    environment = {**os.environ, "NOTIFY_SOCKET": readiness.address}
    subprocess.run([sys.executable, "-c", code], cwd=launcher.REPOSITORY, env=environment, check=True)
    assert readiness.heard()
    readiness.close()
    monkeypatch.setenv("NOTIFY_SOCKET", readiness.address)
    launcher.tell_ready()  # nobody listens any more: nothing happens


@pytest.mark.processes
def test_what_it_starts_dies_with_it_even_at_kill_9() -> None:
    code = (
        "import subprocess, sys, time; from engine.launcher import start_process; "
        "child = start_process([sys.executable, '-S', '-c', 'import time; time.sleep(60)'], environment={}); "
        "print(child.pid, flush=True); time.sleep(60)"
    )
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=launcher.REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    child = Path(f"/proc/{int(starter.stdout.readline())}")
    starter.kill()
    starter.wait()
    starter.stdout.close()
    end_s = time.monotonic() + 5
    while child.exists() and "(zombie)" not in (child / "status").read_text():
        assert time.monotonic() < end_s, "the child outlived its starter"
        time.sleep(0.01)
