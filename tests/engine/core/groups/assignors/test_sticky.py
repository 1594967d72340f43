"""The sticky assignor: even, and faithful to what members held."""

from hypothesis import given
from hypothesis import strategies as st

from engine.core.groups.assignors.sticky import assign
from engine.core.groups.assignors.subscriber import Subscriber


def test_everybody_keeps_what_is_not_too_much():
    members = [
        Subscriber("a", ("t",), owned=(("t", 0), ("t", 1), ("t", 2), ("t", 3)), generation_id=1),
        Subscriber("b", ("t",)),
    ]
    assignment = assign(members, {"t": 4})
    assert set(assignment["a"]) < {("t", 0), ("t", 1), ("t", 2), ("t", 3)}
    assert [len(places) for places in assignment.values()] == [2, 2]


def test_of_two_claims_the_later_generation_counts():
    members = [
        Subscriber("a", ("t",), owned=(("t", 0),), generation_id=1),
        Subscriber("b", ("t",), owned=(("t", 0),), generation_id=2),
    ]
    assert assign(members, {"t": 2}) == {"a": [("t", 1)], "b": [("t", 0)]}


@given(
    st.lists(st.lists(st.sampled_from("tuv"), min_size=1, unique=True), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from("tuv"), st.integers(0, 6)),
)
def test_every_wanted_partition_has_one_reader_who_wants_it(wishes: list, counts: dict):
    members = [Subscriber(f"m{number}", tuple(topics)) for number, topics in enumerate(wishes)]
    assignment = assign(members, counts)
    given_out = sorted(place for places in assignment.values() for place in places)
    wanted = sorted({topic for topics in wishes for topic in topics})
    assert given_out == [(topic, index) for topic in wanted for index in range(counts.get(topic, 0))]
    for member in members:
        assert all(topic in member.topics for topic, _ in assignment[member.member_id])


@given(st.integers(1, 6), st.integers(0, 20))
def test_equal_wishes_differ_by_one_at_most_and_a_second_round_moves_nothing(member_count: int, partitions: int):
    members = [Subscriber(f"m{number}", ("t",)) for number in range(member_count)]
    first = assign(members, {"t": partitions})
    sizes = [len(places) for places in first.values()]
    assert max(sizes) - min(sizes) <= 1
    again = [Subscriber(one.member_id, ("t",), None, tuple(first[one.member_id]), 1) for one in members]
    assert assign(again, {"t": partitions}) == first
