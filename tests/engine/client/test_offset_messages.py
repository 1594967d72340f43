"""Answers to ListOffsets: what was asked for, and no more than that of an answer that says more."""

from engine.client.calls import OffsetFound
from engine.client.errors import Refused
from engine.client.offset_messages import decode
from engine.wire.messages.list_offsets import (
    ListOffsetsPartitionResponse,
    ListOffsetsResponse,
    ListOffsetsTopicResponse,
)


def answer(*topics):
    return ListOffsetsResponse(
        topics=[
            ListOffsetsTopicResponse(
                name=name,
                partitions=[
                    ListOffsetsPartitionResponse(partition_index=index, error_code=code, timestamp=-1, offset=7)
                    for index, code in enumerate(codes)
                ],
            )
            for name, codes in topics
        ]
    )


def test_each_partition_has_its_offset_or_why_there_is_none():
    found = decode(answer(("a", [0, 6]), ("b", [0])), 3)
    assert found["a", 0] == found["b", 0] == OffsetFound(7, -1, -1)
    assert isinstance(found["a", 1], Refused) and len(found) == 3


def test_what_nobody_asked_for_is_not_gone_through():
    assert len(decode(answer(("a", [0] * 5_000)), 3)) == 3
    assert list(decode(answer(*[(f"t{number}", [0]) for number in range(5_000)]), 2)) == [("t0", 0), ("t1", 0)]
