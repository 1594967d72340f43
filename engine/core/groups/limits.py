"""What a coordinator allows its groups: Kafka's broker configs, given as one value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """Fields are Kafka's config names with "_" for "."; the defaults are Kafka's."""

    group_min_session_timeout_ms: int = 6_000
    group_max_session_timeout_ms: int = 1_800_000
    group_max_size: int = 2_147_483_647
    group_initial_rebalance_delay_ms: int = 3_000
    offset_metadata_max_bytes: int = 4_096
    offsets_retention_ms: int = 604_800_000  # offsets.retention.minutes
