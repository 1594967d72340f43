"""Frames of a sandbox's picture and timeline for /_patterns/: what a runner sends, made up, one for each state.

*Not here*: how they are drawn (static/js/picture), real frames (engine.simulation.hosted.picture).
"""

import json
from collections.abc import Sequence
from typing import Any

SLOT_TIME_US = 12_000_000
SHOP = {
    "kind": "producer", "name": "shop", "topic": "orders", "rate": 2, "acks": "all", "keys": "round", "limit": None,
    "partition": None, "partitioner": "java", "idempotent": True,
}  # fmt: skip
TILL = {
    "kind": "consumer", "name": "billing-1", "topic": "orders", "group": "billing", "commit": "auto", "work_ms": 0,
    "crash": None,
}  # fmt: skip
ENDS = (9, 12, 6)
SYNCED = (9, 9, 6)
COMMITTED = (6, 9, 6)
DRAWN_MAX = 40  # records of a partition that a frame has


def frame(*, up: bool = True, lost: bool = False, ends: Sequence[int] = ENDS, synced: Sequence[int] = SYNCED) -> str:
    """The broker up with records that wait for the disk; or down, and those lost."""
    return json.dumps(_frame(up=up, lost=lost, ends=ends, synced=synced))


def _frame(
    *, up: bool = True, lost: bool = False, ends: Sequence[int] = ENDS, synced: Sequence[int] = SYNCED
) -> dict[str, Any]:
    partitions = [_partition(index, *both, up=up) for index, both in enumerate(zip(ends, synced, strict=True))]
    positions = {f"orders-{index}": offset for index, offset in enumerate(synced)}
    disk = {
        "used_bytes": 5_300,
        "space_bytes": 8_388_608,
        "unsynced_bytes": 0 if lost or not up else 420,
        "slower_us": 0,
    }
    broker = {
        "name": "broker-1", "up": up, "frozen_until_us": None, "disk": disk, "log_dir_offline": None, "syncing": False,
        "durability": "fsync", "connections": 4 if up else 0,
    }  # fmt: skip
    member = {"id": "billing-1-1", "client": "billing-1"}
    group = {
        "name": "billing", "state": "Stable", "generation": 1, "leader": "billing-1-1", "members": [member],
        "committed": {f"orders-{index}": min(both) for index, both in enumerate(zip(synced, COMMITTED, strict=True))},
    }  # fmt: skip
    reading = {"had": 24, "positions": positions, "leaving": "", "working_on": []}
    plain = {"up": True, "declared": 1, "frozen_until_us": None, "cut_until_us": None}
    return {
        "time": {"now_us": SLOT_TIME_US, "events": 300, "head": 300, "at_present": True, "speed": 1, "stopped": ""},
        "brokers": [broker],
        "topics": [{"name": "orders", "internal": False, "configs": {}, "partitions": partitions}],
        "groups": [group] if up else [],
        "actors": [
            {**plain, "name": "shop", "spec": SHOP, "made": 30, "waiting": 3 if up else 12, "leaving": ""},
            {**plain, "name": "billing-1", "spec": TILL, **reading},
        ],
        "travelling": [],
        "ledger": {
            "partitions": {}, "lost": 0, "lost though acknowledged": 0, "refused": 0, "unsure": 0, "given up": 0,
            "lost in memory": 0,
        },
    }  # fmt: skip


def _partition(index: int, end: int, synced: int, *, up: bool) -> dict[str, Any]:
    drawn = range(max(0, end - DRAWN_MAX), end)
    keys = {number: f"key-{(number * 3 + index) % 10}" if number % 5 else None for number in drawn}
    records = [{"offset": number, "key": key, "value": "v", "from": f"shop:{number}"} for number, key in keys.items()]
    return {
        "index": index, "leader": "broker-1" if up else None, "start": 0, "end": end, "synced": synced,
        "high_watermark": synced, "offline": not up, "records": records if up else [],
    }  # fmt: skip


def _states() -> str:
    """Every state of a client, and a broker whose disk is slow and behind."""
    made = _frame()
    until = {"frozen_until_us": SLOT_TIME_US + 48_000_000}, {"cut_until_us": SLOT_TIME_US + 9_000_000}
    made["brokers"][0]["disk"] |= {
        "slower_us": 2_000_000,
        "unsynced_bytes": 12_900_000,
        "used_bytes": 212_900_000,
        "space_bytes": 1 << 30,
    }
    shop, reader = made["actors"]
    writes = ({}, until[1], until[0], {"leaving": "stop"}, {"up": False})
    made["actors"] = [
        {**shop, "name": f"shop-{number}", "spec": {**SHOP, "limit": 30 if not number else None}, **more}
        for number, more in enumerate(writes)
    ]
    reads: tuple[dict[str, Any], ...] = (
        {"working_on": [{"topic": "orders", "partition": 0, "first": 3, "last": 9}]}, until[1], until[0],
        {"leaving": "change"}, {"up": False, "positions": {}}, {"positions": {}, "had": 0},
    )  # fmt: skip
    made["actors"] += [{**reader, "name": f"billing-{number}", **more} for number, more in enumerate(reads)]
    return json.dumps(made)


PICTURES = (
    ("visibility", "replication", frame()),
    ("durability", "durability", frame()),
    ("keys", "keys", frame()),
    ("down, and what was not synced is lost", "durability", frame(up=False, lost=True)),
    ("clients that wait, end, have ended; a disk that is slow", "replication", _states()),
)
NUMBERS = frame(ends=(0, 1, 12_345_678), synced=(0, 1, 12_345_668))

SECOND_US = 1_000_000
HIDDEN = (0, 2, 5, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 4, 0, 0)  # records that are not visible yet, every two seconds
LAG = (0, 0, 4, 9, 14, 18, 21, 16, 9, 3, 0, 0, 2, 5, 4, 3)
MARKS = (
    (2, "cluster", "started", "broker-1 is up."),
    (4, "you", "act", "You create topic orders with 3 partitions."),
    (6, "faults", "disk is slow", "the disk of broker-1 is slow, by 2 s."),
    (9, "you", "act", "You produce to orders-0."),
    (9.6, "you", "act", "You produce to orders-1."),
    (10.1, "you", "act", "You produce to orders-2."),
    (14, "cluster", "group", "Group billing is Stable, generation 1, 1 member."),
    (16, "faults", "disk is as fast as before", "the disk of broker-1 is as fast as before."),
    (19, "you", "act", "You cut shop."),
    (19, "faults", "severed", "shop is cut off."),
    (24, "faults", "killed", "broker-1 is killed."),
    (26, "cluster", "started", "broker-1 is up."),
    (27, "faults", "frozen", "billing-1 stands still for 60 s."),
    (28, "faults", "disk is short", "the disk of broker-1 has 0 bytes left."),
    (28.4, "faults", "client crashed", "till crashes."),
    (29.2, "faults", "frozen", "broker-1 stands still for 10 s."),
)
FEW = 12  # of them, and then there are more faults at a time than lanes
SPANS = (  # faults that last: the marks that begin and end them
    (2, 7, "broker-1", "slow disk", "the disk of broker-1 is slow, by 2 s"),
    (9, None, "shop", "cut off", "shop is cut off"),
    (10, 11, "broker-1", "down", "broker-1 is down"),
    (12, None, "billing-1", "frozen", "billing-1 stands still"),
    (13, None, "broker-1", "full disk", "the disk of broker-1 is full"),
    (14, None, "till", "down", "till is down"),
    (15, None, "broker-1", "frozen", "broker-1 stands still"),
)


def timeline(*, shown_s: int, back_s: int = 0, down: bool = False, begun: bool = True, many: bool = False) -> str:
    """What came up to a moment: marks, faults that last (or many), how much was not visible or not read at each."""
    frames = [
        _moment(2 * place, 0 if not begun else HIDDEN[place], 0 if not begun else LAG[place])
        for place in range(shown_s // 2)
    ]
    if down:
        frames.append(_moment(shown_s, HIDDEN[-1], None))
    if back_s:
        past = _moment(shown_s - back_s, 0, 0)
        past["time"]["at_present"] = False
        frames.append(past)
    marks = [
        {"at_us": int(at_s * SECOND_US), "track": track, "kind": kind, "words": words, "event": place}
        for place, (at_s, track, kind, words) in enumerate(MARKS[: 1 if not begun else None if many else FEW])
    ]
    head_us = max(one["time"]["now_us"] for one in frames)
    came = [one for one in marks if one["at_us"] < head_us]
    return json.dumps({"frames": frames, "head_us": head_us, "marks": came, "spans": _spans(came)})


def _spans(came: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The faults of SPANS that have begun; who has not ended yet lasts."""
    at_us = {one["event"]: one["at_us"] for one in came}
    return [
        {"event": event, "at_us": at_us[event], "node": node, "state": state, "words": words}
        | {"until_event": until if until in at_us else 0, "until_us": at_us.get(until)}
        for event, until, node, state, words in SPANS
        if event in at_us
    ]


def _moment(at_s: int, hidden: int, lag: int | None) -> dict[str, Any]:
    """A moment with so much not visible and so much lag; no lag where no broker says it."""
    made = _frame(up=lag is not None)
    made["time"] = {**made["time"], "now_us": at_s * SECOND_US, "events": 10 * at_s, "head": 320}
    part = {**_partition(0, 40, 40, up=lag is not None), "records": [], "end": 40 + hidden}
    made["topics"] = [{**made["topics"][0], "partitions": [part]}]
    if lag is not None:
        made["groups"] = [{**made["groups"][0], "committed": {"orders-0": 40 - lag}}]
    return made


TIMELINES = (
    ("running", timeline(shown_s=32)),
    ("looking back: what came later is hatched", timeline(shown_s=32, back_s=15)),
    ("the broker is down: nobody says what the lag is", timeline(shown_s=26, down=True)),
    ("it has begun", timeline(shown_s=6, begun=False)),
    ("more faults at a time than there are lanes", timeline(shown_s=32, many=True)),
)
