import pytest

from engine.wire.error_codes import ErrorCode
from engine.wire.messages.list_config_resources import ListConfigResourcesRequest
from tests.engine.broker.harness import World


@pytest.fixture
def world():
    world = World()
    world.create_topic()
    return world


def listed(world, *kinds, version=1):
    reply = world.connect().call(ListConfigResourcesRequest(list(kinds)), version)
    return reply.error_code, [(one.resource_type, one.resource_name) for one in reply.config_resources]


def test_no_kind_named_means_every_kind(world):
    assert listed(world) == (0, [(8, "1"), (4, "1"), (2, "t")])


@pytest.mark.parametrize(("kind", "names"), [(2, ["t"]), (4, ["1"]), (8, ["1"]), (16, []), (32, [])])
def test_a_kind_is_listed_alone(world, kind, names):
    assert listed(world, kind) == (0, [(kind, name) for name in names])


def test_a_kind_named_twice_is_listed_once(world):
    assert listed(world, 2, 2) == (0, [(2, "t")])


def test_an_unknown_kind_is_refused(world):
    assert listed(world, 2, 99) == (ErrorCode.UNSUPPORTED_VERSION, [])


def test_version_0_asks_for_what_we_do_not_have(world):
    assert listed(world, version=0) == (0, [])
