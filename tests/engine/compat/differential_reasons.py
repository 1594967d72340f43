"""DIFFERENCES: where an answer of ours may differ from Apache Kafka's, and why. What is not here is a bug of ours.

A row names APIs (none: all), the field (a pattern of its whole path), the case and,
where it can, the answers. ARCHITECTURE.md tells users of those that they can meet.
"""

import re
from typing import NamedTuple

from tests.engine.compat.differential import Difference


class Reason(NamedTuple):
    """One row of the list; all patterns must fit."""

    why: str
    keys: tuple[int, ...] = ()
    path: str = ".*"
    case: str = ""
    ours: str = ""
    kafkas: str = ""

    def covers(self, difference: Difference) -> bool:
        """Say whether this row speaks of the difference."""
        return (
            (not self.keys or difference.key in self.keys)
            and re.fullmatch(self.path, difference.path) is not None
            and re.search(self.case, difference.case) is not None
            and re.search(self.ours, difference.all_ours) is not None
            and re.search(self.kafkas, difference.all_kafkas) is not None
        )


PRODUCE, FETCH, COMMIT, COORDINATOR, JOIN, VERSIONS, CREATE, DELETE, PRODUCER_ID = 0, 1, 8, 10, 11, 18, 19, 20, 22
EPOCH_END, DESCRIBE_CONFIGS, ALTER_CONFIGS, PARTITIONS, INCREMENTAL, OFFSET_DELETE = 23, 32, 33, 37, 44, 47
DESCRIBE_GROUPS, DELETE_GROUPS, CONFIG_RESOURCES, TOPIC_PARTITIONS = 15, 42, 74, 75
NO_TRANSACTIONS = "there are no transactions yet: refused at once, in words, by a code that clients do not retry"
TWICE = "the same thing named twice: Kafka merges it or refuses the second one, we answer each"
WORDS = "we say why; Kafka gives the code alone, or says it in other words"
HARSHER = "damaged batches: Kafka takes or calls otherwise what we refuse"

DIFFERENCES: tuple[Reason, ...] = (
    Reason("Kafka answers UNKNOWN_SERVER_ERROR: its handler fell over; we say what is wrong, or serve it",
           kafkas=r"'error_code': -1[,}]"),
    Reason("Kafka never answers; we do", kafkas="^'none'$"),
    Reason("a timeout of 0 or less: Kafka gives up before it looks", (CREATE, DELETE, PARTITIONS),
           kafkas=r"'error_code': 7[,}]"),
    Reason("we advertise what we have built", (VERSIONS,), "api_keys.*|supported_features.*|finalized_features.*"),
    Reason("a cursor at the largest number overflows in Kafka", (TOPIC_PARTITIONS,), "next_cursor", "index=2147483647"),
    Reason("Kafka sets min.insync.replicas for the cluster by itself (eligible leader replicas)",
           (CREATE, DESCRIBE_CONFIGS), r".*configs\.(config_source|synonyms)", ours="min.insync.replicas"),
    Reason("the broker's configs are those that we have built, and cannot be changed while it runs",
           (DESCRIBE_CONFIGS,), r"results\.configs(\.read_only)?", ours="'resource_type': 4"),
    Reason("groups have no configs of their own yet", (DESCRIBE_CONFIGS,), ours="'resource_type': 32"),
    Reason("an epoch below -1 is unknown to us; Kafka says that it ends where the first one begins", (EPOCH_END,),
           case="leader_epoch=-2"),
    Reason(NO_TRANSACTIONS, (PRODUCER_ID, COORDINATOR), ours="'error_code': 53"),
    Reason(NO_TRANSACTIONS, (PRODUCE,), case="^transactional$"),
    Reason(TWICE, (PRODUCE, FETCH), "responses|.*partitions|.*partition_responses", r"topics|topic_data|as it is"),
    Reason(TWICE, (COMMIT,), "topics", r"^topics="),
    Reason("a topic without partitions is answered as such", (PRODUCE,), "responses", "partition_data"),
    Reason(WORDS, (PRODUCE,), r".*error_message"),
    Reason(WORDS, (INCREMENTAL,), r".*error_message"),
    Reason("where a partition was refused the log start is not told", (PRODUCE,), r".*log_start_offset"),
    Reason("zstd before version 7 that is damaged too: we see the damage first", (PRODUCE,), case="^zstd of nothing$"),
    Reason(HARSHER, (PRODUCE,), case="^(append time bit|a byte more|70 zeros more|length -1)$"),
    Reason("records of uncompressed batches are not walked: a count that lies is stored, and consumers refuse it",
           (PRODUCE,), case="^count 2$"),
    Reason("a refused partition tells who leads, also where the asker claims to be a replica", (FETCH,),
           r".*current_leader", "replica"),
    Reason("a refused partition has no aborted transactions: an empty list instead of none", (FETCH,),
           r".*aborted_transactions"),
    Reason("a session over nothing is not kept", (FETCH,), "session_id", r"(topics|partitions)=\[\]"),
    Reason("a protocol without a name is told as it is", (JOIN,), "protocol_name", "name=''"),
    Reason("a group of commits alone is gone with its last offset; Kafka keeps it until it next looks",
           (OFFSET_DELETE, DELETE_GROUPS), ours="'error_code': 69"),
    Reason("the topic is not there and the config neither: we say the first", (ALTER_CONFIGS,),
           r"responses\.error_.*", "resource_name"),
    Reason("which resources have configs: what we have built", (CONFIG_RESOURCES,), "config_resources"),
    Reason("a group that was just made: Kafka shows it once its record is committed, a moment later",
           (DESCRIBE_GROUPS,), r"groups\..*", ours="'group_state': 'Empty'", kafkas="'group_state': 'Dead'"),
)  # fmt: skip


def reason_for(difference: Difference) -> str | None:
    """Return why the answers may differ here; None if nobody said so."""
    return next((row.why for row in DIFFERENCES if row.covers(difference)), None)
