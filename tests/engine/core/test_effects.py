"""What a machine wants, as plain data."""

from engine.core.effects import Effects, Work
from tests.plain_data import impure


def test_observations_are_kept_only_when_somebody_listens():
    effects = Effects()
    effects.observe("leader_elected", "orders", 0)
    assert effects.observations == []
    effects.observing = True
    effects.observe("leader_elected", "orders", 0)
    assert effects.observations == [("leader_elected", "orders", 0)]


def test_effects_of_two_machines_are_two():
    first, second = Effects(), Effects()
    first.connect.append("host:1")
    assert second.connect == []


def test_effects_are_plain_data():
    effects = Effects(observing=True)
    effects.work.append(Work(1, "check_batch", b"batch"))
    effects.observe("high_watermark", 5)
    assert impure(effects) == []
