"""Frames that fit: the web server drops a message that is too long, so records are left out before that.

*Invariant*: whatever is in a world, a frame is below FRAME_BYTES_MAX, and says for how many partitions records are
left out.
*Not here*: the web server's limit (console/management/parts.py).
"""

import json

FRAME_BYTES_MAX = 500_000
WITH_RECORDS_MAX = 24  # partitions, in a frame that would be too long


def fitting(line: bytes) -> str:
    """The line as it is sent on."""
    if len(line) <= FRAME_BYTES_MAX:
        return line.decode()
    message = json.loads(line)
    frame = message.get("frame")
    if frame is None:
        return json.dumps({"id": message.get("id"), "refused": "The answer is too long to be shown.", "field": ""})
    for kept in (WITH_RECORDS_MAX, 0):
        left_out = 0
        for number, part in enumerate(part for topic in frame["topics"] for part in topic["partitions"]):
            if number >= kept and part["records"]:
                part["records"], left_out = [], left_out + 1
        frame["without_records"] = frame.get("without_records", 0) + left_out
        text = json.dumps(message, separators=(",", ":"))
        if len(text.encode()) <= FRAME_BYTES_MAX:
            return text
    for topic in frame["topics"]:
        topic["partitions"] = topic["partitions"][:10]
    frame["groups"], frame["ledger"]["partitions"] = frame["groups"][:30], {}
    return json.dumps(message, separators=(",", ":"))
