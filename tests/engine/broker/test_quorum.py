"""The metadata log of a quorum of one."""

import pytest

from engine.broker.quorum import DIRECTORY
from engine.core.records.record import batches, decode_records
from engine.storage.disk import StorageError
from engine.storage.meta_properties import load_meta_properties
from engine.storage.quorum_state_file import load_quorum_state
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from tests.engine.broker.admin_broker import AdminBroker


def test_an_empty_directory_becomes_a_cluster_of_its_own() -> None:
    broker = AdminBroker()
    properties = load_meta_properties(broker.disk)
    assert properties is not None
    assert (properties.node_id, properties.cluster_id) == (1, broker.quorum.cluster_id)
    assert len(broker.quorum.cluster_id) == 22
    assert f"{0:020d}-{0:010d}.checkpoint" in broker.disk.names(DIRECTORY)
    assert broker.image.features == {"metadata.version": 30}
    registered = broker.image.brokers[1]
    assert (registered.fenced, registered.log_dirs) == (False, [properties.directory_id])
    assert AdminBroker(seed=9).quorum.cluster_id != broker.quorum.cluster_id


def test_each_start_is_an_epoch_that_begins_with_a_leader_change() -> None:
    broker = AdminBroker()
    again = broker.restarted().restarted(clean=True)
    assert again.quorum.epoch == 3
    assert load_quorum_state(again.disk, DIRECTORY).leader_epoch == 3
    assert again.quorum.cluster_id == broker.quorum.cluster_id
    log = again.quorum.log
    first: dict[int, bool] = {}
    for header, batch in batches(log.read(0, log.end_position(), 1 << 20)):
        first.setdefault(header.leader_epoch, header.is_control)
        assert len(decode_records(batch)) == header.record_count
    assert first == {1: True, 2: True, 3: True}


def test_leaders_get_a_new_epoch_only_where_records_may_be_lost() -> None:
    broker = AdminBroker()
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 2, 1)], 5000))
    clean = broker.restarted(clean=True)
    assert [partition.leader_epoch for partition in clean.image.topics["a"].partitions] == [0, 0]
    clean.disk.delete(".kafka_cleanshutdown")
    crashed = clean.restarted()
    assert [partition.leader_epoch for partition in crashed.image.topics["a"].partitions] == [1, 1]
    assert [partition.partition_epoch for partition in crashed.image.topics["a"].partitions] == [1, 1]


def test_what_was_not_synced_was_never_visible_and_is_gone_after_a_crash() -> None:
    broker = AdminBroker()
    broker.send(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1)], 5000))
    assert "a" in broker.quorum.latest.topics and "a" not in broker.image.topics
    again = broker.restarted()
    assert "a" not in again.image.topics and "a" not in again.quorum.latest.topics


def test_a_sync_covers_only_what_was_appended_before_it_began() -> None:
    broker = AdminBroker()
    broker.send(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1)], 5000))
    broker.quorum.dirty_files()
    broker.send(19, 7, CreateTopicsRequest([CreatableTopic("b", 1, 1)], 5000))
    broker.controller.on_metadata_synced(broker)
    assert list(broker.image.topics) == ["a"]
    assert broker.connection.slots[0].items is not None and broker.connection.slots[1].items is None


def test_both_images_tell_the_same_after_a_start() -> None:
    broker = AdminBroker()
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("a", 3, 1), CreatableTopic("b", 1, 1)], 5000))
    again = broker.restarted()
    assert again.quorum.image.offset == again.quorum.latest.offset
    assert list(again.quorum.image.topics) == list(again.quorum.latest.topics) == ["a", "b"]
    assert again.quorum.image.topics["a"] is not again.quorum.latest.topics["a"]


def test_another_nodes_directory_is_refused() -> None:
    broker = AdminBroker()
    with pytest.raises(StorageError, match=r"belongs to node 1, but node\.id is 2"):
        broker.restarted({"node.id": "2"})


def test_a_metadata_log_without_meta_properties_is_refused() -> None:
    broker = AdminBroker()
    broker.disk.delete("meta.properties")
    with pytest.raises(StorageError, match=r"its meta\.properties is missing"):
        broker.restarted()


def test_a_long_log_becomes_a_snapshot_and_tells_the_same_after_a_crash() -> None:
    broker = AdminBroker({"metadata.log.max.record.bytes.between.snapshots": "2000"})
    for number in range(40):
        broker.call(19, 7, CreateTopicsRequest([CreatableTopic(f"t{number}", 2, 1)], 5000))
    assert 0 < broker.quorum.snapshot_offset == broker.quorum.log.log_start_offset
    snapshots = [name for name in broker.disk.names(DIRECTORY) if name.endswith(".checkpoint")]
    assert len(snapshots) == 1 and int(snapshots[0].partition("-")[0]) == broker.quorum.snapshot_offset
    again = broker.restarted()
    assert again.image.topics.keys() == broker.image.topics.keys()
    assert again.image.offset > broker.image.offset
    for name, topic in broker.image.topics.items():
        assert again.image.topics[name].topic_id == topic.topic_id
        assert len(again.image.topics[name].partitions) == 2
    assert again.restarted().image.topics.keys() == broker.image.topics.keys()


def test_a_snapshot_on_a_full_disk_waits_for_room() -> None:
    broker = AdminBroker({"metadata.log.max.record.bytes.between.snapshots": "1"})
    broker.send(19, 7, CreateTopicsRequest([CreatableTopic("a", 1, 1)], 5000))
    offset = broker.quorum.snapshot_offset
    broker.quorum.dirty_files()
    broker.disk.full = True
    broker.controller.on_metadata_synced(broker)
    broker.connection.release_slots()
    assert broker.received(19, 7).topics[0].error_code == 0 and broker.quorum.snapshot_offset == offset
    broker.disk.full = False
    broker.call(19, 7, CreateTopicsRequest([CreatableTopic("b", 1, 1)], 5000))
    assert broker.quorum.snapshot_offset > offset
