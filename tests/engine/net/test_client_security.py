"""Our client signs in at Apache Kafka: each mechanism, with and without TLS, and what Kafka says to what is wrong."""

import asyncio
import hashlib
import os

import pytest

from console.kafka.connection import ConnectionSpec
from console.kafka.probe import probe
from engine.client.config import ClientConfig, Sasl, Tls, parse_bootstrap
from engine.client.errors import AuthenticationFailed, ClientError, NotKafka, TlsFailed
from engine.net.client_shell import ClientShell
from engine.wire.messages.alter_user_scram_credentials import (
    AlterUserScramCredentialsRequest,
    ScramCredentialUpsertion,
)
from tests.apache_kafka import apache_kafka
from tests.certificates import Authority

PASSWORD = "canary, with = and ü"
ESCAPED = PASSWORD.replace("ü", r"\u00fc")  # a properties file is Latin-1
CA = Authority()
SESSION_MS = 1_500
NO_KAFKA = not os.environ.get("KAFKA_START")
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.skipif(NO_KAFKA, reason="KAFKA_START names no command that starts Kafka"),
]


class SecureKafka:
    """One node with a listener of each kind."""

    def __init__(self, bootstrap: str) -> None:
        port = int(bootstrap.rpartition(":")[2])
        self.plain, self.sasl, self.sasl_tls, self.mutual = (f"127.0.0.1:{port + skip}" for skip in (0, 2, 3, 4))


def settings(folder):
    (folder / "server.pem").write_text(CA.signed("localhost").both)
    (folder / "ca.pem").write_text(CA.certificate)
    jaas = "org.apache.kafka.common.security"
    plain = f'{jaas}.plain.PlainLoginModule required user_ada="{ESCAPED}" ;'

    def of(port):
        listeners = {"PLAINTEXT": port, "SASL": port + 2, "SASLTLS": port + 3, "MUTUAL": port + 4}
        where = ",".join(f"{name}://127.0.0.1:{at}" for name, at in listeners.items())
        found = {
            "listeners": f"{where},CONTROLLER://127.0.0.1:{port + 1}",
            "advertised.listeners": where,
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,"
            "SASLTLS:SASL_SSL,MUTUAL:SSL",
            "listener.name.mutual.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(folder / "server.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(folder / "ca.pem"),
        }
        for name in ("sasl", "sasltls"):
            found[f"listener.name.{name}.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
            found[f"listener.name.{name}.plain.sasl.jaas.config"] = plain
            for scram in ("256", "512"):
                module = f"{jaas}.scram.ScramLoginModule required;"
                found[f"listener.name.{name}.scram-sha-{scram}.sasl.jaas.config"] = module
        found["listener.name.sasl.sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256"
        found["listener.name.sasl.plain.connections.max.reauth.ms"] = str(SESSION_MS)
        return found

    return of


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    with apache_kafka(settings(tmp_path_factory.mktemp("keys")), ports=5) as bootstrap:
        secure = SecureKafka(bootstrap)
        create_user(secure.plain, "ada")
        yield secure


def create_user(bootstrap, name):
    """By AlterUserScramCredentials (KIP-554): SHA-256 is 1, SHA-512 is 2, and a request alters a user once."""
    for number, algorithm in ((1, "sha256"), (2, "sha512")):
        salt = os.urandom(16)
        salted = hashlib.pbkdf2_hmac(algorithm, PASSWORD.encode(), salt, 4096)
        request = AlterUserScramCredentialsRequest([], [ScramCredentialUpsertion(name, number, 4096, salt, salted)])

        async def work(shell, request=request):
            return await shell.send(request)

        answer = with_shell(bootstrap, work)
        assert answer.results[0].error_code == 0, answer.results[0].error_message


def with_shell(bootstrap, work, **config):
    async def run():
        shell = ClientShell(bootstrap, config=ClientConfig(bootstrap=parse_bootstrap(bootstrap), **config))
        await shell.start()
        try:
            return await work(shell)
        finally:
            await shell.close()

    return asyncio.run(run())


def ask(bootstrap, **config):
    """The cluster's id as a broker tells it, or the error."""

    async def work(shell):
        try:
            return (await shell.metadata([], timeout_ms=5_000)).cluster_id
        except ClientError as error:
            return error

    return with_shell(bootstrap, work, **config)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_each_mechanism_signs_in_over_tls(kafka, mechanism):
    assert ask(kafka.sasl_tls, tls=Tls(CA.certificate), sasl=Sasl(mechanism, "ada", PASSWORD)) == ask(kafka.plain)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_each_mechanism_signs_in_without_tls(kafka, mechanism):
    assert ask(kafka.sasl, sasl=Sasl(mechanism, "ada", PASSWORD)) == ask(kafka.plain)


@pytest.mark.parametrize(
    "sasl", [Sasl("PLAIN", "ada", "no"), Sasl("SCRAM-SHA-256", "ada", "no"), Sasl("SCRAM-SHA-256", "eve", PASSWORD)]
)
def test_a_wrong_name_or_password_is_refused_in_kafka_s_words(kafka, sasl):
    failed = ask(kafka.sasl, sasl=sasl)
    assert type(failed) is AuthenticationFailed and f"does not sign in {sasl.user}" in str(failed)
    assert "Authentication failed" in str(failed) and PASSWORD not in str(failed)


def test_a_mechanism_that_is_not_offered(kafka):
    failed = ask(kafka.sasl, sasl=Sasl("SCRAM-SHA-512", "ada", PASSWORD))
    assert type(failed) is AuthenticationFailed
    assert "does not offer SCRAM-SHA-512; it offers PLAIN, SCRAM-SHA-256" in str(failed)


def test_listeners_of_another_kind_are_told_apart(kafka):
    assert "its listener has no SASL" in str(ask(kafka.plain, sasl=Sasl("PLAIN", "ada", PASSWORD)))
    nobody = ask(kafka.sasl)
    assert isinstance(nobody, AuthenticationFailed) and "perhaps it wants a user and a password" in str(nobody)
    assert isinstance(ask(kafka.plain, tls=Tls(CA.certificate)), TlsFailed)
    assert isinstance(ask(kafka.sasl_tls, sasl=Sasl("PLAIN", "ada", PASSWORD)), TlsFailed | NotKafka)


def test_a_client_certificate_is_what_one_signs_in_with(kafka):
    mine = CA.signed("console")
    assert ask(kafka.mutual, tls=Tls(CA.certificate, mine.certificate, mine.key)) == ask(kafka.plain)
    failed = ask(kafka.mutual, tls=Tls(CA.certificate))
    assert type(failed) is TlsFailed and "client certificate, or asks for one" in str(failed)


def test_the_console_tests_such_a_connection_step_by_step(kafka):
    tls, sasl = Tls(CA.certificate), Sasl("SCRAM-SHA-512", "ada", PASSWORD)
    found = probe(ConnectionSpec(kafka.sasl_tls, tls=tls, sasl=sasl))
    assert [step.state for step in found.steps] == ["good"] * 5, found
    assert found.steps[2].title == "TLS 1.3, certificate trusted" and "signed by Test CA" in found.steps[2].detail
    wrong = probe(ConnectionSpec(kafka.sasl_tls, tls=tls, sasl=Sasl("SCRAM-SHA-512", "ada", "canary")))
    assert wrong.stopped_at == 4 and "kafka-configs.sh" in wrong.failed.remedy and "canary" not in repr(wrong)
    assert probe(ConnectionSpec(kafka.sasl)).stopped_at == 4  # it wants a user


def test_a_session_goes_on_beyond_its_lifetime_on_the_same_connection(kafka):
    async def work(shell):
        for _ in range(6):
            await shell.metadata([], timeout_ms=5_000)
            await asyncio.sleep(SESSION_MS / 2000)
        return shell._last_connection

    made = with_shell(kafka.sasl, work, sasl=Sasl("PLAIN", "ada", PASSWORD))
    assert made == 1, "one connection is renewed, not made again"
