"""One partition on its leader: its log, how far it may be read, who waits for it.

Invariants:
- high_watermark <= synced_end <= log.log_end_offset in `fsync` mode;
  high_watermark == log.log_end_offset in `pagecache` mode.
- high_watermark_position is where the high watermark lies in the files, taken with it.
- parked_acks are in the order of the offsets they wait for.

Not here: when to sync (durability.py), what replies look like (handlers/).
"""

from collections import deque
from dataclasses import dataclass, field

from engine.broker.parked_requests import ParkedAck, ParkedFetch
from engine.core.log.offsets import LogPosition
from engine.storage.log import Log


@dataclass(slots=True, eq=False)
class Partition:
    """What the broker keeps of one partition that it leads."""

    topic: str
    index: int
    topic_id: bytes
    log: Log
    leader_epoch: int
    high_watermark: int  # exclusive: the first offset that may not be read yet
    high_watermark_position: LogPosition
    synced_end: int  # exclusive: what survives a power loss
    dirty: bool = False  # the next sync covers it (durability.py knows)
    offline: bool = False  # its disk failed: nothing of it is to be trusted until a restart
    holds_groups: bool = False  # a partition of __consumer_offsets: the group coordinator hears of its high watermark
    removed: bool = False  # its topic is deleted
    unsynced_since_ms: int = 0  # when the oldest record not yet synced was appended (flush.ms)
    parked_acks: deque[tuple[int, ParkedAck]] = field(default_factory=deque)  # (needed offset, slot)
    parked_fetches: dict[int, ParkedFetch] = field(default_factory=dict)  # by number, oldest first
    woken: bool = False  # fetches that wait for it are looked at when the event ends

    def check_invariants(self) -> None:
        """Say whether the marks stand where they may."""
        assert self.log.log_start_offset <= self.high_watermark <= self.log.log_end_offset
        assert self.high_watermark_position.offset == self.high_watermark
        assert self.synced_end <= self.log.log_end_offset


def end_offset_for_epoch(partition: Partition, epoch: int) -> tuple[int, int]:
    """Return (the largest epoch up to this one, where it ends); -1 for what is not known.

    The log notes an epoch with its first record; an epoch without records begins and ends at the log end.
    """
    log = partition.log
    if epoch == partition.leader_epoch:
        return epoch, log.log_end_offset
    if 0 <= epoch < partition.leader_epoch and epoch > log.leader_epoch:
        return max(log.leader_epoch, 0), log.log_end_offset
    return log.end_offset_for_epoch(epoch)


def committed_end(partition: Partition, synced_end: LogPosition) -> LogPosition:
    """Where the high watermark may stand when a sync up to here is done. Of its own, so that a plant can break it."""
    return synced_end
