"""The pool of clients: shared, bounded, closed when idle, never longer than its time limit."""

import asyncio
import threading
import time

import pytest

from console.kafka import connection
from console.kafka.connection import ConnectionSpec, on_loop, run, run_async
from console.kafka.errors import (
    ClusterUnreachable,
    KafkaRefused,
    NotAuthorized,
    NotFound,
    SignInRefused,
    refused,
    translated,
)
from engine.client.errors import AuthenticationFailed, Disconnected, Refused, Unsupported
from engine.wire.error_codes import ErrorCode


async def cluster_id(session):
    return (await session.metadata([])).cluster_id


def entries():
    return connection._pool().entries


def test_equal_specs_share_one_client_also_from_many_threads(cluster, spec):
    found = []
    threads = [threading.Thread(target=lambda: found.append(run(spec, cluster_id))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 20
    shell = entries()[spec].shell
    run(ConnectionSpec(cluster.bootstrap), cluster_id)
    assert entries()[spec].shell is shell
    assert entries()[spec].users == 0


def test_another_loop_can_wait_for_it(spec):
    assert asyncio.run(run_async(spec, cluster_id)) == run(spec, cluster_id)


def test_a_slow_operation_is_ended_by_the_time_limit(spec):
    async def slow(session):
        await asyncio.sleep(60)

    begun = time.monotonic()
    with pytest.raises(ClusterUnreachable, match="did not answer within"):
        run(spec, slow, time_limit_s=0.2)
    assert time.monotonic() - begun < 1
    assert run(spec, cluster_id)


def test_an_idle_client_is_closed_and_made_again(spec, monkeypatch):
    assert run(spec, cluster_id)
    shell = entries()[spec].shell
    on_loop(connection._pool()._close(spec)).result(5)
    assert shell.closed
    assert run(spec, cluster_id)
    assert entries()[spec].shell is not shell


def test_the_number_of_clients_is_bounded_and_the_oldest_idle_one_goes(cluster, monkeypatch):
    monkeypatch.setattr(connection, "SHELLS_MAX", 3)
    specs = [ConnectionSpec(cluster.bootstrap, client_id=f"client-{number}") for number in range(5)]
    for one in specs:
        assert run(one, cluster_id)
    assert len(entries()) <= 3
    assert specs[-1] in entries()
    assert specs[0] not in entries()


def test_what_the_cluster_says_is_told_apart():
    assert isinstance(refused(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION), NotFound)
    assert isinstance(refused(ErrorCode.TOPIC_AUTHORIZATION_FAILED), NotAuthorized)
    other = translated(Refused(ErrorCode.INVALID_CONFIG, "no"))
    assert isinstance(other, KafkaRefused)
    assert (other.code, other.message, str(other)) == ("INVALID_CONFIG", "no", "INVALID_CONFIG: no")
    assert isinstance(translated(Unsupported("old")), KafkaRefused)
    assert isinstance(translated(Disconnected("gone")), ClusterUnreachable)
    assert isinstance(translated(AuthenticationFailed("no")), SignInRefused)


def test_clusters_that_hang_cost_another_nothing(spec, frozen_server):
    assert run(spec, cluster_id)
    hanging = [
        threading.Thread(target=_give_up, args=(ConnectionSpec(frozen_server, client_id=f"h{number}"),))
        for number in range(20)
    ]
    for thread in hanging:
        thread.start()
    begun = time.monotonic()
    for number in range(5):
        assert run(ConnectionSpec(spec.bootstrap, client_id=f"beside-{number}"), cluster_id)
    took = time.monotonic() - begun
    for thread in hanging:
        thread.join()
    assert took < 1.5, f"{took:.2f} s while 20 others hang for 2 s"


def _give_up(spec):
    with pytest.raises(ClusterUnreachable):
        run(spec, cluster_id, time_limit_s=2.0)
