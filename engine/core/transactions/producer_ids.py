"""Producer ids: unique for the life of the cluster, handed out from blocks.

A block is reserved in the metadata log before an id of it is given away; what is left
of a block when the broker stops is never used.

Invariants (S19): `next_id <= block_end`; an id is handed out once; `durable_offset` is
the metadata offset that must be durable before an id of this block may be told.

Not here: writing the block (broker/controller.py).
Spec: KIP-730; org.apache.kafka.server.common.ProducerIdsBlock (1000 ids).
"""

from dataclasses import dataclass

BLOCK_IDS = 1000


@dataclass(slots=True)
class ProducerIds:
    """One broker's current block."""

    next_id: int = 0
    block_end: int = 0  # exclusive
    durable_offset: int = 0  # exclusive: the log end after the record of the block

    @property
    def used_up(self) -> bool:
        """Whether a new block is needed."""
        return self.next_id == self.block_end

    def begin_block(self, first_id: int, durable_offset: int) -> None:
        """Hand out `first_id` and those after it from now on."""
        assert first_id >= self.block_end, "ids are never handed out again"
        self.next_id = first_id
        self.block_end = first_id + BLOCK_IDS
        self.durable_offset = durable_offset

    def take(self) -> int:
        """The next id."""
        assert not self.used_up
        producer_id = self.next_id
        self.next_id += 1
        return producer_id
