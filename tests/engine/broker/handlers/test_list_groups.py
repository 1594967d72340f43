"""ListGroups requests."""

import pytest

from engine.wire.messages.list_groups import ListGroupsRequest
from tests.engine.broker.group_cast import GROUP, Reader, group_world, stable_reader


@pytest.mark.parametrize("version", range(6))
def test_groups_are_listed(version: int):
    reader = stable_reader(group_world())
    (group,) = reader.peer.call(ListGroupsRequest(), version).groups
    assert (group.group_id, group.protocol_type) == (GROUP, "consumer")
    if version >= 4:
        assert group.group_state == "Stable"
    if version >= 5:
        assert group.group_type == "classic"


@pytest.mark.parametrize(
    ("states", "types", "found"),
    [
        (["stable"], [], 1),
        (["Empty"], [], 0),
        ([], ["CLASSIC"], 1),
        ([], ["consumer"], 0),
        (["Stable"], ["classic"], 1),
    ],
)
def test_filters_are_not_case_sensitive(states: list[str], types: list[str], found: int):
    reader = stable_reader(group_world())
    assert len(reader.peer.call(ListGroupsRequest(states, types), 5).groups) == found


def test_who_commits_without_membership_is_listed_as_empty():
    reader = Reader(group_world())
    reader.commit(1)
    (group,) = reader.peer.call(ListGroupsRequest(), 5).groups
    assert (group.group_id, group.group_state) == (GROUP, "Empty")
