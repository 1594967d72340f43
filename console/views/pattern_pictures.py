"""Frames of a sandbox's picture for /_patterns/: what a runner sends, made up, one for each state that is drawn.

*Not here*: how they are drawn (static/js/picture), real frames (engine.simulation.hosted.picture).
"""

import json
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


def frame(*, up: bool = True, lost: bool = False) -> str:
    """The broker up with records that wait for the disk; or down, and those lost."""
    partitions = [
        _partition(index, end, synced, up=up) for index, (end, synced) in enumerate(zip(ENDS, SYNCED, strict=True))
    ]
    positions = {f"orders-{index}": synced for index, synced in enumerate(SYNCED)}
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
        "committed": {"orders-0": 6, "orders-1": 9, "orders-2": 6},
    }  # fmt: skip
    reading = {"had": 24, "positions": positions, "leaving": "", "working_on": []}
    plain = {"up": True, "declared": 1, "frozen_until_us": None, "cut": False}
    return json.dumps({
        "time": {"now_us": SLOT_TIME_US, "events": 300, "head": 300, "at_present": True, "speed": 1, "stopped": ""},
        "brokers": [broker],
        "topics": [{"name": "orders", "internal": False, "configs": {}, "partitions": partitions}],
        "groups": [group] if up else [],
        "actors": [
            {**plain, "name": "shop", "spec": SHOP, "made": 30, "waiting": 3 if up else 12},
            {**plain, "name": "billing-1", "spec": TILL, **reading},
        ],
        "travelling": [],
        "ledger": {"partitions": {}, "lost": 0, "lost though acknowledged": 0, "refused": 0, "unsure": 0,
            "given up": 0, "lost in memory": 0,
        },
    })  # fmt: skip


def _partition(index: int, end: int, synced: int, *, up: bool) -> dict[str, Any]:
    keys = [f"key-{(number * 3 + index) % 10}" if number % 5 else None for number in range(end)]
    records = [
        {"offset": number, "key": key, "value": "v", "from": f"shop:{number}"} for number, key in enumerate(keys)
    ]
    return {
        "index": index, "leader": "broker-1" if up else None, "start": 0, "end": end, "synced": synced,
        "high_watermark": synced, "offline": not up, "records": records if up else [],
    }  # fmt: skip


PICTURES = (
    ("visibility", "replication", frame()),
    ("durability", "durability", frame()),
    ("keys", "keys", frame()),
    ("down, and what was not synced is lost", "durability", frame(up=False, lost=True)),
)
