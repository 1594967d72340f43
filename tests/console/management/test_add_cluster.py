"""`manage.py add_cluster`: tests, saves, says in words what failed; the password is on no command line."""

import io
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from console.kafka import probe as probes
from console.models import AuditEntry, Cluster
from console.services.clusters import connection_spec
from tests.certificates import Authority
from tests.console.views.test_connections import CANARY, FAILED, PASSED

pytestmark = pytest.mark.django_db


@pytest.fixture
def specs(monkeypatch):
    found = []
    monkeypatch.setattr(probes, "probe", lambda spec: found.append(spec) or PASSED)
    return found


def run(*arguments):
    out = io.StringIO()
    call_command("add_cluster", *arguments, stdout=out)
    return out.getvalue()


def test_a_plain_cluster_is_added(specs):
    assert run("local", "127.0.0.1:29092", "--read-only") == "local is added: plaintext.\n"
    made = Cluster.objects.get()
    assert made.colour == "staging"  # nobody has it yet
    assert made.read_only and connection_spec(made).bootstrap == "127.0.0.1:29092" and len(specs) == 1
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.via, entry.result, entry.user) == ("cluster.add", "command", "done", None)


def test_the_password_comes_from_the_environment_or_the_standard_input(specs, monkeypatch):
    monkeypatch.setenv("ODRADEK_CLUSTER_PASSWORD", CANARY)
    assert run("one", "a:9092", "--user", "ada") == "one is added: SASL SCRAM-SHA-512, not encrypted.\n"
    monkeypatch.delenv("ODRADEK_CLUSTER_PASSWORD")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{CANARY}-2\n"))
    run("two", "a:9092", "--user", "ada", "--sasl-mechanism", "PLAIN")
    assert [spec.sasl.password for spec in specs] == [CANARY, f"{CANARY}-2"]
    assert CANARY not in repr(list(AuditEntry.objects.values())) + repr(list(Cluster.objects.values()))


def test_certificates_come_from_files(specs, tmp_path):
    authority = Authority()
    mine = authority.signed("console")
    for name, text in (("ca", authority.certificate), ("certificate", mine.certificate), ("key", mine.key)):
        (tmp_path / name).write_text(text)
    options = [f"--{name}={tmp_path / name}" for name in ("ca", "certificate", "key")]
    assert run("tls", "a:9093", *options) == "tls is added: client certificate over TLS.\n"
    assert specs[0].tls.key_pem.strip() == mine.key.strip()


def test_a_key_with_a_pass_phrase_is_opened_by_that_of_the_environment(specs, tmp_path, monkeypatch):
    mine = Authority().signed("console")
    for name, text in (("certificate", mine.certificate), ("key", mine.locked(CANARY))):
        (tmp_path / name).write_text(text)
    options = [f"--{name}={tmp_path / name}" for name in ("certificate", "key")]
    with pytest.raises(CommandError, match="ODRADEK_KEY_PASS_PHRASE: The key is encrypted"):
        run("tls", "a:9093", *options)
    monkeypatch.setenv("ODRADEK_KEY_PASS_PHRASE", CANARY)
    run("tls", "a:9093", *options)
    assert specs[0].tls.key_pem.strip() == mine.key.strip()


def test_a_test_that_fails_saves_nothing_and_says_which_step(monkeypatch):
    monkeypatch.setattr(probes, "probe", lambda spec: FAILED)
    with pytest.raises(CommandError) as failed:
        run("local", "a:9092")
    assert str(failed.value) == (
        "Nothing was saved: step 4 of 5 failed. Sign-in refused: kafka-1 does not sign in ada. Is the password right?"
    )
    assert not Cluster.objects.exists() and AuditEntry.objects.get().result == "refused"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x", "http://a"], "BOOTSTRAP: "),
        (["x", "a:9092", "--user", "ada", "--security-protocol", "SSL"], "--user: SSL has no sign-in"),
        (["x", "a:9092", "--ca", "/nowhere", "--security-protocol", "SSL"], "/nowhere: No such file"),
        (["x", "a:9092", "--ca", __file__, "--security-protocol", "PLAINTEXT"], "--ca: PLAINTEXT has no TLS"),
        (["x", "a:9092", "--security-protocol", "SASL_SSL"], "--user: Type the name of a user."),
    ],
)
def test_what_is_wrong_is_said_by_the_option_s_name(specs, monkeypatch, arguments, words):
    monkeypatch.setenv("ODRADEK_CLUSTER_PASSWORD", "x")
    with pytest.raises(CommandError, match=words):
        run(*arguments)
    assert specs == [] and not Cluster.objects.exists()
