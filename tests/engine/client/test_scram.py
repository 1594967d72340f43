"""SCRAM against the vectors of RFC 7677 and a server that lies."""

import base64
import hashlib
import hmac

import pytest

from engine.client.scram import Scram, ScramFailed

SERVER_FIRST = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SERVER_FINAL = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def exchange(user="user", password="pencil", mechanism="SCRAM-SHA-256"):
    scram = Scram(mechanism, user, password, "rOprNGfwEbeRWgbNEkqO")
    return scram, scram.first()


def test_the_vector_of_rfc_7677():
    scram, first = exchange()
    assert first == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert scram.next(SERVER_FIRST) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    scram.finish(SERVER_FINAL)
    assert scram.finished


def test_sha_512_by_the_server_s_side_of_the_sum():
    scram, _ = exchange(mechanism="SCRAM-SHA-512")
    final = scram.next(SERVER_FIRST).decode()
    without_proof, _, proof = final.rpartition(",p=")
    salted = hashlib.pbkdf2_hmac("sha512", b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    signed = f"{scram.first_bare},{SERVER_FIRST.decode()},{without_proof}".encode()
    stored = hashlib.sha512(hmac.digest(salted, b"Client Key", "sha512")).digest()
    signature = hmac.digest(stored, signed, "sha512")
    client_key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signature, strict=True))
    assert hashlib.sha512(client_key).digest() == stored
    verifier = hmac.digest(hmac.digest(salted, b"Server Key", "sha512"), signed, "sha512")
    scram.finish(b"v=" + base64.b64encode(verifier))


def test_a_name_may_hold_what_the_syntax_needs():
    assert exchange(user="a=b,c")[1] == b"n,,n=a=3Db=2Cc,r=rOprNGfwEbeRWgbNEkqO"


def test_nobody_reads_the_password_in_a_repr():
    scram, _ = exchange(password="canary")
    scram.next(SERVER_FIRST)
    assert "canary" not in repr(scram)


@pytest.mark.parametrize(
    "challenge",
    [
        b"r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",  # nothing of the server's own
        b"m=ext,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=?,i=4096",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999",
        b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096",
        b"\xff",
        b"",
        b"r=" + b"x" * 5000,
    ],
)
def test_a_challenge_that_is_wrong_is_not_answered(challenge):
    scram, _ = exchange()
    with pytest.raises(ScramFailed):
        scram.next(challenge)


@pytest.mark.parametrize("final", [b"v=AAAA", b"v=", b"", b"e=other-error", b"v=?", b"\xff"])
def test_a_server_that_does_not_know_the_password_is_found_out(final):
    scram, _ = exchange()
    scram.next(SERVER_FIRST)
    with pytest.raises(ScramFailed):
        scram.finish(final)
    assert not scram.finished
