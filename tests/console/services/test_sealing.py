import pytest
from django.test import override_settings

from console.services.sealing import Unreadable, seal, unseal


def test_what_is_sealed_opens_in_its_place_only():
    sealed = seal({"password": "canary ü"}, place="cluster:1")
    assert "canary" not in sealed and unseal(sealed, place="cluster:1") == {"password": "canary ü"}
    with pytest.raises(Unreadable):
        unseal(sealed, place="cluster:2")


def test_another_key_does_not_open_it():
    sealed = seal({"password": "canary"}, place="x")
    with override_settings(CLUSTER_SECRETS_KEY="another"), pytest.raises(Unreadable, match="secrets/clusters"):
        unseal(sealed, place="x")


def test_it_is_never_twice_the_same():
    assert seal({}, place="x") != seal({}, place="x")


@pytest.mark.parametrize("damage", ["", "1:", "2:AAAA", "1:!!!", "1:" + "A" * 40, "nonsense"])
def test_damage_is_found(damage):
    with pytest.raises(Unreadable):
        unseal(damage, place="x")
