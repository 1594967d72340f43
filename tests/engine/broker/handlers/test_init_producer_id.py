"""InitProducerId."""

from engine.wire.messages.init_producer_id import InitProducerIdRequest
from tests.engine.broker.admin_broker import AdminBroker


def test_ids_are_told_in_every_version_and_only_once() -> None:
    broker = AdminBroker()
    ids = []
    for version in range(6):
        response = broker.call(22, version, InitProducerIdRequest(None, 60000))
        assert (response.error_code, response.producer_epoch) == (0, 0)
        ids.append(response.producer_id)
    assert ids == list(range(6))


def test_no_id_is_told_before_its_block_is_durable() -> None:
    broker = AdminBroker()
    broker.send(22, 4, InitProducerIdRequest(None, 60000))
    broker.send(22, 4, InitProducerIdRequest(None, 60000))
    assert not broker.connection.out.items
    end = broker.quorum.log.log_end_offset
    broker.sync()
    assert [broker.received(22, 4).producer_id for _ in range(2)] == [0, 1]
    assert broker.quorum.log.log_end_offset == end and broker.image.next_producer_id == 1000


def test_ids_are_never_told_again_after_a_crash() -> None:
    broker = AdminBroker()
    for _ in range(3):
        broker.call(22, 4, InitProducerIdRequest(None, 60000))
    again = broker.restarted()
    assert again.call(22, 4, InitProducerIdRequest(None, 60000)).producer_id == 1000


def test_a_used_up_block_is_followed_by_another() -> None:
    broker = AdminBroker()
    ids = [broker.call(22, 4, InitProducerIdRequest(None, 60000)).producer_id for _ in range(1001)]
    assert ids == list(range(1001)) and broker.image.next_producer_id == 2000


def test_refusals() -> None:
    broker = AdminBroker()
    for request, code in (
        (InitProducerIdRequest("", 60000), 42),
        (InitProducerIdRequest(None, 60000, 5, -1), 42),
        (InitProducerIdRequest(None, 60000, -1, 3), 42),
        (InitProducerIdRequest("tx", 60000), 53),  # no transactions yet: final, not retried
    ):
        response = broker.call(22, 4, request)
        assert (response.error_code, response.producer_id, response.producer_epoch) == (code, -1, -1)


def test_a_full_disk_makes_clients_ask_again() -> None:
    broker = AdminBroker()
    broker.disk.full = True
    assert broker.call(22, 4, InitProducerIdRequest(None, 60000)).error_code == 14
    broker.disk.full = False
    assert broker.call(22, 4, InitProducerIdRequest(None, 60000)).producer_id == 0
