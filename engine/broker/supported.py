"""What this broker answers: API key -> lowest and highest version advertised and served.

The ranges are those of Apache Kafka 4.3, never trimmed at the low end: old clients
switch features on only if an exact version lies inside a range (librdkafka before
2.11.1 compresses only where Produce 0 is advertised, KAFKA-18659, and uses lz4 only
where FindCoordinator 0 is).

Invariants: a key is here only if its handler works; a key that is absent closes the
connection, as Kafka does for what it does not know.
Not here: layouts (wire/messages), which handler answers (router.py).
"""

VERSIONS: dict[int, tuple[int, int]] = {
    0: (0, 13),  # Produce; 0 to 2 are advertised though refused (KAFKA-18659)
    1: (4, 18),  # Fetch
    2: (1, 11),  # ListOffsets
    3: (0, 13),  # Metadata
    8: (2, 10),  # OffsetCommit
    9: (1, 10),  # OffsetFetch
    10: (0, 6),  # FindCoordinator
    11: (0, 9),  # JoinGroup
    12: (0, 4),  # Heartbeat
    13: (0, 5),  # LeaveGroup
    14: (0, 5),  # SyncGroup
    15: (0, 6),  # DescribeGroups
    16: (0, 5),  # ListGroups
    18: (0, 4),  # ApiVersions
    19: (2, 7),  # CreateTopics
    20: (1, 6),  # DeleteTopics
    21: (0, 2),  # DeleteRecords
    22: (0, 5),  # InitProducerId
    23: (2, 4),  # OffsetForLeaderEpoch
    32: (1, 4),  # DescribeConfigs
    33: (0, 2),  # AlterConfigs
    35: (1, 5),  # DescribeLogDirs
    37: (0, 3),  # CreatePartitions
    42: (0, 2),  # DeleteGroups
    44: (0, 1),  # IncrementalAlterConfigs
    47: (0, 0),  # OffsetDelete
    60: (0, 2),  # DescribeCluster
    61: (0, 0),  # DescribeProducers
    74: (0, 1),  # ListConfigResources
    75: (0, 0),  # DescribeTopicPartitions
}
