"""The test of a connection: five steps, the failed one with what helps, the rest not reached."""

import socket
import threading
import time

from console.kafka import probe as probes
from console.kafka.connection import ConnectionSpec
from console.kafka.probe import probe
from engine.client.config import Sasl, Tls
from tests.certificates import Authority

SASL = Sasl("SCRAM-SHA-512", "ada", "canary")


def states(found):
    return [step.state for step in found.steps]


def says(answer: bytes) -> str:
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            taken, _ = listener.accept()
            taken.recv(1000)
            taken.sendall(answer)
            taken.close()

    threading.Thread(target=run, daemon=True).start()
    return f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_cluster_that_answers_passes_all_steps(spec):
    found = probe(spec)
    assert found.passed and states(found) == ["good", "good", "unused", "unused", "good"], found
    assert found.cluster_id and found.cluster_id in found.steps[4].detail and "1 broker," in found.steps[4].detail
    assert found.steps[0].detail == found.steps[1].detail == "127.0.0.1"


def test_a_name_that_nobody_knows():
    found = probe(ConnectionSpec("no-such-host.invalid:9092"))
    assert states(found) == ["bad", "none", "none", "none", "none"]
    assert "the name is not known" in found.sentence and "name server" in found.failed.remedy
    assert found.steps[4].title == "Kafka: not reached"


def test_nobody_listens():
    found = probe(ConnectionSpec("127.0.0.1:1"))
    assert states(found) == ["good", "bad", "none", "none", "none"]
    assert "nothing listens there" in found.sentence and "firewall" in found.failed.remedy


def test_tls_to_a_plain_listener(spec):
    found = probe(ConnectionSpec(spec.bootstrap, tls=Tls(Authority().certificate)))
    assert states(found) == ["good", "good", "bad", "none", "none"]
    assert "without TLS" in found.failed.remedy


def test_a_user_where_none_is_asked_for(spec):
    found = probe(ConnectionSpec(spec.bootstrap, sasl=SASL))
    assert states(found)[:4] == ["good", "good", "unused", "bad"]
    assert found.stopped_at == 4 and "canary" not in repr(found)


def test_a_web_server_is_no_kafka():
    found = probe(ConnectionSpec(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
    assert states(found) == ["good", "good", "unused", "unused", "bad"]
    assert "Something else may listen there" in found.failed.remedy


def test_a_listener_with_tls_in_plain():
    found = probe(ConnectionSpec(says(b"\x15\x03\x03\x00\x02\x02\x50")))
    assert found.stopped_at == 3 and "speaks TLS" in found.sentence and "SSL" in found.failed.remedy


def test_what_hangs_is_given_up_in_time(frozen_server, monkeypatch):
    monkeypatch.setattr(probes, "CONNECT_MS", 300)
    begun = time.monotonic()
    assert probe(ConnectionSpec(frozen_server)).stopped_at == 5
    assert probe(ConnectionSpec(frozen_server, tls=Tls())).stopped_at == 3
    assert time.monotonic() - begun < 3


def test_one_server_of_several_is_enough(spec):
    found = probe(ConnectionSpec(f"127.0.0.1:1,{spec.bootstrap}"))
    assert found.passed and found.steps[1].title == "Connected"
