"""Signing in: what is sent before all else, what each answer means, and again before the session ends."""

import pytest

from engine.client.calls import GetMetadata
from engine.client.config import Sasl, Tls
from engine.client.errors import AuthenticationFailed, NotKafka, TlsFailed, Unreachable
from engine.wire.messages.api_versions import ApiVersion
from engine.wire.messages.metadata import MetadataRequest
from engine.wire.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from engine.wire.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse

from .scripted import metadata, new_driver

PLAIN = Sasl("PLAIN", "ada", "canary")
SCRAM = Sasl("SCRAM-SHA-256", "ada", "canary")


def begun(sasl=PLAIN, **settings):
    driver = new_driver(sasl=sasl, **settings)
    number = driver.call(GetMetadata())
    driver.accept()
    return driver, number, driver.take_one(SaslHandshakeRequest)


def signed_in(lifetime_ms=0):
    driver, number, handshake = begun()
    driver.answer(handshake, SaslHandshakeResponse(0, ["PLAIN"]))
    driver.answer(driver.take_one(SaslAuthenticateRequest), SaslAuthenticateResponse(0, None, b"", lifetime_ms))
    driver.answer(driver.take_one(MetadataRequest), metadata())
    return driver, number


def test_nothing_is_asked_before_one_is_signed_in():
    driver, number, handshake = begun()
    assert handshake.message.mechanism == "PLAIN" and handshake.version == 1
    driver.answer(handshake, SaslHandshakeResponse(0, ["PLAIN"]))
    asked = driver.take_one(SaslAuthenticateRequest)
    assert asked.message.auth_bytes == b"\0ada\0canary"
    driver.answer(asked, SaslAuthenticateResponse())
    driver.answer(driver.take_one(MetadataRequest), metadata())
    assert driver.results[number].cluster_id == "cluster"


def test_a_mechanism_that_is_not_offered_is_said_with_those_that_are():
    driver, number, handshake = begun(SCRAM)
    driver.answer(handshake, SaslHandshakeResponse(33, ["PLAIN", "SCRAM-SHA-512"]))
    failed = driver.results[number]
    assert type(failed) is AuthenticationFailed
    assert str(failed) == "one:9092 does not offer SCRAM-SHA-256; it offers PLAIN, SCRAM-SHA-512"


def test_a_wrong_password_is_said_once_and_not_tried_again():
    driver, number, handshake = begun(bootstrap=("one:9092", "two:9092"))
    driver.answer(handshake, SaslHandshakeResponse(0, ["PLAIN"]))
    said = "Authentication failed: Invalid username or password"
    driver.answer(driver.take_one(SaslAuthenticateRequest), SaslAuthenticateResponse(58, said))
    failed = driver.results[number]
    assert type(failed) is AuthenticationFailed and said in str(failed) and "ada" in str(failed)
    assert driver.asked_to_connect == []


def test_a_broker_that_repeats_the_password_is_not_quoted():
    driver, number, handshake = begun()
    driver.answer(handshake, SaslHandshakeResponse(0, ["PLAIN"]))
    driver.answer(driver.take_one(SaslAuthenticateRequest), SaslAuthenticateResponse(58, "no user ada with canary"))
    assert "canary" not in str(driver.results[number])


def test_a_listener_without_sasl_says_so():
    driver, number, handshake = begun()
    driver.answer(handshake, SaslHandshakeResponse(34, []))
    assert "its listener has no SASL" in str(driver.results[number])


@pytest.mark.parametrize(
    ("handshake", "authenticate"), [((0, -1), (0, 2)), ((0, 1), (0, -5)), ((0, 0), (0, 2)), ((0, 1), (9, 9))]
)
def test_a_broker_without_a_version_in_common_is_refused_before_anything_secret_is_sent(handshake, authenticate):
    driver = new_driver(sasl=PLAIN)
    number = driver.call(GetMetadata())
    driver.accept(versions=[ApiVersion(3, 0, 4), ApiVersion(17, *handshake), ApiVersion(36, *authenticate)])
    assert type(driver.results[number]) is AuthenticationFailed and driver.take() == []


@pytest.mark.parametrize("announced", [2 << 20, 90 << 20])
def test_who_is_not_known_yet_announces_no_large_answer(announced):
    driver = new_driver(sasl=PLAIN)
    number = driver.call(GetMetadata())
    connection = driver.accept(versions=None)
    driver.receive(connection, announced.to_bytes(4, "big"))
    assert type(driver.results[number]) is NotKafka and connection.wanted_bytes < 1 << 20


def test_a_broker_too_old_for_sasl_authenticate_is_refused():
    driver = new_driver(sasl=PLAIN)
    number = driver.call(GetMetadata())
    driver.accept(versions=[ApiVersion(3, 0, 4), ApiVersion(18, 0, 2)])
    assert "older than Kafka 1.0" in str(driver.results[number])


def test_scram_with_a_server_that_does_not_know_the_password():
    driver, number, handshake = begun(SCRAM)
    driver.answer(handshake, SaslHandshakeResponse(0, ["SCRAM-SHA-256"]))
    first = driver.take_one(SaslAuthenticateRequest)
    nonce = first.message.auth_bytes.rpartition(b"r=")[2]
    assert len(nonce) == 32
    driver.answer(first, SaslAuthenticateResponse(0, None, b"r=" + nonce + b"x,s=QUJD,i=4096"))
    second = driver.take_one(SaslAuthenticateRequest)
    assert b"p=" in second.message.auth_bytes
    driver.answer(second, SaslAuthenticateResponse(0, None, b"v=QUJD"))
    assert "does not prove that it knows the password" in str(driver.results[number])


def test_the_nonce_is_another_for_each_connection():
    driver, _, handshake = begun(SCRAM)
    nonces = {}
    for _ in range(3):
        driver.answer(handshake, SaslHandshakeResponse(0, ["SCRAM-SHA-256"]))
        nonces[driver.take_one(SaslAuthenticateRequest).message.auth_bytes] = None
        driver.close(driver.connections[0])
        driver.call(GetMetadata())
        driver.accept()
        handshake = driver.take_one(SaslHandshakeRequest)
    assert len(nonces) == 3


def test_a_session_that_ends_is_renewed_before_the_next_request():
    driver, _ = signed_in(lifetime_ms=10_000)
    driver.advance(8_000)
    driver.call(GetMetadata())
    driver.answer(driver.take_one(MetadataRequest), metadata())
    driver.advance(1_600)
    number = driver.call(GetMetadata())
    driver.answer(driver.take_one(SaslHandshakeRequest), SaslHandshakeResponse(0, ["PLAIN"]))
    driver.answer(driver.take_one(SaslAuthenticateRequest), SaslAuthenticateResponse(0, None, b"", 10_000))
    driver.answer(driver.take_one(MetadataRequest), metadata())
    assert driver.results[number].cluster_id == "cluster" and len(driver.connections) == 1


def test_a_session_that_lasts_is_not_renewed():
    driver, _ = signed_in()
    driver.advance(10_000_000)
    driver.call(GetMetadata())
    driver.take_one(MetadataRequest)


def test_a_renewal_that_is_refused_ends_the_connection():
    driver, _ = signed_in(lifetime_ms=1_000)
    driver.advance(1_000)
    number = driver.call(GetMetadata())
    driver.answer(driver.take_one(SaslHandshakeRequest), SaslHandshakeResponse(0, ["PLAIN"]))
    driver.answer(driver.take_one(SaslAuthenticateRequest), SaslAuthenticateResponse(58, "gone"))
    assert type(driver.results[number]) is AuthenticationFailed and driver.connections == []


def test_a_broker_that_hangs_up_while_signing_in():
    driver, number, _ = begun()
    driver.close(driver.connections[0])
    assert str(driver.results[number]) == "one:9092 closed the connection while ada signed in"


def test_a_broker_that_hangs_while_signing_in():
    driver, number, _ = begun(request_timeout_ms=2_000)
    driver.advance(2_000)
    failed = driver.results[number]
    assert type(failed) is AuthenticationFailed
    assert str(failed) == "one:9092 did not answer within 2 s while ada signed in"


def test_what_closes_at_the_first_request_perhaps_wants_a_password():
    driver = new_driver()
    number = driver.call(GetMetadata())
    for _ in range(3):
        connection = driver.accept()
        driver.take()
        driver.close(connection)
    failed = driver.results[number]
    assert type(failed) is AuthenticationFailed and "perhaps it wants a user and a password" in str(failed)


@pytest.mark.parametrize(
    ("sent", "kind", "words"),
    [
        (b"\x15\x03\x03\x00\x02\x02\x50", TlsFailed, "speaks TLS, and this connection is in plain"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotKafka, "does not speak Kafka's protocol"),
        (None, NotKafka, "closed the connection before it said which versions it speaks"),
    ],
)
def test_what_answers_and_is_no_plain_kafka_is_told_apart(sent, kind, words):
    driver = new_driver()
    number = driver.call(GetMetadata())
    connection = driver.accept(versions=None)
    if sent is None:
        driver.close(connection)
    else:
        driver.receive(connection, sent)
    assert type(driver.results[number]) is kind and words in str(driver.results[number])


def test_of_several_addresses_the_one_that_got_furthest_names_the_failure():
    driver = new_driver(bootstrap=("one:9092", "two:9092"))
    number = driver.call(GetMetadata())
    connection = driver.accept(versions=None)
    driver.close(connection)
    driver.refuse("two:9092: the name is not known")
    assert type(driver.results[number]) is NotKafka and isinstance(driver.results[number], Unreachable)
    assert "two:9092: the name is not known" in str(driver.results[number])


def test_secrets_are_in_no_repr():
    driver, _, handshake = begun(SCRAM, tls=Tls("", "certificate", "canary"))
    driver.answer(handshake, SaslHandshakeResponse(0, ["SCRAM-SHA-256"]))
    assert "canary" not in repr(driver.client.config)
    assert "canary" not in repr([link.connection for link in driver.client.connections.links.values()])
    assert "canary" not in repr(driver.client.connections)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Sasl("GSSAPI", "a", "b"), "sasl.mechanism is one of"),
        (lambda: Sasl("PLAIN", "", "b"), "needs the name of a user"),
        (lambda: Sasl("PLAIN", "a\0b", "b"), "needs the name of a user"),
        (lambda: Sasl("PLAIN", "a", ""), "needs a password"),
        (lambda: Tls("", "certificate", ""), "come together"),
        (lambda: Tls("x" * 40_000), "at most 30000"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()
