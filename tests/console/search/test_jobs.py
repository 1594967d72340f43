"""Searches as jobs: read by whoever holds a partition, interrupted, cancelled, limited, forgotten."""

import random
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from console import tasks
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable, KafkaRefused
from console.kafka.scan import FETCH_LIMIT_S
from console.models import Cluster, Search, SearchPart, SearchState, User
from console.search import jobs, parse, work
from tests.console.fake_scan import FakeScan
from tests.console.search.batches import random_log
from tests.console.search.test_scan import by_hand

SPEC = ConnectionSpec("127.0.0.1:9")


@pytest.fixture
def topic(monkeypatch) -> FakeScan:
    chance = random.Random(1)
    monkeypatch.setattr(work, "PAUSE_S", 0.0)
    return FakeScan([random_log(chance, partition, batches=20) for partition in range(4)]).put_in_place(monkeypatch)


def begin(cast, text="nee", user="vera") -> Search:
    return jobs.begin(User.objects.get(username=user), cast.cluster, SPEC, "orders.placed", parse(text))


def expected(topic: FakeScan, text="nee") -> set[tuple[int, int]]:
    return {(log.partition, offset) for log in topic.logs.values() for offset, _ in by_hand(log, text, 0, log.end)}


def found(search: Search) -> list[tuple[int, int]]:
    return list(search.hits.values_list("partition", "offset"))


def test_a_search_finds_what_is_there_and_ends(cast, topic):
    search = begin(cast)
    assert topic.asked == [search.pk] * jobs.READERS
    assert not work.read_on(search, SPEC)
    search.refresh_from_db()
    assert search.state == SearchState.DONE and search.ended_at and search.started_at
    assert len(found(search)) == len(set(found(search))) and set(found(search)) == expected(topic)
    assert all(part.percent == 100 and part.state == jobs.Part.DONE for part in search.parts.all())
    assert jobs.found_count(search) == len(expected(topic))


def test_a_worker_that_is_stopped_leaves_the_rest_to_the_next_one(cast, topic, monkeypatch):
    ending = SimpleNamespace(value=False)
    monkeypatch.setattr(work, "ending", ending)
    search = begin(cast)

    def stop(partition, position):
        ending.value = position > 0  # after the first answer of a partition

    topic.before_chunk = stop
    assert work.read_on(search, SPEC, slice_s=60), "somebody should go on"
    parts = list(search.parts.all())
    assert {part.state for part in parts} == {jobs.Part.WAITING} and 0 < sum(part.read for part in parts) < 100
    topic.before_chunk = lambda partition, position: None
    read = [part.position for part in search.parts.all()]
    assert work.read_on(search, SPEC) and [part.position for part in search.parts.all()] == read, "nothing is begun"
    ending.value = False
    assert not work.read_on(search, SPEC)
    assert set(found(search)) == expected(topic) and len(found(search)) == len(expected(topic))


def test_only_what_is_asked_for_is_read(cast, topic):
    search = begin(cast, "partition:1-2 offset>=5 offset<30 nee")
    parts = search.parts.all()
    assert [(part.partition, part.start) for part in parts] == [(1, 5), (2, 5)] and all(
        part.end <= 30 for part in parts
    )
    work.read_on(search, SPEC)
    assert set(found(search)) == {pair for pair in expected(topic) if pair[0] in (1, 2) and 5 <= pair[1] < 30}
    with pytest.raises(jobs.SearchRefused, match="none of them"):
        begin(cast, "partition:99 nee")


def asleep(cluster, *, may_wake):
    raise ClusterUnreachable("this sandbox sleeps and cannot be woken now: it is over")


def test_a_cluster_that_cannot_be_connected_to_ends_the_search_with_the_reason(cast, topic, settings):
    search = begin(cast)
    settings.CLUSTER_WAKER = f"{__name__}.asleep"
    Cluster.objects.filter(pk=cast.cluster.pk).update(unix_path="/run/sandbox.sock")
    tasks.read_search(str(search.pk))
    search.refresh_from_db()
    assert (search.state, search.ended_at is not None) == (SearchState.FAILED, True)
    assert "cannot be woken" in search.reason


def test_what_is_written_after_the_beginning_is_not_read(cast, topic):
    search = begin(cast)
    before = expected(topic)
    more = random_log(random.Random(9), 0, batches=5)
    for first, last, batch in more.batches:
        log = topic.logs[0]
        moved = bytearray(batch)
        moved[:8] = (first + log.end).to_bytes(8, "big")
        log.batches.append((first + log.end, last + log.end, bytes(moved)))
    work.read_on(search, SPEC)
    assert set(found(search)) == before


def test_slices_take_turns_and_lose_nothing(cast, topic):
    search, turns = begin(cast), 0
    while work.read_on(search, SPEC, slice_s=0.001):
        turns += 1
        assert turns < 500
    assert turns > 3 and sorted(found(search)) == sorted(expected(topic))


def test_a_reader_that_dies_is_said_and_its_partition_is_read_on(cast, topic):
    search = begin(cast)
    part = work._hold(search)
    part.save()
    jobs.tend(search)
    assert search.interruptions == 0, "its time is not up"
    later = timezone.now() + timedelta(seconds=jobs.LEASE_S + 1)
    jobs.tend(search, now=later)
    assert search.interruptions == 1 and search.state == SearchState.RUNNING
    work.read_on(search, SPEC)
    search.refresh_from_db()
    assert search.state == SearchState.DONE and sorted(found(search)) == sorted(expected(topic))


def test_a_reader_that_only_seemed_dead_writes_nothing(cast, topic):
    search = begin(cast)
    held = work._hold(search)
    SearchPart.objects.filter(pk=held.pk).update(holder="somebody else")
    scan = work.Scan(parse("nee"), held.start, held.end, held.start)
    scan.take(topic.logs[held.partition].fetched(0, 1 << 20))
    with pytest.raises(work._Lost):
        work._save(held, scan, jobs.Part.DONE)
    assert not found(search)


def test_a_search_whose_workers_keep_dying_fails_and_one_that_nobody_takes_too(cast, topic):
    search = begin(cast)
    for turn in range(1, jobs.INTERRUPTIONS_MAX + 2):
        assert work._hold(search)
        jobs.tend(search, now=timezone.now() + timedelta(minutes=turn))
    assert search.state == SearchState.FAILED and "ended 4 times" in search.reason
    untaken = begin(cast)
    jobs.tend(untaken, now=timezone.now() + timedelta(minutes=11))
    assert untaken.state == SearchState.FAILED and "does not run" in untaken.reason


def test_a_search_ends_at_its_limit_of_time_and_says_so(cast, topic):
    search = begin(cast)
    work._hold(search)
    SearchPart.objects.update(state=jobs.Part.WAITING)
    jobs.tend(search, now=timezone.now() + timedelta(minutes=16))
    assert search.state == SearchState.PARTLY and "15 minutes" in search.reason
    assert not work.read_on(search, SPEC), "nobody goes on with it"


def test_cancelling_keeps_what_was_found_and_stops_the_readers(cast, topic):
    search = begin(cast)

    def cancel_at_partition_2(partition, position):
        if partition == 2 and position:
            jobs.cancel(Search.objects.get())

    topic.before_chunk = cancel_at_partition_2
    assert not work.read_on(search, SPEC)
    search.refresh_from_db()
    assert search.state == SearchState.CANCELLED and not search.reason
    assert {partition for partition, _ in found(search)} <= {0, 1}
    assert search.parts.get(partition=3).read == 0
    assert not jobs.cancel(search), "it had ended"


def test_a_cluster_that_comes_back_is_read_on_and_one_that_refuses_fails_its_partition(cast, topic):
    stumbles = [ClusterUnreachable("connection refused")] * 3

    def stumble(partition, position):
        if partition == 1 and position and stumbles:
            raise stumbles.pop()
        if partition == 3 and position:
            raise KafkaRefused("TOPIC_AUTHORIZATION_FAILED")

    topic.before_chunk = stumble
    search = begin(cast)
    work.read_on(search, SPEC)
    search.refresh_from_db()
    assert search.state == SearchState.PARTLY and "AUTHORIZATION" in search.reason
    assert {pair for pair in expected(topic) if pair[0] < 3} <= set(found(search)) and len(found(search)) == len(
        set(found(search))
    )
    assert search.parts.get(partition=3).state == jobs.Part.FAILED


def test_a_cluster_that_hangs_is_not_taken_for_a_reader_that_died(cast, topic):
    def hang(partition, position):
        if partition == 1:  # as long as the longest wait for an answer takes
            waited = timedelta(seconds=FETCH_LIMIT_S)
            for part in SearchPart.objects.exclude(held_until=None):
                SearchPart.objects.filter(pk=part.pk).update(held_until=part.held_until - waited)
            jobs.tend(Search.objects.get(pk=search.pk))
            raise ClusterUnreachable("it did not answer")

    topic.before_chunk = hang
    search = begin(cast)
    work.read_on(search, SPEC)
    search.refresh_from_db()
    assert (search.state, search.reason, search.interruptions) == (SearchState.PARTLY, "it did not answer", 0)


def test_the_log_may_begin_later_while_it_is_read(cast, topic):
    def delete(partition, position):
        if partition == 0 and position:
            topic.logs[0].start = topic.logs[0].end - 3

    topic.before_chunk = delete
    search = begin(cast)
    work.read_on(search, SPEC)
    part = search.parts.get(partition=0)
    assert part.gone and part.percent == 100 and Search.objects.get().state == SearchState.DONE
    assert set(found(search)) <= expected(topic)


def test_a_bounded_number_of_addresses_is_kept_and_all_are_counted(cast, topic, monkeypatch):
    monkeypatch.setattr(work, "HITS_MAX", 7)
    search = begin(cast, "not zzz")
    work.read_on(search, SPEC)
    assert len(found(search)) == 7 and jobs.found_count(search) == len(expected(topic, "not zzz"))


def test_one_person_has_two_searches_running_and_all_have_a_limit(cast, topic, monkeypatch):
    first, second = begin(cast), begin(cast)
    with pytest.raises(jobs.SearchRefused, match="2 searches running"):
        begin(cast)
    begin(cast, user="otto")
    monkeypatch.setattr(jobs, "RUNNING_MAX", 3)
    with pytest.raises(jobs.SearchRefused, match="3 searches are running"):
        begin(cast, user="ada")
    jobs.cancel(first)
    jobs.cancel(second)
    begin(cast)


def test_without_a_queue_nothing_is_begun(cast, topic):
    topic.no_queue = "Redis does not answer (Connection refused)"
    with pytest.raises(jobs.SearchRefused, match=r"cannot run now: Redis does not answer"):
        begin(cast)
    assert not Search.objects.exists()


def test_old_searches_are_forgotten_and_what_nobody_reads_is_asked_for_again(cast, topic):
    old, quiet = begin(cast), begin(cast)
    jobs.cancel(old)
    Search.objects.filter(pk=old.pk).update(ended_at=timezone.now() - jobs.KEPT - timedelta(minutes=1))
    minute_ago = timezone.now() - timedelta(minutes=1)
    Search.objects.filter(pk=quiet.pk).update(seen_at=minute_ago, asked_at=minute_ago)
    topic.asked.clear()
    jobs.tend_all()
    jobs.tend_all()
    assert list(Search.objects.all()) == [quiet] and topic.asked == [quiet.pk], "once in a while"


def test_a_topic_without_records_is_done_at_once(cast, topic):
    for log in topic.logs.values():
        log.end, log.batches = 0, []
    search = begin(cast)
    assert search.state == SearchState.DONE and not topic.asked
