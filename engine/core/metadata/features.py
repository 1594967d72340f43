"""Feature levels: what this release supports, and what a new cluster is finalized at.

Invariant: nothing is listed that is not built. Level 0 is "off" and is not written as
a record; so KIP-848 groups, transactions, share and streams groups, eligible leader
replicas and a quorum that names its voters in its own log are absent.

Not here: UpdateFeatures, upgrades of a cluster.
Spec: KIP-584, KIP-778; org.apache.kafka.server.common.Feature, Apache Kafka 4.3.
"""

METADATA_VERSION = "metadata.version"
METADATA_VERSION_4_3 = 30  # IBP_4_3_IV0: the record versions that we write

SUPPORTED: dict[str, tuple[int, int]] = {METADATA_VERSION: (METADATA_VERSION_4_3, METADATA_VERSION_4_3)}
BOOTSTRAP: dict[str, int] = {METADATA_VERSION: METADATA_VERSION_4_3}
