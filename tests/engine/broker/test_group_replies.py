"""Replies to those who wait for a group: once, and in the versions' own words."""

from engine.broker.context import RequestContext
from engine.broker.group_replies import ParkedGroupRequest, give
from engine.core.groups.answers import JoinAnswer, SyncAnswer
from engine.wire.error_codes import ErrorCode
from engine.wire.frames import decode_response
from tests.engine.broker.harness import World


def parked(world: World, api_key: int, version: int) -> ParkedGroupRequest:
    connection = world.connect().connection
    slot = ParkedGroupRequest(context=RequestContext(connection, api_key, version, 3, "c"))
    connection.slots.append(slot)
    return slot


def test_a_refused_join_has_no_protocol_where_the_version_allows_none():
    world = World()
    for version, name in ((6, ""), (7, None)):
        slot = parked(world, 11, version)
        give(world.broker, slot, JoinAnswer(1, ErrorCode.UNKNOWN_MEMBER_ID, "m"))
        assert slot.items is not None and isinstance(slot.items[0], bytes)
        _, response = decode_response(11, version, memoryview(slot.items[0])[4:])
        assert (response.error_code, response.member_id, response.protocol_name) == (25, "m", name)


def test_an_answer_that_comes_too_late_changes_nothing():
    world = World()
    slot = parked(world, 14, 3)
    give(world.broker, slot, SyncAnswer(1, ErrorCode.NONE, assignment=b"first"))
    first = slot.items
    give(world.broker, slot, SyncAnswer(1, ErrorCode.NONE, assignment=b"second"))
    assert slot.items is first
    assert slot.connection in world.broker.unblocked
