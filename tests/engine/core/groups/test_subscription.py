"""Subscriptions and assignments, read from bytes that clients send."""

import pytest

from engine.core.groups.subscription import assigned_partitions, subscribed_topics, topics_of
from engine.wire.primitives import Malformed
from tests.engine.core.groups.cast import SUBSCRIPTION, Stage


def test_topics_are_read():
    assert topics_of(SUBSCRIPTION) == ["orders"]


def test_a_newer_version_is_read_as_the_newest_known():
    known = b"\x00\x03" + SUBSCRIPTION[2:] + b"\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff"
    assert topics_of(b"\x00\x09" + known[2:]) == ["orders"]


@pytest.mark.parametrize("damaged", [b"", b"\x00", b"\x00\x00\x7f\xff\xff\xff", SUBSCRIPTION[:9]])
def test_damaged_subscriptions_are_malformed(damaged: bytes):
    with pytest.raises(Malformed):
        topics_of(damaged)


def test_what_cannot_be_read_makes_the_topics_unknown():
    stage = Stage()
    stage.join(protocols=[("range", b"junk")])
    assert subscribed_topics(stage.group) is None


def test_an_assignment_is_read():
    assignment = b"\x00\x00\x00\x00\x00\x01\x00\x01t\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x01\xff\xff\xff\xff"
    assert assigned_partitions(assignment) == [("t", [0, 1])]
    assert assigned_partitions(b"") == []
