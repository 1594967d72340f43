import pytest

from console.models import Role, User
from console.services import tokens
from tests.console.fake_api import FakeApi
from tests.console.fake_groups import FakeGroups


@pytest.fixture
def api(kafka, monkeypatch) -> FakeApi:
    FakeGroups(kafka).put_in_place(monkeypatch)
    return FakeApi(kafka).put_in_place(monkeypatch)


@pytest.fixture
def bearer(cast):
    """Headers with a token: of this person, for this role."""

    def made(name="ada", role=Role.ADMIN, **how):
        how = {"clusters": None, "days": None} | how
        _, value = tokens.create(User.objects.get(username=name), f"for {name} {role}", role, **how)
        return {"Authorization": f"Bearer {value}"}

    return made
