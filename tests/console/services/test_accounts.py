import pytest

from console.models import User
from console.services import accounts

pytestmark = pytest.mark.django_db


def test_the_first_administrator_is_made_once():
    password = accounts.ensure_admin()
    assert User.objects.get(username="admin").check_password(password)
    assert accounts.ensure_admin() is None


def test_an_existing_administrator_is_enough():
    User.objects.create_superuser("olga", password="a long enough secret")
    assert accounts.ensure_admin() is None
    assert not User.objects.filter(username="admin").exists()
