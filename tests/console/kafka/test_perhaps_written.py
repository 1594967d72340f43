"""A broker that takes a record and whose answer is lost: perhaps written, and sent again it is written once."""

import socket
import threading
from contextlib import contextmanager, suppress

from console.kafka import producing, records
from console.kafka.connection import ConnectionSpec
from console.kafka.producing import PerhapsWritten, ProducerRecord, Settings, Written
from engine.launcher import free_port
from tests.brokers import running_broker
from tests.console.kafka.clusters import Cluster

PRODUCE_KEY = b"\0\0"


class LosesAnswers:
    """Passes everything on; while `loses`, a connection ends when a Produce request has gone to the broker."""

    def __init__(self, listening: socket.socket, port: int) -> None:
        self.listening, self.port = listening, port
        self.loses = True
        self.lost = 0
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                broker = socket.create_connection(("127.0.0.1", self.port))
                threading.Thread(target=self.to_broker, args=(client, broker), daemon=True).start()
                threading.Thread(target=self.to_client, args=(client, broker), daemon=True).start()

    def to_broker(self, client: socket.socket, broker: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as stream:
            while size := stream.read(4):
                body = stream.read(int.from_bytes(size, "big"))
                if self.loses and body[:2] == PRODUCE_KEY:
                    self.lost += 1
                    with suppress(OSError):
                        client.shutdown(socket.SHUT_WR)  # nothing goes back any more
                broker.sendall(size + body)

    def to_client(self, client: socket.socket, broker: socket.socket) -> None:
        with suppress(OSError):
            while data := broker.recv(65536):
                client.sendall(data)


@contextmanager
def lossy_cluster(directory):
    port = free_port()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        through = listening.getsockname()[1]
        at, told = (f"PLAINTEXT://127.0.0.1:{number}" for number in (port, through))
        with running_broker(directory, listeners=at, advertised_listeners=told):
            yield LosesAnswers(listening, port), ConnectionSpec(f"127.0.0.1:{through}")


def send(spec, sent, **how):
    outcomes = []
    producing.produce(spec, sent, Settings(), lambda group, took_ms: outcomes.extend(group) or True, **how)
    return outcomes


def test_a_lost_answer_is_perhaps_written_and_what_is_sent_again_is_written_once(tmp_path, monkeypatch):
    monkeypatch.setattr(producing, "DELIVERY_TIMEOUT_MS", 1_500)
    monkeypatch.setattr(producing, "REQUEST_TIMEOUT_MS", 500)
    with lossy_cluster(tmp_path) as (proxy, spec):
        Cluster(spec.bootstrap).create(["lossy"])
        sent = [ProducerRecord("lossy", b"%d" % number, partition=0, timestamp_ms=1) for number in range(3)]
        outcomes = send(spec, sent)
        assert len(outcomes) == 3 and all(isinstance(outcome, PerhapsWritten) for outcome in outcomes)
        assert len({outcome.sent_as for outcome in outcomes}) == 1 and outcomes[0].sent_as is not None
        assert proxy.lost
        proxy.loses = False
        outcomes = send(spec, [], again=[(outcomes[0].sent_as, sent)])
        assert all(isinstance(outcome, Written) for outcome in outcomes), outcomes
        values = [found.value for found in records.read(spec, "lossy", start=records.Start("oldest")).records]
        assert values == [b"0", b"1", b"2"]
