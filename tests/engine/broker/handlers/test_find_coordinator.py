"""FindCoordinator."""

from engine.wire.messages.find_coordinator import FindCoordinatorRequest
from tests.engine.broker.admin_broker import AdminBroker


def test_transactions_are_refused_for_good_in_every_version() -> None:
    broker = AdminBroker()
    for version in range(1, 4):
        response = broker.call(10, version, FindCoordinatorRequest("t", 1))
        assert (response.error_code, response.node_id, response.host, response.port) == (53, -1, "", -1)
    for version in range(4, 7):
        response = broker.call(10, version, FindCoordinatorRequest("", 1, ["t", "u"]))
        assert [(one.key, one.error_code, one.node_id) for one in response.coordinators] == [
            ("t", 53, -1),
            ("u", 53, -1),
        ]


def test_an_unknown_kind_of_key_is_refused() -> None:
    broker = AdminBroker()
    assert broker.call(10, 2, FindCoordinatorRequest("g", 2)).error_code == 42
    assert broker.call(10, 6, FindCoordinatorRequest("", 2, ["g"])).coordinators[0].error_code == 42
    assert broker.call(10, 6, FindCoordinatorRequest("", 2, ["g:id:0"])).coordinators[0].error_code == 15
