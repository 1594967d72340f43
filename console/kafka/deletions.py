"""Where the logs of a topic would begin after records are deleted: counted before anything is done.

*Invariants*: no log begins later than its end; one whose offsets are not known stays.
*Not here*: the deletion (topic_writes.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from console.kafka import group_offsets
from console.kafka.connection import ConnectionSpec, Session, run
from console.kafka.topics import TopicDetail


@dataclass(frozen=True, slots=True)
class Planned:
    """One partition."""

    partition: int
    start: int | None
    end: int | None
    to: int | None  # where it would begin
    note: str = ""
    beyond: bool = False  # more was asked for than there is

    @property
    def lost(self) -> int:
        """Records that would be deleted, as far as offsets tell."""
        return max(0, self.to - self.start) if self.to is not None and self.start is not None else 0


def planned(
    spec: ConnectionSpec, topic: TopicDetail, kind: str, time_ms: int | None, offsets: Mapping[int, int]
) -> list[Planned]:
    """All records, those older than a time, or those before an offset of each partition."""
    times: dict[tuple[str, int], group_offsets.AtTime] = {}
    if kind == "time":
        assert time_ms is not None, "the form asks for a time"
        places = [(topic.name, part.index) for part in topic.partitions if part.error is None]

        async def read(session: Session) -> dict[tuple[str, int], group_offsets.AtTime]:
            return await group_offsets.at_time(session, places, time_ms)

        times = run(spec, read)
    found = []
    for part in topic.partitions:
        start, end = part.start_offset, part.end_offset
        if start is None or end is None:
            found.append(Planned(part.index, start, end, None, f"stays: {part.error}"))
        elif kind == "all":
            found.append(Planned(part.index, start, end, end))
        elif kind == "time":
            found.append(_by_time(part.index, start, end, times.get((topic.name, part.index))))
        else:
            to = offsets.get(part.index, start)
            beyond = to > end
            found.append(Planned(part.index, start, end, start if beyond else max(start, to), beyond=beyond))
    return found


def _by_time(index: int, start: int, end: int, at: group_offsets.AtTime | None) -> Planned:
    if at is None or at.error is not None:
        return Planned(index, start, end, None, f"stays: {at.error if at else 'the cluster does not tell this time'}")
    # No record is that young: all are older.
    to = end if at.offset is None else at.offset
    return Planned(index, start, end, max(start, min(to, end)))
