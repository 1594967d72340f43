import pytest

from engine.core.replication.fetch_sessions import EPOCH_MAX, EVICTION_MS, FetchSessions, FetchState
from engine.wire.error_codes import ErrorCode, WireError


def states(count: int = 2, topic: str = "t") -> list[FetchState]:
    return [FetchState(topic, index, 0, 1000) for index in range(count)]


def created(sessions: FetchSessions, session_id: int = 7, count: int = 2, now_ms: int = 0) -> int:
    return sessions.create(session_id, states(count), by_topic_id=False, now_ms=now_ms)


def refusal(sessions: FetchSessions, session_id: int, epoch: int, *, by_topic_id: bool = False) -> ErrorCode:
    with pytest.raises(WireError) as refused:
        sessions.resume(session_id, epoch, by_topic_id=by_topic_id, now_ms=0)
    return refused.value.code


def test_a_session_goes_on_epoch_by_epoch():
    sessions = FetchSessions(10)
    assert created(sessions) == 7
    assert sessions.resume(7, 1, by_topic_id=False, now_ms=1).epoch == 2
    assert sessions.resume(7, 2, by_topic_id=False, now_ms=2).epoch == 3


def test_after_the_last_epoch_comes_the_first():
    sessions = FetchSessions(10)
    created(sessions)
    sessions.sessions[7].epoch = EPOCH_MAX
    assert sessions.resume(7, EPOCH_MAX, by_topic_id=False, now_ms=0).epoch == 1


def test_a_session_that_is_not_there_or_out_of_step_is_refused():
    sessions = FetchSessions(10)
    created(sessions)
    assert refusal(sessions, 8, 1) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND
    assert refusal(sessions, 7, 5) is ErrorCode.INVALID_FETCH_SESSION_EPOCH
    assert refusal(sessions, 7, 1, by_topic_id=True) is ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
    sessions.close(7)
    assert refusal(sessions, 7, 1) is ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_an_update_changes_adds_and_forgets_partitions():
    sessions = FetchSessions(10)
    created(sessions)
    session = sessions.resume(7, 1, by_topic_id=False, now_ms=0)
    session.states["t", 0].told_high_watermark = 5
    session.update([FetchState("t", 0, 9, 50), FetchState("u", 3, 1, 1)])
    session.forget("t", [1, 77])
    assert list(session.states) == [("t", 0), ("u", 3)]
    assert (session.states["t", 0].fetch_offset, session.states["t", 0].bytes_max) == (9, 50)
    assert session.states["t", 0].told_high_watermark == 5


def test_who_got_records_is_served_last():
    sessions = FetchSessions(10)
    created(sessions)
    session = sessions.sessions[7]
    session.serve_last(session.states["t", 0])
    assert list(session.states) == [("t", 1), ("t", 0)]


def test_only_what_changed_is_news_and_errors_are_told_again():
    state = FetchState("t", 0, 0, 1000)

    def told(*, mark: int = 5, start: int = 0, failed: bool = False, records: bool = False) -> bool:
        return state.is_news(high_watermark=mark, log_start_offset=start, failed=failed, has_records=records)

    assert told()
    assert not told()
    assert told(mark=6)
    assert told(mark=6, start=2)
    assert told(mark=6, start=2, records=True)
    assert not told(mark=6, start=2)
    assert told(mark=-1, start=2, failed=True)
    assert told(mark=-1, start=2, failed=True)
    assert told(mark=6, start=2)


def test_without_room_a_fetch_goes_without_a_session():
    sessions = FetchSessions(1)
    assert created(sessions, 7) == 7
    assert created(sessions, 8) == 0
    assert FetchSessions(0).create(1, states(), by_topic_id=False, now_ms=0) == 0


def test_an_idle_session_makes_room():
    sessions = FetchSessions(1)
    created(sessions, 7)
    assert created(sessions, 8, now_ms=EVICTION_MS) == 0
    assert created(sessions, 8, now_ms=EVICTION_MS + 1) == 8
    assert list(sessions.sessions) == [8]


def test_a_busy_session_yields_only_to_a_larger_one():
    sessions = FetchSessions(1)
    created(sessions, 7, count=2)
    later = EVICTION_MS + 1
    sessions.resume(7, 1, by_topic_id=False, now_ms=later)
    assert created(sessions, 8, count=2, now_ms=later) == 0
    assert created(sessions, 8, count=3, now_ms=later) == 8


def test_an_id_in_use_or_an_empty_fetch_gets_no_session():
    sessions = FetchSessions(10)
    created(sessions, 7)
    assert created(sessions, 7) == 0
    assert sessions.create(9, [], by_topic_id=False, now_ms=0) == 0
