import json
from dataclasses import replace

from console.kafka.stream import TailFrame
from console.live import rows
from tests.console.fake_kafka import HOSTILE, RECORD


def test_numbers_are_text_so_that_no_browser_rounds_them():
    record = replace(RECORD, offset=2**63 - 1)
    frame = rows.frame(7, TailFrame([record], 9, 1, 8, "live", None), address="/t/")
    assert frame["rows"][0]["offset"].replace("\u202f", "") == str(2**63 - 1)
    assert frame["rows"][0]["address"] == f"/t/records/3/{2**63 - 1}/"
    assert frame["shown"] + frame["dropped"] == frame["arrived"]


def test_hostile_values_stay_text_and_what_cannot_be_seen_is_named():
    record = replace(RECORD, key=None, value=HOSTILE.encode())
    row = rows.frame(1, TailFrame([record], 1, 1, 0, "live", None), address="/t/")["rows"][0]
    assert row["key"] == {"kind": "null", "pieces": []}
    assert row["value"]["pieces"][1] == "U+202E"
    assert "\u202e" not in json.dumps(row, ensure_ascii=False)


def test_the_worst_frame_is_one_that_the_web_server_sends():
    from console.live.topic_tail import ROWS_MAX

    worst = "\U000e0001".encode() * 500  # each character is named, in nine letters
    record = replace(RECORD, key=worst, value=worst)
    frame = rows.frame(1, TailFrame([record] * ROWS_MAX, 1, 1, 0, "live", None), address="/" + "t" * 300 + "/")
    assert len(json.dumps(frame)) < rows.FRAME_BYTES_MAX
