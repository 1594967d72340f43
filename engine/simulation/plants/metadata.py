"""Planted bugs about the metadata log.

Not here: what the controller really does (broker/controller.py).
"""

from typing import Any

from engine.broker import controller
from engine.broker.broker import Broker
from engine.broker.context import RequestContext
from engine.simulation.plants.plant import Plant
from engine.wire.primitives import Message


def _answers_before_it_is_durable(
    broker: Broker, context: RequestContext, encode: Any, response: Message, offset: int
) -> Message:
    return response


def _keeps_the_block_to_itself(broker: Broker) -> tuple[int, int]:
    ids = broker.controller.producer_ids
    if ids.used_up:
        ids.begin_block(max(ids.block_end, broker.quorum.latest.next_producer_id), 0)
    return ids.take(), ids.durable_offset


def _gives_the_same_id_again(broker: Broker) -> bytes:
    return bytes(range(1, 17))


PLANTS = (
    Plant(
        "metadata answered early",
        "The controller answers before its records are durable.",
        controller,
        "answer_when_durable",
        _answers_before_it_is_durable,
        seeds_max=60,
    ),
    Plant(
        "producer id block not persisted",
        "Ids are given from a block that the metadata log does not know.",
        controller,
        "take_producer_id",
        _keeps_the_block_to_itself,
        seeds_max=60,
    ),
    Plant(
        "topic id used again",
        "A new topic gets the id of an older one.",
        Broker,
        "new_uuid",
        _gives_the_same_id_again,
        seeds_max=3,
    ),
)
