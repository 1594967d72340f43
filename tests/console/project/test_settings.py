"""`check --deploy` is clean where the settings are as documented, and says so where others would come in plain."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, ""),
        (
            {"ODRADEK_HTTPS": "1", "ODRADEK_HOSTS": "kafka.example", "ODRADEK_CLUSTER_ADDRESSES": "public"},
            "",
        ),
        ({"ODRADEK_HOSTS": "kafka.example"}, "set ODRADEK_HTTPS=1"),
        ({"ODRADEK_PROXIES": "10.0.0.9, proxy.example"}, "ODRADEK_PROXIES holds addresses and networks only"),
        ({"ODRADEK_CONNECTIONS": "many"}, "ODRADEK_CONNECTIONS is a whole number, at least 1, and not many"),
        ({"ODRADEK_GUESTS_A_DAY": "30"}, ""),
        ({"ODRADEK_GUESTS_A_DAY": "0"}, "ODRADEK_GUESTS_A_DAY is a whole number, at least 1, and not 0"),
    ],
    ids=[
        "on this machine",
        "by https",
        "in plain",
        "a proxy by its name",
        "a number that is none",
        "a class of guests",
        "no guests a day",
    ],
)
def test_check_deploy(tmp_path, environment, words):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ODRADEK_")}
    environment = {"ODRADEK_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "console.project.settings", **environment}
    done = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env={**kept, **environment},
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert (done.returncode != 0) is bool(words) and words in said, said
