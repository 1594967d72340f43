"""The programs that no lock names say the versions that README says of them."""

import subprocess

import pytest

from tests.apache_kafka import tool
from tests.engine.compat.compatibility_table import KAFKA, KCAT, LIBRDKAFKA_OF_KCAT

pytestmark = pytest.mark.processes


def test_kcat_is_of_the_version_in_the_table():
    said = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
    if f"Version {KCAT} " not in said:
        pytest.skip(f"README speaks of kcat {KCAT}; here is another: {said.splitlines()[-1]}")
    assert f"librdkafka {LIBRDKAFKA_OF_KCAT} " in said


@pytest.mark.kafka
def test_kafkas_tools_are_of_the_version_in_the_table():
    assert tool("kafka-topics", "--version").split() == [KAFKA]
