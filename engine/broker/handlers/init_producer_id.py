"""InitProducerId: a number under which a producer's batches are told from all others.

Transactions are not built yet: a transactional id is refused with an error that clients
report at once, not one that they retry for ever.

Spec: KIP-98, KIP-360; kafka.coordinator.transaction.TransactionCoordinator.handleInitProducerId.
"""

from typing import TYPE_CHECKING

from engine.broker import controller
from engine.broker.context import RequestContext
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.messages.init_producer_id import InitProducerIdRequest, InitProducerIdResponse, encode_response
from engine.wire.primitives import Message

if TYPE_CHECKING:
    from engine.broker.broker import Broker

NONE = -1


def handle(broker: "Broker", context: RequestContext, request: InitProducerIdRequest) -> Message | None:
    """Give a fresh producer id with epoch 0; it is told when its block is durable."""
    if (request.producer_id == NONE) != (request.producer_epoch == NONE) or request.transactional_id == "":
        return _refuse(ErrorCode.INVALID_REQUEST)
    if request.transactional_id is not None:
        return _refuse(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    try:
        producer_id, durable_offset = controller.take_producer_id(broker)
    except WireError:  # no block could be written: clients ask again
        return _refuse(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    response = InitProducerIdResponse(producer_id=producer_id, producer_epoch=0)
    return controller.answer_when_durable(broker, context, encode_response, response, durable_offset)


def _refuse(code: ErrorCode) -> InitProducerIdResponse:
    return InitProducerIdResponse(error_code=code, producer_id=NONE, producer_epoch=NONE)
