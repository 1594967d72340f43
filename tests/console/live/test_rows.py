import json

from console.kafka.stream import TailFrame
from console.live import rows
from tests.console.fake_kafka import HOSTILE, RECORD


def test_numbers_are_text_so_that_no_browser_rounds_them():
    from dataclasses import replace

    record = replace(RECORD, offset=2**63 - 1)
    frame = rows.frame(7, TailFrame([record], 9, 1, 8, "live", None), address="/t/")
    assert frame["rows"][0]["offset"].replace("\u202f", "") == str(2**63 - 1)
    assert frame["rows"][0]["address"] == f"/t/records/3/{2**63 - 1}/"
    assert frame["shown"] + frame["dropped"] == frame["arrived"]


def test_hostile_values_stay_text_and_what_cannot_be_seen_is_named():
    from dataclasses import replace

    record = replace(RECORD, key=None, value=HOSTILE.encode())
    row = rows.frame(1, TailFrame([record], 1, 1, 0, "live", None), address="/t/")["rows"][0]
    assert row["key"] == {"kind": "null", "pieces": []}
    assert row["value"]["pieces"][1] == "U+202E"
    assert "\u202e" not in json.dumps(row, ensure_ascii=False)
