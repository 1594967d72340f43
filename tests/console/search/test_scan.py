"""What a scan finds is what a look at every record finds."""

import random

import pytest

from console.kafka.scan import Gone
from console.search import FilterError, matches, parse
from console.search.scan import Bounds, Scan, bounds
from tests.console.search.batches import Log, random_log

FILTERS = [
    "needle", "not needle", "nee and dle", '"\\\\u00e9" or é', "key:needle", "value=null", 'value=""', "value.n=1",
    'value.n:"eedl"', "value.n!=1", "header.needle:nee", "header:é", "time:1700000000100..1700000000500",
    "offset:5..30", "hay not key=null", "",
]  # fmt: skip


def scan_of(log: Log, text: str, start: int, end: int, bytes_max: int) -> Scan:
    scan = Scan(parse(text), start, end, start)
    while not scan.is_done:
        before = scan.position
        chunk = log.fetched(scan.position, bytes_max)
        if not chunk.records:
            break
        scan.take(chunk)
        assert scan.position > before
    return scan


def by_hand(log: Log, text: str, start: int, end: int) -> list[tuple[int, int]]:
    asked = parse(text)
    return [(r.offset, r.timestamp_ms) for r in log.everything() if start <= r.offset < end and matches(asked, r)]


@pytest.mark.parametrize("seed", range(60))
def test_found_is_what_a_look_at_every_record_finds(seed):
    chance = random.Random(seed)
    log = random_log(chance)
    for text in FILTERS:
        start = chance.choice([0, chance.randrange(log.end)])
        end = chance.choice([log.end, chance.randrange(start, log.end + 1)])
        scan = scan_of(log, text, start, end, chance.choice([1, 300, 1 << 20]))
        assert scan.found == by_hand(log, text, start, end), text
        assert scan.found_count == len(scan.found)
        assert scan.records == sum(start <= record.offset < end for record in log.everything())
        assert not (scan.damaged or scan.not_compared or scan.gone)


@pytest.mark.parametrize("seed", range(20))
def test_plain_text_is_found_as_one_finds_it_with_ones_eyes(seed):
    log = random_log(random.Random(seed), batches=30)
    expected = []
    for r in log.everything():
        parts = [r.key, r.value, *(part for name, value in r.headers for part in (name.encode(), value))]
        if any(b"eedl" in part for part in parts if part is not None):
            expected.append((r.offset, r.timestamp_ms))
    assert scan_of(log, "eedl", 0, log.end, 4096).found == expected


def test_a_scan_that_is_stopped_and_goes_on_finds_each_record_once():
    log = random_log(random.Random(3), batches=40)
    whole = scan_of(log, "nee", 0, log.end, 1 << 20)
    found, position = [], 0
    while position < log.end:
        scan = Scan(parse("nee"), 0, log.end, position)
        scan.take(log.fetched(position, 200))
        found += scan.taken()
        assert scan.taken() == []
        position = scan.position
    assert found == whole.found


def test_a_damaged_batch_is_counted_and_the_others_are_searched():
    log = random_log(random.Random(4), batches=6)
    first, last, batch = log.batches[2]
    broken = bytearray(batch)
    broken[-1] ^= 1
    expected = [pair for pair in by_hand(log, "not x", 0, log.end) if not first <= pair[0] <= last]
    log.batches[2] = (first, last, bytes(broken))
    scan = scan_of(log, "not x", 0, log.end, 1 << 20)
    assert scan.found == expected and scan.damaged == last - first + 1 and "CRC" in scan.trouble
    assert scan_of(log, "needle", 0, log.end, 1 << 20).damaged == last - first + 1, (
        "also where nothing had to be decoded"
    )


def test_what_was_deleted_before_it_could_be_read_is_counted():
    log = random_log(random.Random(5), batches=20)
    scan = Scan(parse("nee"), 0, log.end, 0)
    scan.take(Gone(0, 10))
    while not scan.is_done:
        scan.take(log.fetched(scan.position, 1))
    assert scan.gone == 10 and scan.found == by_hand(log, "nee", 10, log.end)


def test_what_cannot_be_compared_is_counted_with_a_reason(monkeypatch):
    def refuse(asked, record):
        raise FilterError("too large")

    monkeypatch.setattr("console.search.scan.matches", refuse)
    log = random_log(random.Random(6))
    scan = scan_of(log, "nee", 0, log.end, 1 << 20)
    assert scan.not_compared and scan.trouble == "too large" and not scan.found_count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", Bounds()),
        ("partition:0-3 a", Bounds(((0, 3),))),
        ("partition:0-3 partition:2,9", Bounds(((2, 2),))),
        ("partition:7,0-3,2-5,9-8,6 a", Bounds(((0, 7),))),
        ("partition:0-3,8 partition:2-8", Bounds(((2, 3), (8, 8)))),
        ("partition:1 or a", Bounds()),
        ("not partition:1", Bounds()),
        ("offset:5..9 and offset>6", Bounds(offsets=(7, 9))),
        ("time>=1000000000000 time<2000000000000", Bounds(since_ms=1_000_000_000_000)),
        ("time<2000000000000", Bounds()),
        ("(offset>=5 a) b", Bounds(offsets=(5, 2**63 - 1))),
    ],
)
def test_only_what_must_hold_narrows_what_is_read(text, expected):
    assert bounds(parse(text)) == expected


def test_many_ranges_of_partitions_do_not_multiply():
    text = " ".join(["partition:" + ",".join(["0-9"] * 24)] * 18)
    assert len(text) < 2000 and bounds(parse(text)) == Bounds(((0, 9),))


def test_where_no_batch_begins_only_what_is_behind_the_good_ones_is_damaged():
    log = random_log(random.Random(4), batches=6)
    good = log.fetched(0, 1 << 20)
    kept = [batch for _, _, batch in log.batches[:4]]
    behind = log.batches[3][1] + 1
    old_format = bytearray(log.batches[4][2])
    old_format[16] = 1
    scan = Scan(parse("not x"), 0, log.end, 0)
    scan.take(good._replace(records=b"".join(kept) + bytes(old_format)))
    assert scan.found == by_hand(log, "not x", 0, behind) and scan.damaged == log.end - behind
