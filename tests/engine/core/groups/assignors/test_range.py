"""The range assignor cuts each topic into runs."""

from engine.core.groups.assignors.range import assign
from engine.core.groups.assignors.subscriber import Subscriber


def test_the_first_members_get_one_more():
    members = [Subscriber("b", ("t",)), Subscriber("a", ("t",))]
    assert assign(members, {"t": 3}) == {"a": [("t", 0), ("t", 1)], "b": [("t", 2)]}


def test_topics_with_the_same_members_are_cut_alike():
    members = [Subscriber("a", ("t", "u")), Subscriber("b", ("t", "u"))]
    assert assign(members, {"t": 2, "u": 2}) == {"a": [("t", 0), ("u", 0)], "b": [("t", 1), ("u", 1)]}


def test_static_members_come_first_by_their_instance():
    members = [Subscriber("a", ("t",)), Subscriber("z", ("t",), instance_id="i")]
    assert assign(members, {"t": 1})["z"] == [("t", 0)]


def test_a_topic_that_is_not_there_has_no_partitions():
    assert assign([Subscriber("a", ("t",))], {}) == {"a": []}
