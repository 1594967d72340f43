"""Placement of replicas: striped over the brokers, and only where a client's wish is possible."""

from collections import Counter

import pytest

from engine.core.metadata.image import MetadataDelta, MetadataImage
from engine.core.metadata.placement import check_manual, place
from engine.wire.error_codes import ErrorCode, WireError
from engine.wire.record_types.cluster_metadata import RegisterBrokerRecord


def image_of(*broker_ids, fenced=()):
    """Return an image in which these brokers are registered."""
    image = MetadataImage()
    for offset, broker_id in enumerate(broker_ids):
        image.apply(RegisterBrokerRecord(broker_id=broker_id, fenced=broker_id in fenced), offset, MetadataDelta())
    return image


def refused(function, *arguments, **more):
    """Return the code of a refusal."""
    with pytest.raises(WireError) as caught:
        function(*arguments, **more)
    return caught.value.code


def test_one_broker_holds_everything():
    assert place(image_of(1), first_partition=0, count=3, replication_factor=1) == [[1], [1], [1]]


def test_leaders_and_followers_spread_evenly():
    placed = place(image_of(1, 2, 3), first_partition=0, count=6, replication_factor=2)
    assert Counter(replicas[0] for replicas in placed) == {1: 2, 2: 2, 3: 2}
    assert Counter(replica for replicas in placed for replica in replicas) == {1: 4, 2: 4, 3: 4}
    assert all(len(set(replicas)) == 2 for replicas in placed)


def test_new_partitions_go_on_where_the_old_ones_ended():
    image = image_of(1, 2, 3)
    whole = place(image, first_partition=0, count=5, replication_factor=2)
    assert place(image, first_partition=3, count=2, replication_factor=2) == whole[3:]


def test_more_replicas_than_brokers_are_refused():
    code = refused(place, image_of(1, 2), first_partition=0, count=1, replication_factor=3)
    assert code == ErrorCode.INVALID_REPLICATION_FACTOR


def test_without_a_broker_that_is_alive_nothing_is_placed():
    code = refused(place, image_of(1, fenced=(1,)), first_partition=0, count=1, replication_factor=1)
    assert code == ErrorCode.INVALID_REPLICATION_FACTOR


@pytest.mark.parametrize(("replicas", "factor"), [([], None), ([9], None), ([1, 1], None), ([1], 2)])
def test_impossible_wishes_are_refused(replicas, factor):
    assert refused(check_manual, image_of(1, 2), replicas, factor) == ErrorCode.INVALID_REPLICA_ASSIGNMENT


def test_possible_wishes_are_not():
    check_manual(image_of(1, 2), [2, 1], 2)
    check_manual(image_of(1, 2), [2], None)
