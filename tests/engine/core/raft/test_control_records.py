"""Control records of the quorum: what Kafka itself writes."""

from engine.core.raft.control_records import leader_change, snapshot_footer, snapshot_header
from tests.engine.wire.test_golden import records


def test_a_leader_begins_its_epoch_as_kafka_does_but_names_no_directories():
    key, value = leader_change(1, [1], [1])
    assert key == b"\0\0\0\2"
    # Version 0, leader 1, one voter 1, one granting voter 1, no tagged fields.
    assert value == b"\0\0" + b"\0\0\0\1" + (b"\2" + b"\0\0\0\1" + b"\0") * 2 + b"\0"


def test_a_snapshot_begins_and_ends_as_kafkas_do():
    written = {(bytes(key), value[:2]) for _, is_control, key, value in records() if is_control}
    for key, value in (snapshot_header(5), snapshot_footer()):
        assert (key, value[:2]) in written
    header = next(value for _, is_control, key, value in records() if is_control and key == b"\0\0\0\3")
    assert len(snapshot_header(5)[1]) == len(header)
    assert snapshot_footer()[1] == next(v for _, is_control, k, v in records() if is_control and k == b"\0\0\0\4")
