"""Subscriptions and assignments as bytes: our own, Java's memory of the sticky assignor, damaged ones."""

import pytest

from engine.client.group_messages import decode_assignment, decode_subscription, encode_assignment, encode_subscription
from engine.core.groups.subscription import topics_of
from engine.wire.primitives import Malformed

OWNED = [("t", 0), ("t", 2), ("u", 1)]
# Java's StickyAssignorUserData, version 1: one topic "t" with partitions 0 and 1, generation 7.
JAVA_MEMORY = bytes.fromhex("0000000100017400000002000000000000000100000007")


@pytest.mark.parametrize("assignor", ["range", "roundrobin", "sticky", "cooperative-sticky"])
def test_what_a_member_says_is_read_as_it_was_said(assignor):
    data = encode_subscription(assignor, ("u", "t"), OWNED, 4)
    said = decode_subscription(assignor, "me", "static", data)
    assert (said.member_id, said.instance_id, said.topics) == ("me", "static", ("t", "u"))
    assert (list(said.owned), said.generation_id) == (OWNED, 4)
    assert topics_of(data) == ["t", "u"]


def test_the_order_of_topics_and_partitions_changes_no_byte():
    assert encode_subscription("range", ("a", "b"), OWNED, 1) == encode_subscription(
        "range", ("b", "a"), OWNED[::-1], 1
    )


def test_the_memory_of_javas_sticky_assignor_is_read():
    plain = encode_subscription("range", ("t",), [], -1)
    size = len(JAVA_MEMORY).to_bytes(4, "big")
    data = plain.replace(b"t" + b"\xff" * 4, b"t" + size + JAVA_MEMORY, 1)
    said = decode_subscription("sticky", "java", None, data)
    assert (said.owned, said.generation_id) == ((("t", 0), ("t", 1)), 7)
    assert decode_subscription("range", "java", None, data).owned == ()


def test_the_generation_of_older_cooperative_members_is_read_from_their_user_data():
    plain = encode_subscription("range", ("t",), [("t", 1)], -1)
    data = plain.replace(b"t" + b"\xff" * 4, b"t" + b"\0\0\0\4" + b"\0\0\0\5", 1)
    said = decode_subscription("cooperative-sticky", "old", None, data)
    assert (said.owned, said.generation_id) == ((("t", 1),), 5)


@pytest.mark.parametrize("memory", [b"", b"\0", b"\x7f\xff\xff\xff", b"\0\0\0\1\0\1\xff", JAVA_MEMORY[:-6]])
def test_user_data_that_is_no_memory_counts_as_none(memory):
    plain = encode_subscription("range", ("t",), [], -1)
    data = plain.replace(b"t" + b"\xff" * 4, b"t" + len(memory).to_bytes(4, "big") + memory, 1)
    assert decode_subscription("sticky", "odd", None, data).owned == ()


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\1\0\0\0\1\0\5ab"])
def test_a_damaged_subscription_is_malformed(data):
    with pytest.raises(Malformed):
        decode_subscription("range", "me", None, data)


def test_an_assignment_is_read_as_it_was_made():
    assert decode_assignment(encode_assignment(OWNED[::-1])) == OWNED
    assert decode_assignment(b"") == []
