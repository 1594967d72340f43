"""What a cluster can, as its brokers say by ApiVersions: so that a page offers only what will be understood.

    features(spec).can("DeleteRecords")      features(spec).refusal("DeleteRecords")  # words for a switched-off button
    known(spec)                              # the same without waiting, for buttons: None until it was told

Invariants:
- Something is offered only if the cluster and our client have a version of it in common.
- What was asked is kept for AGE_S and at most KEPT_MAX connections; a failure is not kept.
- `known` never waits and never fails: a page that offers what the cluster turns out to refuse says so when it is tried.
Not here: whether the user may (permissions.py), whether the cluster lets us (its ACLs say so when asked).
Spec: KIP-35.
"""

import threading
import time
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from typing import Any

from console.kafka.connection import ConnectionSpec, Session, begin, run
from console.kafka.errors import KafkaError, refused
from engine.client.cluster_metadata import error_code
from engine.wire.catalog import APIS
from engine.wire.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse

AGE_S = 60.0
KEPT_MAX = 200
KEYS = {api.name: api.key for api in APIS.values()}
# What operators do, the API it needs, and since which Kafka it is there.
ACTIONS: dict[str, tuple[str, str]] = {
    "CreateTopics": ("create topics", "0.10.1"),
    "DeleteTopics": ("delete topics", "0.10.1"),
    "CreatePartitions": ("add partitions", "1.0"),
    "DeleteRecords": ("delete records", "0.11"),
    "DescribeConfigs": ("show configs", "0.11"),
    "IncrementalAlterConfigs": ("change configs", "2.3"),
    "Produce": ("produce records", "0.8"),
    "InitProducerId": ("produce exactly once", "0.11"),
    "ListGroups": ("list groups", "0.9"),
    "DeleteGroups": ("delete groups", "1.1"),
    "OffsetDelete": ("delete offsets", "2.4"),
    "ConsumerGroupDescribe": ("describe groups of the new protocol", "3.7"),
    "ListTransactions": ("list transactions", "3.0"),
    "DescribeLogDirs": ("show sizes", "1.0"),
    "DescribeAcls": ("list ACLs", "0.11"),
    "DescribeUserScramCredentials": ("list SCRAM users", "2.7"),
    "DescribeClientQuotas": ("list quotas", "2.6"),
    "AlterPartitionReassignments": ("move replicas", "2.4"),
    "ElectLeaders": ("elect leaders", "2.2"),
    "DescribeQuorum": ("describe the metadata quorum", "3.3"),
}


@dataclass(frozen=True, slots=True)
class Features:
    """The APIs of a cluster: key -> lowest and highest version."""

    versions: dict[int, tuple[int, int]]
    levels: dict[str, int]  # finalized features, such as metadata.version

    def can(self, name: str) -> bool:
        """Whether the cluster and this console share a version of an API, by Kafka's name of it."""
        api = APIS[KEYS[name]]
        low, high = self.versions.get(api.key, (0, -1))
        return max(low, api.lowest) <= min(high, api.stable)

    def refusal(self, name: str) -> str:
        """Why a page does not offer it; "" if it does."""
        if self.can(name):
            return ""
        words, since = ACTIONS.get(name, (f"answer {name}", ""))
        return f"this cluster cannot {words}" + (f": it needs Kafka {since} or newer" if since else "")

    @property
    def missing(self) -> list[str]:
        """What of ACTIONS the cluster cannot, in words."""
        return [words for name, (words, _) in ACTIONS.items() if not self.can(name)]

    @property
    def present(self) -> list[str]:
        """What of ACTIONS it can."""
        return [words for name, (words, _) in ACTIONS.items() if self.can(name)]


_lock = threading.Lock()
_kept: dict[ConnectionSpec, tuple[float, Features]] = {}
_asking: set[ConnectionSpec] = set()


def features(spec: ConnectionSpec) -> Features:
    """Ask the cluster, at most once in AGE_S; a KafkaError if it does not answer."""
    with _lock:
        asked_s, found = _kept.get(spec, (0.0, None))
    if found is not None and time.monotonic() - asked_s < AGE_S:
        return found
    found = run(spec, _ask)
    _keep(spec, found)
    return found


def known(spec: ConnectionSpec) -> Features | None:
    """What the cluster said when it was asked last; asked again beside the page when that is old or was never."""
    with _lock:
        asked_s, found = _kept.get(spec, (0.0, None))
        fresh = found is not None and time.monotonic() - asked_s < AGE_S
        if fresh or spec in _asking or len(_asking) >= KEPT_MAX:
            return found
        _asking.add(spec)

    def answered(future: "Future[Features]") -> None:
        with _lock:
            _asking.discard(spec)
        try:
            _keep(spec, future.result())
        except (KafkaError, CancelledError):
            return  # it does not answer: the page itself says so

    begin(spec, _ask).add_done_callback(answered)
    return found


def _keep(spec: ConnectionSpec, found: Features) -> None:
    with _lock:
        _kept.pop(spec, None)
        _kept[spec] = (time.monotonic(), found)
        while len(_kept) > KEPT_MAX:
            del _kept[next(iter(_kept))]


async def _ask(session: Session) -> Features:
    answer: ApiVersionsResponse = await session.send(ApiVersionsRequest("odradek-console", "0.1.0"))
    if answer.error_code:
        raise refused(error_code(answer.error_code))
    return features_of(answer)


def features_of(answer: Any) -> Features:
    """What an answer to ApiVersions says."""
    versions = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
    return Features(versions, {entry.name: entry.max_version_level for entry in answer.finalized_features})
