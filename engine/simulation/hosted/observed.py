"""What kinds of things happen in a world, with the names of their values: for conditions, "why?" and words.

Invariant: every observation of a hosted world has a kind of this table (a test runs a world and looks).
Not here: the words for them (pages make those).
"""

from typing import Any

from engine.simulation.past import Entry, Seen

FIELDS: dict[str, tuple[str, ...]] = {
    # brokers
    "started": ("incarnation",),
    "could not start": ("reason",),
    "stopped": (),
    "killed": ("reason",),
    "crashed": ("lost_bytes",),
    "opened": ("topic", "partition", "start", "end"),
    "removed": ("topic",),
    "appended": ("topic", "partition", "first", "end"),
    "duplicate": ("topic", "partition", "offset"),
    "synced": ("topic", "partition", "end"),
    "high_watermark": ("topic", "partition", "offset"),
    "log_start": ("topic", "partition", "offset"),
    "segments_deleted": ("topic", "partition", "segments", "start"),
    "log_dir_offline": ("reason",),
    "partition_offline": ("topic", "partition", "reason"),
    "stray_directory": ("directory",),
    "request_received": ("api", "link", "correlation"),
    "group": ("group", "state", "generation", "members"),
    "committed": ("group", "topic", "partition", "offset"),
    "group_record_unreadable": ("partition", "offset", "reason"),
    "sync failed": (),
    # clients
    "request_sent": ("api", "link", "correlation"),
    "answer_received": ("api", "link", "correlation"),
    "acknowledged": ("topic", "partition", "offset", "record"),
    "sent": ("topic", "partition", "record"),
    "not acknowledged": ("record", "reason", "unsure"),
    "given up": ("first", "last", "unsure"),
    "lost in memory": ("first", "last", "unsure"),
    "delivered": ("group", "topic", "partition", "first", "last"),
    "processed": ("group", "topic", "partition", "first", "last"),
    "assignment": ("generation", "member", "places"),
    "rebalanced": ("change", "places"),
    "begins_at": ("generation", "topic", "partition", "offset"),
    "offset_reset": ("topic", "partition", "offset"),
    "commit_sent": ("generation",),
    "commit_acknowledged": ("generation", "offsets"),
    "commit failed": ("reason",),
    "poll failed": ("reason",),
    "left": ("group",),
    "dies": ("at",),
    "client crashed": (),
    "client started": (),
    "client stopped": (),
    "added": ("what", "topic"),
    "changed": ("topic",),
    "removed actor": (),
    # the rest of the world
    "disk is short": ("spare_bytes",),
    "disk has room": ("bytes",),
    "disk is slow": ("by_us",),
    "disk is as fast as before": ("by_us",),
    "wall clock leapt": ("by_ms",),
    "frozen": ("for_us",),
    "thawed": (),
    "severed": ("other", "for_us"),
    "mended": ("other",),
    "link cut": ("link",),
}


def facts(seen: Seen) -> dict[str, Any]:
    """An observation with its values by name."""
    return {"node": seen.node, "kind": seen.kind, **dict(zip(FIELDS.get(seen.kind, ()), seen.values, strict=False))}


def as_json(entry: Entry) -> dict[str, Any]:
    """An event as plain JSON."""
    return {
        "event": entry.number, "at_us": entry.at_us, "cause": entry.cause, "kind": entry.kind,
        "subject": entry.subject, "brief": entry.brief, "seen": [facts(one) for one in entry.seen],
    }  # fmt: skip
