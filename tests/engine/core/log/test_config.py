"""Effective configs of a log: Kafka's defaults, and what cleanup.policy means."""

import dataclasses

import pytest

from engine.core.log.config import LogConfig

DAY_MS = 24 * 3600 * 1000


def test_the_defaults_are_those_of_kafka():
    config = LogConfig()
    assert config.segment_bytes == 1_073_741_824
    assert config.segment_ms == config.retention_ms == 7 * DAY_MS
    assert config.retention_bytes == -1
    assert config.max_message_bytes == 1_048_588
    assert config.file_delete_delay_ms == 60_000
    assert config.message_timestamp_type == "CreateTime"
    assert config.message_timestamp_after_max_ms == 3_600_000


@pytest.mark.parametrize(
    ("policy", "deletes", "compacts"),
    [(("delete",), True, False), (("compact",), False, True), (("compact", "delete"), True, True), ((), False, False)],
)
def test_the_cleanup_policy_says_what_may_go(policy, deletes, compacts):
    config = LogConfig(cleanup_policy=policy)
    assert (config.delete, config.compact) == (deletes, compacts)


def test_a_log_shares_its_configs_with_others_so_nobody_changes_them():
    with pytest.raises(dataclasses.FrozenInstanceError):
        LogConfig().segment_bytes = 1
