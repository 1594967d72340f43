"""Orders that all assignors share."""

from engine.core.groups.assignors.subscriber import Subscriber, in_order, wanted_places


def test_static_members_stand_before_the_others():
    members = [Subscriber("a", ()), Subscriber("b", (), "x"), Subscriber("c", (), "w")]
    assert [one.member_id for one in in_order(members)] == ["c", "b", "a"]


def test_partitions_are_listed_by_topic_and_number():
    assert wanted_places([Subscriber("a", ("u", "t"))], {"t": 1, "u": 2}) == [("t", 0), ("u", 0), ("u", 1)]
