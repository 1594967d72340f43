"""The round-robin assignor deals partitions out like cards."""

from engine.core.groups.assignors.round_robin import assign
from engine.core.groups.assignors.subscriber import Subscriber


def test_partitions_of_all_topics_are_dealt_in_turn():
    members = [Subscriber("a", ("t", "u")), Subscriber("b", ("t", "u"))]
    assert assign(members, {"t": 3, "u": 1}) == {"a": [("t", 0), ("t", 2)], "b": [("t", 1), ("u", 0)]}


def test_who_does_not_want_a_topic_is_passed_over():
    members = [Subscriber("a", ("t",)), Subscriber("b", ("t", "u"))]
    assert assign(members, {"t": 1, "u": 2}) == {"a": [("t", 0)], "b": [("u", 0), ("u", 1)]}
