import pytest

from console.services import outages
from tests.console.cast import Cast, assemble
from tests.console.fake_groups import FakeGroups
from tests.console.fake_kafka import FakeKafka
from tests.console.fake_writes import FakeWrites


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def kafka(monkeypatch) -> FakeKafka:
    return FakeKafka().put_in_place(monkeypatch)


@pytest.fixture
def cast(db) -> Cast:
    outages._outages.clear()
    return assemble()


@pytest.fixture
def writes(kafka, monkeypatch) -> FakeWrites:
    FakeGroups(kafka).put_in_place(monkeypatch)
    return FakeWrites(kafka).put_in_place(monkeypatch)
