"""Records as files: exact, bounded, and harmless to a spreadsheet."""

import base64
import csv
import io
import json
import random

import pytest

from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable
from console.search import downloads, parse
from tests.console.fake_scan import FakeScan
from tests.console.search.batches import random_log
from tests.console.search.test_evaluate import Rec
from tests.console.search.test_scan import by_hand

SPEC = ConnectionSpec("127.0.0.1:9")
JSONL, CSV = downloads.FORMATS["jsonl"][0], downloads.FORMATS["csv"][0]
EVIL = Rec(
    offset=9223372036854775807, timestamp_ms=-1, key=b'=HYPERLINK("//e")', value=b"\xff\x00",
    headers=(("@SUM(1)", b"-1"), ("none", None), ("bytes", b"\xfe")),
)  # fmt: skip


def file(records, form, **limits) -> str:
    return b"".join(downloads.blocks(records, form, downloads.LeftOut(), **limits)).decode()


def test_a_json_line_holds_everything_exactly():
    line = json.loads(file([EVIL], JSONL))
    assert line == {
        "partition": 3, "offset": 9223372036854775807, "timestamp": -1, "time": None, "key": '=HYPERLINK("//e")',
        "value": "/wA=", "value_encoding": "base64",
        "headers": [
            {"name": "@SUM(1)", "value": "-1"}, {"name": "none", "value": None},
            {"name": "bytes", "value": "/g==", "value_encoding": "base64"},
        ],
    }  # fmt: skip
    assert base64.b64decode(line["value"]) == EVIL.value
    assert '"time": "2026-11-24T13:30:00.000Z"' in file([Rec()], JSONL)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_of_csv_begins_as_a_formula_does(start):
    text = file([Rec(key=f"{start}cmd|' /C calc'!A0".encode(), value=f'{start}1,"2"\n3'.encode())], CSV)
    head, row = csv.reader(io.StringIO(text, newline=""))
    assert head == list(downloads.COLUMNS)
    cells = dict(zip(head, row, strict=True))
    assert cells["key"] == f"'{start}cmd|' /C calc'!A0" and cells["value"] == f'\'{start}1,"2"\n3'
    assert (cells["partition"], cells["offset"], cells["key_encoding"]) == ("3", "100", "apostrophe+text")


def test_null_and_empty_and_bytes_are_told_apart_in_csv():
    text = file([Rec(key=None, value=b""), Rec(key=b"\xff", value=b"a\0b")], CSV)
    _, first, second = csv.reader(io.StringIO(text, newline=""))
    assert first[4:8] == ["", "null", "", "text"] and second[4:8] == ["/w==", "base64", "YQBi", "base64"]


def test_an_apostrophe_that_was_added_is_told_from_one_that_was_there():
    text = file([Rec(key=b"=1", value=b"'=1"), Rec(key=b"\xfb\xff", value=b"'")], CSV)
    _, first, second = csv.reader(io.StringIO(text, newline=""))
    assert first[4:8] == ["'=1", "apostrophe+text", "'=1", "text"]
    assert second[4:8] == ["'+/8=", "apostrophe+base64", "'", "text"]


def test_a_file_that_is_cut_says_so_in_its_last_line():
    assert json.loads(file([Rec()] * 5, JSONL, limit=3).splitlines()[-1]) == {
        "note": "cut after 3 records, the limit of this download"
    }
    assert file([Rec()] * 5, CSV, limit=3).splitlines()[-1].startswith('"# cut') or "# cut after 3" in file(
        [Rec()] * 5, CSV, limit=3
    )
    assert "note" not in file([Rec()] * 3, JSONL, limit=3)


def test_a_cluster_that_goes_away_in_between_is_said_and_one_that_never_came_is_an_error():
    def records(count):
        yield from [Rec()] * count
        raise ClusterUnreachable("connection refused")

    assert "cut after 2 records: connection refused" in file(records(2), JSONL)
    with pytest.raises(ClusterUnreachable):
        file(records(0), JSONL)


def test_a_file_comes_in_pieces_and_ends_at_a_number_of_bytes(monkeypatch):
    pieces = list(downloads.blocks([Rec(value=b"x" * 1000)] * 1000, JSONL, downloads.LeftOut()))
    assert len(pieces) > 10 and max(map(len, pieces)) < 100_000
    monkeypatch.setattr(downloads, "BYTES_MAX", 5000)
    assert "cut after 4 records" in file([Rec(value=b"x" * 1000)] * 1000, JSONL)


@pytest.mark.parametrize("form", [JSONL, CSV])
def test_bytes_of_a_file_are_counted_not_its_characters(monkeypatch, form):
    monkeypatch.setattr(downloads, "BYTES_MAX", 20_000)
    text = file([Rec(value="\u65e5".encode() * 1000)] * 100, form)
    lines = text.splitlines(keepends=True)
    assert "cut after 6 records" in lines[-1] and len("".join(lines[:-1]).encode()) <= 20_000


def test_what_matches_is_saved_and_what_is_left_out_is_counted(monkeypatch):
    logs = [random_log(random.Random(5), partition, batches=20) for partition in range(3)]
    FakeScan(logs).put_in_place(monkeypatch)
    left_out = downloads.LeftOut()
    got = [(r.partition, r.offset) for r in downloads.matching(SPEC, "t", parse("nee partition:1-2"), left_out)]
    assert got == [(log.partition, offset) for log in logs[1:] for offset, _ in by_hand(log, "nee", 0, log.end)]
    first, last, batch = logs[1].batches[0]
    logs[1].batches[0] = (first, last, batch[:-1] + bytes([batch[-1] ^ 1]))
    left_out = downloads.LeftOut()
    text = b"".join(downloads.blocks(downloads.matching(SPEC, "t", parse(""), left_out), JSONL, left_out)).decode()
    assert left_out.count and "left out: Record is corrupt" in text.splitlines()[-1]


def test_records_of_a_search_that_are_gone_are_counted(monkeypatch):
    log = random_log(random.Random(6), 0, batches=20)
    FakeScan([log]).put_in_place(monkeypatch)
    addresses = [(0, record.offset) for record in log.everything()]
    log.start = addresses[4][1]
    left_out = downloads.LeftOut()
    got = [(r.partition, r.offset) for r in downloads.picked(SPEC, "t", addresses, left_out)]
    assert got == addresses[4:] and left_out.count == 4


def test_a_file_of_which_nothing_matches_ends_at_its_time(monkeypatch):
    log = random_log(random.Random(7), 0, batches=20)
    FakeScan([log]).put_in_place(monkeypatch)
    monkeypatch.setattr(downloads, "SECONDS_MAX", -1)
    left_out = downloads.LeftOut()
    text = b"".join(
        downloads.blocks(downloads.matching(SPEC, "t", parse("nowhere"), left_out), JSONL, left_out)
    ).decode()
    assert json.loads(text) == {"note": f"{log.end} left out: the time of a download was up"}
