"""Records and topics are deleted: counted first, named, and refused in words."""

from dataclasses import replace

import pytest

from console.kafka import deletions
from console.kafka.errors import ClusterUnreachable, KafkaRefused
from console.kafka.group_offsets import AtTime
from console.models import AuditEntry
from tests.console.fake_kafka import CONFIGS
from tests.console.topic_forms import NAME, address, post, text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"to": "all"}, "4\u202f218 records are lost"),
        ({"to": "offset", "offset.2": "7"}, "7 records are lost"),
        ({"to": "offset", "offset.2": "704"}, "The log ends at 703."),
        ({"to": "offset", "offset.2": "seven"}, "An offset is a whole number."),
        ({"to": "offset"}, "Nothing would be deleted"),
        ({"to": "time", "time": "soon"}, "A time looks like"),
        ({"to": "time"}, "Type a time."),
    ],
)
def test_a_deletion_of_records_is_counted_first(cast, kafka, writes, query, words):
    said = text(cast.admin.get(address(cast, "records"), query))
    assert words in said and not writes.done


def test_records_older_than_a_time_are_found_by_the_cluster(cast, kafka, writes, monkeypatch):
    at = {(NAME, 0): AtTime(400), (NAME, 1): AtTime(None), (NAME, 2): AtTime(None, "no leader")}
    monkeypatch.setattr(deletions, "run", lambda spec, read: at)
    said = text(cast.admin.get(address(cast, "records"), {"to": "time", "time": "2026-11-24"}))
    assert "1\u202f103 records are lost" in said and "Stays: no leader" in said


@pytest.mark.parametrize(
    ("answers", "status", "words", "result"),
    [
        ({0: KafkaRefused("POLICY_VIOLATION")}, 409, "1 of 2 partitions were cut; partition 0 was not", "partly"),
        (
            {0: KafkaRefused("POLICY_VIOLATION"), 1: KafkaRefused("POLICY_VIOLATION")},
            409,
            "only where cleanup.policy has delete",
            "refused",
        ),
        ({1: KafkaRefused("OFFSET_OUT_OF_RANGE")}, 409, "does not reach that far", "partly"),
        ({1: ClusterUnreachable("no leader")}, 409, "no leader", "partly"),
    ],
)
def test_records_that_were_not_deleted_are_said_in_words(cast, kafka, writes, answers, status, words, result):
    writes.answers = answers
    answer = post(cast, "records")
    assert answer.status_code == status and words in text(answer)
    assert AuditEntry.objects.get().result == result


def test_a_compacted_topic_refuses_before_anybody_types(cast, kafka, writes):
    kafka.configs = [replace(CONFIGS[0], value="compact", source="topic"), *CONFIGS[1:]]
    assert "cleanup.policy has no delete" in text(cast.admin.get(address(cast, "records")))
    said = text(cast.admin.get(f"/clusters/{cast.cluster.pk}/topics/{NAME}/partitions/"))
    assert "To delete records: its cleanup.policy has no delete" in said
