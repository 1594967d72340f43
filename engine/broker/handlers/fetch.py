"""Fetch 4 to 18: regions of files below the high watermark, or a place in line.

A fetch that finds too little is parked as data (parked_requests.ParkedFetch): in its
connection's slots, in each of its partitions, in the broker's deadlines. It is woken
once per event, not once per append.

Invariants:
- Nothing at or above the high watermark is ever sent.
- The first partition with records gets at least one batch, however small the limits.
- A fetch that names itself a replica is refused: there are no replicas to be.

Not here: sessions' rules (core/replication/fetch_sessions.py), the bytes of the request
(fetch_requests.py) and of the answer (fetch_encoding.py). Records are never read here.
Spec: KIP-74 (limits), KIP-227 (sessions), KIP-320 (epochs), KIP-516 (topic ids),
KIP-595 (diverging epochs); what Apache Kafka 4.3.1 was seen to answer.
"""

from typing import TYPE_CHECKING

from engine.broker import fetch_encoding, fetch_requests, parked_requests
from engine.broker.fetch_encoding import FetchedPartition
from engine.broker.fetch_requests import BY_TOPIC_ID, Asked
from engine.broker.parked_requests import ParkedFetch
from engine.broker.partition import Partition, end_offset_for_epoch
from engine.core.connection.out_queue import Region
from engine.core.replication.fetch_sessions import FINAL_EPOCH, INITIAL_EPOCH, FetchSession, FetchState
from engine.storage.disk import StorageError
from engine.wire.error_codes import ErrorCode, WireError

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection

READ_COMMITTED = 1


def handle(
    broker: "Broker",
    connection: "ClientConnection",
    buffer: bytearray,
    view: memoryview,
    position: int,
    end: int,
    version: int,
    correlation_id: int,
) -> None:
    """Answer the request whose body is `position..end`, or park it."""
    asked = fetch_requests.read(buffer, view, position, end, version)
    broker.counters.fetch_requests += 1
    try:
        session = find_session(broker, asked, version >= BY_TOPIC_ID)
    except WireError as error:
        connection.reply(fetch_encoding.encode_refusal(version, correlation_id, error.code))
        return
    states = asked.states if session is None else list(session.states.values())
    fetch = ParkedFetch(None, connection, version, correlation_id, states, session)  # names would cost a dict each time
    fetch.new_session = session is None and asked.session_epoch == INITIAL_EPOCH
    fetch.bytes_min = asked.bytes_min
    bytes_max, most = asked.bytes_max, broker.config.fetch_max_bytes
    fetch.bytes_max = (bytes_max if bytes_max < most else most) if bytes_max > 0 else 0
    fetch.committed_only = asked.isolation_level == READ_COMMITTED
    fetch.from_replica = asked.from_replica
    at_once = asked.max_wait_ms <= 0
    waits_for = [] if at_once or fetch.bytes_min <= 0 else all_at_rest(broker, fetch)
    items = None if waits_for else answer(broker, fetch, at_once)
    if items is None:
        waits_for = waits_for or [one for state in states if (one := partition_of(broker, state)) is not None]
        park(broker, connection, fetch, waits_for, broker.now_ms + asked.max_wait_ms)
    else:
        connection.reply_items(items)


def find_session(broker: "Broker", asked: Asked, by_topic_id: bool) -> FetchSession | None:
    """The session that this fetch continues, brought up to date; None for a full fetch."""
    sessions = broker.fetch_sessions
    if asked.session_epoch in (INITIAL_EPOCH, FINAL_EPOCH):
        sessions.close(asked.session_id)
        return None
    session = sessions.resume(asked.session_id, asked.session_epoch, by_topic_id=by_topic_id, now_ms=broker.now_ms)
    session.update(asked.states)
    for topic, indexes in asked.forgotten:
        session.forget(topic, indexes)
    if not session.states:
        sessions.close(session.id)
        return None
    return session


# ---- answering


def all_at_rest(broker: "Broker", fetch: ParkedFetch) -> list[Partition]:
    """The partitions, if all that can be said of each is where it stands, else none: so most long polls begin."""
    found = []
    for state in fetch.states:
        partition = at_rest(broker, fetch, state)
        if partition is None:
            return []
        found.append(partition)
    return found


def at_rest(broker: "Broker", fetch: ParkedFetch, state: FetchState) -> Partition | None:
    """The partition, if it has no records for this fetch and nothing is wrong."""
    topic, manager = state.topic, broker.replica_manager  # partition_of, in place: this is hot
    partitions = manager.by_id.get(topic) if type(topic) is bytes else manager.topics.get(topic)  # type: ignore[arg-type]
    partition = partitions.get(state.index) if partitions is not None else None
    if (
        partition is None
        or state.fetch_offset != partition.high_watermark  # which is never before the log's start
        or state.current_leader_epoch != partition.leader_epoch
        or state.last_fetched_epoch >= 0
        or partition.offline
        or fetch.from_replica >= 0
    ):
        return None
    return partition


def partition_of(broker: "Broker", state: FetchState) -> Partition | None:
    """The partition that is meant, if it is here."""
    topic, manager = state.topic, broker.replica_manager
    partitions = manager.topics.get(topic) if isinstance(topic, str) else manager.by_id.get(topic)
    return None if partitions is None else partitions.get(state.index)


def answer(broker: "Broker", fetch: ParkedFetch, at_once: bool) -> list[bytes | Region] | None:
    """Return the reply's items, or None if there is too little to send and time is left."""
    fetched: list[FetchedPartition] = []
    record_bytes = 0
    no_news = True  # nothing that must be told although there are few records
    waits = False  # for one partition at least
    for state in fetch.states:
        resting = at_rest(broker, fetch, state) if fetch.session is not None else None
        if resting is not None and state.was_told(resting.high_watermark, resting.log.log_start_offset):
            waits = True
            continue
        one = read(broker, fetch, state, record_bytes)
        fetched.append(one)
        record_bytes += one.record_bytes
        no_news = no_news and not one.urgent
        waits = waits or one.partition is not None
    if record_bytes < fetch.bytes_min and no_news and not at_once and waits:
        return None
    session_id = 0
    if fetch.session is not None:
        session_id = fetch.session.id
        fetched = only_news(fetch.session, fetched)
    elif fetch.new_session:
        session_id = broker.fetch_sessions.create(
            new_session_id(broker),
            fetch.states,
            by_topic_id=fetch.api_version >= BY_TOPIC_ID,
            now_ms=broker.now_ms,
        )
        for one in fetched:
            one.is_news()
    broker.counters.fetched_bytes += record_bytes
    return fetch_encoding.encode_reply(fetch.api_version, fetch.correlation_id, session_id, fetched)


def new_session_id(broker: "Broker") -> int:
    """A number from 1 to 2^31-1 that nobody guesses."""
    return broker.rng.getrandbits(31) or 1


def only_news(session: FetchSession, fetched: list[FetchedPartition]) -> list[FetchedPartition]:
    """Of an incremental fetch only what has changed is told; who got records is served last the next time."""
    news = []
    for one in fetched:
        if one.is_news():
            news.append(one)  # a comprehension is a call of its own, and most answers are of one partition
            if one.record_bytes:
                session.serve_last(one.state)
    return news


def read(broker: "Broker", fetch: ParkedFetch, state: FetchState, bytes_before: int) -> FetchedPartition:
    """What can be said of one partition now."""
    one = FetchedPartition(state, fetch.committed_only)
    partition = partition_of(broker, state)
    if partition is None:
        one.code = broker.replica_manager.why_not(broker, state.topic, state.index).code
        one.committed_only = True  # as Kafka: an empty list of aborted transactions instead of none
        return one
    one.partition = partition
    try:
        read_partition(broker, fetch, partition, one, bytes_before)
    except WireError as error:
        one.code, one.urgent = error.code, True
    except StorageError:
        one.code, one.urgent = ErrorCode.KAFKA_STORAGE_ERROR, True
    return one


def read_partition(
    broker: "Broker", fetch: ParkedFetch, partition: Partition, one: FetchedPartition, bytes_before: int
) -> None:
    """Fill in where the partition stands and which bytes of it go out."""
    state = one.state
    if fetch.from_replica >= 0:
        one.leader_hint = (broker.config.node_id, partition.leader_epoch)
        raise WireError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    if partition.offline:
        raise WireError(ErrorCode.KAFKA_STORAGE_ERROR)
    if state.current_leader_epoch != partition.leader_epoch:
        check_leader_epoch(broker, partition, one)
    log = partition.log
    if state.last_fetched_epoch >= 0:
        epoch, end_offset = end_offset_for_epoch(partition, state.last_fetched_epoch)
        if epoch < 0 or end_offset < 0:
            raise WireError(ErrorCode.OFFSET_OUT_OF_RANGE)
        if epoch < state.last_fetched_epoch or end_offset < state.fetch_offset:
            one.diverging, one.urgent = (epoch, end_offset), True
    if one.diverging is None and not log.log_start_offset <= state.fetch_offset <= log.log_end_offset:
        raise WireError(ErrorCode.OFFSET_OUT_OF_RANGE)
    one.high_watermark, one.log_start_offset = partition.high_watermark, log.log_start_offset
    left = fetch.bytes_max - bytes_before
    if one.diverging is None and state.fetch_offset < partition.high_watermark and (left > 0 or not bytes_before):
        bytes_max = state.bytes_max if state.bytes_max < left else left
        if bytes_max < 0:
            bytes_max = 0
        region = log.locate(state.fetch_offset, partition.high_watermark_position, bytes_max)
        if region is not None and (region.length <= bytes_max or not bytes_before):
            one.region, one.record_bytes = region, region.length


def check_leader_epoch(broker: "Broker", partition: Partition, one: FetchedPartition) -> None:
    """KIP-320: a client with another idea of who leads is told so."""
    epoch = one.state.current_leader_epoch
    if 0 <= epoch < partition.leader_epoch:
        one.leader_hint = (broker.config.node_id, partition.leader_epoch)
        raise WireError(ErrorCode.FENCED_LEADER_EPOCH)
    if epoch > partition.leader_epoch:
        raise WireError(ErrorCode.UNKNOWN_LEADER_EPOCH)


# ---- waiting


def park(
    broker: "Broker",
    connection: "ClientConnection",
    fetch: ParkedFetch,
    waits_for: list[Partition],
    deadline_ms: int,
) -> None:
    """Keep the fetch's place in line until there is enough, or its time is up."""
    broker.parked_count += 1
    fetch.number = broker.parked_count
    connection.slots.append(fetch)
    parked_requests.wake_at(broker, deadline_ms, fetch)
    fetch.partitions = waits_for
    for partition in waits_for:
        partition.parked_fetches[fetch.number] = fetch


def maybe_finish(broker: "Broker", fetch: ParkedFetch, at_once: bool) -> bool:
    """Answer a waiting fetch if there is enough, or if it must be now."""
    items = answer(broker, fetch, at_once)
    if items is None:
        return False
    unpark(fetch)
    parked_requests.answer(broker, fetch, items)
    return True


def unpark(fetch: ParkedFetch) -> None:
    """Take the fetch off the lists of its partitions."""
    for partition in fetch.partitions:
        partition.parked_fetches.pop(fetch.number, None)
    fetch.partitions = []
