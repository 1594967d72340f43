"""Looking inside a broker of a world: its records, the files on its disk, who caused an event.

Invariants:
- Looking changes nothing.
- What is read at once has a limit; texts are clipped, and what is no text is shown as its bytes.

Not here: the picture, which shows less of everything (picture.py).
"""

from typing import Any

from engine.core.records.record import Record, batches, decode_records
from engine.simulation.hosted.produce_actor import HEADER
from engine.simulation.hosted.shape import broker_of, brokers
from engine.simulation.hosted.texts import clipped
from engine.simulation.hosted.timeline import Timeline
from engine.simulation.world import World
from engine.wire.error_codes import WireError

READ_BYTES, BATCH_BYTES = 4 << 10, 1 << 20  # at once, and when a batch is larger than that
RECORDS_MAX = 1_000  # of one reading
FILES_MAX = 200
HEAD_BYTES = 160  # of a file, as hex
ROUNDS_MAX = 400  # events that are walked back through: actors' chains are short, a broker's own are nobody's


def records(world: World, topic: str, partition: int, first: int, end: int) -> list[dict[str, Any]]:
    """The records of a partition from `first` up to `end`, as many as there are and may be read at once."""
    for broker in filter(None, map(broker_of, brokers(world))):
        held = broker.replica_manager.partition(topic, partition)
        if held is None or held.offline:
            continue
        log = held.log
        offset, end = max(first, log.log_start_offset), min(end, log.log_end_offset, first + RECORDS_MAX)
        found: list[Record] = []
        size = READ_BYTES
        try:
            while offset < end:
                before = offset
                for header, batch in batches(log.read(offset, log.end_position(), size)):
                    if header.base_offset >= end:
                        break  # what is read lies further than what was asked for
                    if not header.is_control:
                        found += [one for one in decode_records(batch) if offset <= one.offset < end]
                    offset = max(offset, header.last_offset + 1)
                if offset > before:
                    size = READ_BYTES
                elif size < BATCH_BYTES:
                    size = BATCH_BYTES
                else:
                    break
        except WireError:
            pass  # what is damaged is not shown; the records before it are
        return [_shown(topic, partition, one) for one in found]
    return []


def _shown(topic: str, partition: int, record: Record) -> dict[str, Any]:
    headers = {clipped(name): clipped(value) for name, value in record.headers}
    made_by = headers.pop(HEADER, None)
    return {
        "topic": topic, "partition": partition, "offset": record.offset, "key": clipped(record.key),
        "value": clipped(record.value), "headers": headers,
        "from": made_by.rpartition(":")[0] if made_by else None,
    }  # fmt: skip


def files(world: World, topic: str) -> list[dict[str, Any]]:
    """The files of a topic on the disks of all brokers, also of one that is down."""
    found: list[dict[str, Any]] = []
    for node in brokers(world):
        assert node.disk is not None, "a broker has a disk"
        for path, file in node.disk.files():
            directory, _, name = path.rpartition("/")
            title, _, partition = directory.rpartition("/")[2].rpartition("-")
            if title != topic or not partition.isdigit() or len(found) >= FILES_MAX:
                continue
            size = file.size
            found.append({
                "broker": node.name, "topic": topic, "partition": int(partition), "name": name, "size": size,
                "synced": file.synced_size, "kind": name.rpartition(".")[2],
                "head": file.read(0, min(size, HEAD_BYTES)).hex() if name.endswith(".log") else "",
            })  # fmt: skip
    return sorted(found, key=lambda one: (one["broker"], one["partition"], one["name"]))


def root(timeline: Timeline, event: int, known: dict[int, int]) -> int:
    """The action of the learner that an event goes back to; 0 if it goes back to none. `known` remembers."""
    path: list[int] = []
    number, found = event, 0
    while number and len(path) < ROUNDS_MAX:
        if number in known:
            found = known[number]
            break
        path.append(number)
        entry = timeline.entry(number)
        if entry is None:
            break
        if entry.kind == "act":
            found = number
            break
        if entry.kind == "close":
            declared = int(entry.brief[1])  # in which it was asked for
        else:
            declared = int(entry.brief or 0) if entry.kind in ("wake", "begin") else _declared(timeline, entry)
        number = declared or entry.cause
    for one in path:
        known[one] = found
    return found


def declaration(timeline: Timeline, name: str, event: int) -> int:
    """The action that made a client what it is; 0 if it is none, or was made so later than the event."""
    node = timeline.world.nodes.get(name)
    return 0 if node is None or node.actor is None or node.declared > event else node.declared


def _declared(timeline: Timeline, entry: Any) -> int:
    """A timer of a client is its declaration's; a broker's is nobody's."""
    if entry.kind != "deadline" or not isinstance(entry.subject, str):
        return 0
    node = timeline.world.nodes.get(entry.subject)
    return 0 if node is None or node.disk is not None or node.declared >= entry.number else node.declared
