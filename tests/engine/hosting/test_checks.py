"""What a broker process refuses at its start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.launcher import REPOSITORY, check_properties


def test_properties_that_work_pass(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_text("node.id=1\nlisteners=PLAINTEXT://127.0.0.1:0\n")
    assert check_properties(path) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [("no.such=1", "no.such"), ("num.partitions=x", "num.partitions"), ("nonsense", "line 1")],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "p"
    path.write_text(content)
    objection = check_properties(path)
    assert objection is not None
    assert reason in objection


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    objection = check_properties(tmp_path / "nothing")
    assert objection is not None
    assert "cannot be read" in objection


def test_without_properties_it_says_how_to_name_them() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "ODRADEK_BROKER_PROPERTIES"}
    command = [sys.executable, "-m", "engine.hosting"]
    result = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=30)
    assert result.returncode == 78
    assert result.stderr == "Set ODRADEK_BROKER_PROPERTIES to the broker's properties file (manage.py up writes one).\n"
