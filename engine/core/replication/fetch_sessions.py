"""Incremental fetch sessions (KIP-227): what a consumer wants is remembered, so that it need not say it again.

A session lists partitions with where the consumer stands in each. A fetch then names
only what changed, and is answered only with partitions that have something to tell.

Invariants:
- A session is found by its id and expected epoch, never by connection.
- At most `sessions_max`; a new one displaces one idle for EVICTION_MS, or a smaller one
  as old, else the fetch goes without a session.
- The epoch goes 1, 2, ... 2^31-1, 1: 0 asks for a session, -1 ends it.

Not here: reading records, bytes of the answer (broker/handlers/fetch.py).
Spec: KIP-227; KIP-516 for topic ids in sessions.
"""

from dataclasses import dataclass, field

from engine.wire.error_codes import ErrorCode, WireError

EVICTION_MS = 120_000  # Kafka's MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS
EPOCH_MAX = (1 << 31) - 1
INITIAL_EPOCH, FINAL_EPOCH = 0, -1
NOTHING_TOLD = -2

TopicKey = str | bytes  # a topic's name, or its id from version 13 on


@dataclass(slots=True, eq=False)
class FetchState:
    """Where a consumer stands in one partition, and what it was told of it last."""

    topic: TopicKey
    index: int
    fetch_offset: int
    bytes_max: int
    current_leader_epoch: int = -1
    last_fetched_epoch: int = -1
    told_high_watermark: int = NOTHING_TOLD
    told_log_start_offset: int = NOTHING_TOLD

    def was_told(self, high_watermark: int, log_start_offset: int) -> bool:
        """Say whether these are what was told last."""
        return high_watermark == self.told_high_watermark and log_start_offset == self.told_log_start_offset

    def is_news(self, *, high_watermark: int, log_start_offset: int, failed: bool, has_records: bool) -> bool:
        """Say whether this belongs into an incremental answer, and remember that it was told."""
        news = (
            failed
            or has_records
            or high_watermark != self.told_high_watermark
            or log_start_offset != self.told_log_start_offset
        )
        self.told_high_watermark = NOTHING_TOLD if failed else high_watermark  # an error is told again
        self.told_log_start_offset = log_start_offset
        return news


@dataclass(slots=True, eq=False)
class FetchSession:
    """What one consumer fetches, in the order in which it is served."""

    id: int
    created_ms: int
    used_ms: int
    by_topic_id: bool
    epoch: int = 1  # expected next
    states: dict[tuple[TopicKey, int], FetchState] = field(default_factory=dict)

    def update(self, changed: list[FetchState]) -> None:
        """Take over what the consumer says anew."""
        for state in changed:
            known = self.states.get((state.topic, state.index))
            if known is None:
                self.states[state.topic, state.index] = state
            else:
                known.fetch_offset, known.bytes_max = state.fetch_offset, state.bytes_max
                known.current_leader_epoch = state.current_leader_epoch
                known.last_fetched_epoch = state.last_fetched_epoch

    def forget(self, topic: TopicKey, indexes: list[int]) -> None:
        """Leave these partitions of a topic out from now on."""
        for index in indexes:
            self.states.pop((topic, index), None)

    def serve_last(self, state: FetchState) -> None:
        """Put a partition that got records behind those that got none, so that all get their turn."""
        key = (state.topic, state.index)
        if self.states.pop(key, None) is not None:
            self.states[key] = state


@dataclass(slots=True)
class FetchSessions:
    """All sessions of one broker."""

    sessions_max: int
    sessions: dict[int, FetchSession] = field(default_factory=dict)  # least recently used first

    def resume(self, session_id: int, epoch: int, *, by_topic_id: bool, now_ms: int) -> FetchSession:
        """The session this fetch continues; WireError if it is not there or out of step."""
        session = self.sessions.get(session_id)
        if session is None:
            raise WireError(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
        if session.epoch != epoch:
            raise WireError(ErrorCode.INVALID_FETCH_SESSION_EPOCH)
        if session.by_topic_id != by_topic_id:
            raise WireError(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR)
        session.epoch = 1 if epoch == EPOCH_MAX else epoch + 1
        session.used_ms = now_ms
        self.sessions[session_id] = self.sessions.pop(session_id)
        return session

    def close(self, session_id: int) -> None:
        """Forget a session, if it is there."""
        self.sessions.pop(session_id, None)

    def create(self, session_id: int, states: list[FetchState], *, by_topic_id: bool, now_ms: int) -> int:
        """Remember what a full fetch asked for; return the session's id, or 0 if there is no room for it."""
        if not states or session_id in self.sessions or not self._make_room(len(states), now_ms):
            return 0
        self.sessions[session_id] = FetchSession(
            session_id, now_ms, now_ms, by_topic_id, states={(state.topic, state.index): state for state in states}
        )
        return session_id

    def _make_room(self, size: int, now_ms: int) -> bool:
        if len(self.sessions) < self.sessions_max:
            return True
        if not self.sessions:
            return False
        oldest = next(iter(self.sessions.values()))
        if now_ms - oldest.used_ms > EVICTION_MS:
            del self.sessions[oldest.id]
            return True
        smallest = min(
            (one for one in self.sessions.values() if now_ms - one.created_ms > EVICTION_MS),
            key=lambda one: (len(one.states), one.created_ms),
            default=None,
        )
        if smallest is not None and len(smallest.states) < size:
            del self.sessions[smallest.id]
            return True
        return False
