"""TLS with servers of every kind, and what a client says of each."""

import asyncio
import datetime
import socket
import ssl
import threading

import pytest

from engine.client.config import ClientConfig, Tls, parse_bootstrap
from engine.client.errors import AddressNotAllowed, ClientError, ConnectionFailed, NameNotFound, NotKafka, TlsFailed
from engine.net.client_shell import ClientShell
from engine.net.tls import client_context
from tests.brokers import running_broker
from tests.certificates import Authority, Pair

CA = Authority()


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("tls")) as running:
        yield running


class Server:
    """Takes connections, with TLS if there is a context, and passes their bytes on to a broker, or says `says`."""

    def __init__(self, context=None, broker_port=0, says=b"", holds=False):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.peer = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.context, self.broker_port, self.says, self.holds = context, broker_port, says, holds
        self.accepted: list[socket.socket] = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                taken, _ = self.listener.accept()
            except OSError:
                return
            self.accepted.append(taken)
            if not self.holds:
                threading.Thread(target=self.serve, args=(taken,), daemon=True).start()

    def serve(self, taken):
        try:
            if self.context is not None:
                taken = self.context.wrap_socket(taken, server_side=True)
            if not self.broker_port:
                taken.recv(1000)
                taken.sendall(self.says)
                taken.close()
                return
            onward = socket.create_connection(("127.0.0.1", self.broker_port))
            threading.Thread(target=pump, args=(onward, taken), daemon=True).start()
            pump(taken, onward)
        except OSError:
            taken.close()


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        return


def server_context(tmp_path, pair: Pair, *, client_ca: str = "") -> ssl.SSLContext:
    path = tmp_path / "server.pem"
    path.write_text(pair.both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_ca)
    return context


def ask(peer, tls=None, *, gate=None, timeout_ms=3_000, **settings):
    """What one metadata request gives: the cluster's id or the error; and how far the connection came."""

    async def run():
        settings.setdefault("connect_timeout_ms", 1_000)
        config = ClientConfig(bootstrap=parse_bootstrap(peer), tls=tls, **settings)
        shell = ClientShell(peer, config=config, gate=gate)
        await shell.start()
        try:
            answer = (await shell.metadata([], timeout_ms=timeout_ms)).cluster_id
        except ClientError as error:
            answer = error
        finally:
            await shell.close()
        return answer, shell.reached.get(peer)

    return asyncio.run(run())


def failed(peer, tls=None, **how):
    answer, _ = ask(peer, tls, **how)
    assert isinstance(answer, ClientError), answer
    return type(answer), str(answer)


def test_a_broker_behind_tls_answers_and_the_handshake_is_known(tmp_path, broker):
    server = Server(server_context(tmp_path, CA.signed("localhost")), broker.port)
    answer, reached = ask(server.peer, Tls(CA.certificate))
    assert isinstance(answer, str), answer
    assert reached.address == "127.0.0.1" and reached.addresses == ("127.0.0.1",)
    assert reached.handshake.version == "TLSv1.3" and reached.handshake.subject == "localhost"
    assert reached.handshake.issuer == "Test CA"


@pytest.mark.parametrize(
    ("pair", "trusted", "words"),
    [
        (lambda: CA.signed("localhost"), Authority("another").certificate, "not signed by a CA that is trusted here"),
        (lambda: CA.signed("localhost"), "", "not signed by a CA that is trusted here"),
        (lambda: CA.signed("other", addresses=("10.0.0.1",)), CA.certificate, "is for another name"),
        (lambda: CA.signed("localhost", lasts=-datetime.timedelta(hours=1)), CA.certificate, "has expired"),
    ],
)
def test_a_certificate_that_proves_nothing(tmp_path, pair, trusted, words):
    server = Server(server_context(tmp_path, pair()))
    kind, said = failed(server.peer, Tls(trusted))
    assert kind is TlsFailed and words in said and server.peer in said


def test_a_broker_in_plain_is_not_spoken_to_in_tls(broker):
    kind, said = failed(broker.bootstrap, Tls(CA.certificate))
    assert kind is TlsFailed and "its listener may be in plain" in said
    kind, said = failed(Server(says=b"HTTP/1.1 400 Bad Request\r\n\r\n").peer, Tls(CA.certificate))
    assert kind is TlsFailed and "does not speak TLS at this port" in said


def test_a_broker_with_tls_is_not_spoken_to_in_plain(tmp_path):
    kind, said = failed(Server(server_context(tmp_path, CA.signed("localhost"))).peer)
    assert kind in (TlsFailed, NotKafka)
    assert "speaks TLS" in said or "closed the connection before" in said


def test_a_handshake_that_hangs_ends_in_time():
    kind, said = failed(Server(holds=True).peer, Tls(CA.certificate), connect_timeout_ms=300)
    assert kind is TlsFailed and "does not finish the TLS handshake within 0.3 s" in said


def test_old_versions_of_tls_are_not_spoken(tmp_path):
    context = server_context(tmp_path, CA.signed("localhost"))
    assert client_context(Tls()).minimum_version == ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    kind, _ = failed(Server(context).peer, Tls(CA.certificate))
    assert kind is TlsFailed


def test_a_client_certificate_is_shown_and_a_missing_one_is_said(tmp_path, broker):
    server = Server(server_context(tmp_path, CA.signed("localhost"), client_ca=CA.certificate), broker.port)
    mine = CA.signed("console")
    answer, _ = ask(server.peer, Tls(CA.certificate, mine.certificate, mine.key))
    assert isinstance(answer, str), answer
    kind, said = failed(server.peer, Tls(CA.certificate))
    assert kind is TlsFailed and "asks for a client certificate" in said
    stranger = Authority("stranger").signed("console")
    kind, said = failed(server.peer, Tls(CA.certificate, stranger.certificate, stranger.key))
    assert kind is TlsFailed and "does not trust the CA of our client certificate" in said


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        (lambda: Tls("no certificate"), "CA certificate cannot be read"),
        (lambda: Tls(CA.certificate, CA.signed("a").certificate, CA.signed("b").key), "belong together"),
        (lambda: Tls("", "x", "y"), "belong together"),
        (lambda: Tls("", "x", "-----BEGIN ENCRYPTED PRIVATE KEY-----"), "without its pass phrase"),
    ],
)
def test_certificates_that_cannot_be_used_are_refused_with_a_sentence(tls, words):
    with pytest.raises(ValueError, match=words):
        client_context(tls())


def test_each_step_fails_as_its_own_kind():
    assert failed("no-such-host.invalid:9092")[0] is NameNotFound
    assert failed("127.0.0.1:1")[0] is ConnectionFailed
    assert failed(Server(says=b"HTTP/1.1 400 Bad Request\r\n\r\n").peer)[0] is NotKafka
    assert failed(Server(says=b"").peer)[0] is NotKafka


def test_a_gate_sees_the_address_of_each_name_and_nothing_is_sent_past_it():
    server = Server()
    seen = []

    def gate(host, address, port):
        seen.append((host, address, port))
        return "this console may not connect there"

    port = int(server.peer.rpartition(":")[2])
    kind, said = failed(f"localhost:{port}", gate=gate)
    assert kind is AddressNotAllowed and "may not connect there" in said
    assert ("localhost", "127.0.0.1", port) in seen and server.accepted == []
