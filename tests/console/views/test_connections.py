"""Adding, editing and removing connections, with a test that passes or fails as the test of the test says."""

import logging
from dataclasses import replace

import pytest
from django.contrib.messages import get_messages
from django.db import connection

from console.kafka import probe as probes
from console.kafka.errors import SignInRefused
from console.kafka.probe import Probe, Step
from console.models import AuditEntry, Cluster, Membership, User
from console.services.clusters import connection_spec
from tests.certificates import Authority

CANARY = "canary-3f9"
PASSED = Probe(
    (
        Step("Name", "good", "Name found", "10.4.7.21", took_ms=3),
        Step("Connection", "good", "Connected", "10.4.7.21", took_ms=1),
        Step("TLS", "good", "TLS 1.3, certificate trusted", "kafka-1, signed by CA, until 2027", took_ms=9),
        Step("Sign-in", "good", "Signed in", "as ada, by SCRAM-SHA-512"),
        Step("Kafka", "good", "Kafka 4.3 answers", "Cluster x, 3 brokers, 60 APIs", took_ms=4),
    ),
    22,
    "x",
)
FAILED = replace(
    PASSED,
    steps=(
        *PASSED.steps[:3],
        Step("Sign-in", "bad", "Sign-in refused", "kafka-1 does not sign in ada", "Is the password right?"),
        Step("Kafka", "none", "Kafka: not reached"),
    ),
)
TYPED = {
    "name": "payments-eu",
    "bootstrap": "kafka-1.example, kafka-2.example:9093",
    "colour": "production",
    "security_protocol": "SASL_PLAINTEXT",
    "sasl_mechanism": "SCRAM-SHA-512",
    "sasl_username": "ada",
    "password": CANARY,
}


@pytest.fixture
def probed(monkeypatch):
    """Every spec that was tested; `answer` is what comes of it."""

    class Probed:
        def __init__(self):
            self.specs, self.answer = [], PASSED

        def __call__(self, spec):
            self.specs.append(spec)
            return self.answer

    found = Probed()
    monkeypatch.setattr(probes, "probe", found)
    return found


def add(cast, **typed):
    return cast.owner.post("/clusters/add/", {"do": "save", **TYPED, **typed})


def entry():
    return AuditEntry.objects.first()


def test_a_connection_is_saved_once_its_test_passes(cast, kafka, probed):
    answer = add(cast, read_only="on")
    assert answer.status_code == 302 and answer.url == "/clusters/"
    made = Cluster.objects.get(name="payments-eu")
    assert made.bootstrap == "kafka-1.example:9092,kafka-2.example:9093" and made.read_only and not made.embedded
    spec = connection_spec(made)
    assert (spec.sasl.mechanism, spec.sasl.user, spec.sasl.password) == ("SCRAM-SHA-512", "ada", CANARY)
    assert spec.rule is not None and probed.specs == [spec]
    assert "payments-eu is added." in [str(message) for message in get_messages(answer.wsgi_request)]
    text = cast.owner.get("/clusters/").content.decode()
    assert "SASL SCRAM-SHA-512, not encrypted" in text and "read-only" in text


def test_a_test_that_fails_saves_nothing_and_says_what_helps(cast, kafka, probed):
    probed.answer = FAILED
    answer = add(cast)
    text = answer.content.decode()
    assert answer.status_code == 409 and not Cluster.objects.filter(name="payments-eu").exists()
    assert "stopped at step 4 of 5" in text and "Is the password right?" in text and "Kafka: not reached" in text
    assert 'value="payments-eu"' in text and 'value="kafka-1.example, kafka-2.example:9093"' in text
    assert (entry().action, entry().result) == ("cluster.add", "refused") and "does not sign in ada" in entry().reason


def test_a_test_alone_saves_nothing_and_the_secret_need_not_be_typed_again(cast, kafka, probed):
    page = cast.owner.post("/clusters/add/", {"do": "test", **TYPED})
    assert page.status_code == 200 and b"The test passed." in page.content
    assert not Cluster.objects.filter(name="payments-eu").exists() and entry().action == "cluster.test"
    carried = page.content.decode().partition('name="carried" value="')[2].partition('"')[0]
    assert carried and CANARY not in page.content.decode()
    assert add(cast, password="", carried=carried).status_code == 302
    assert connection_spec(Cluster.objects.get(name="payments-eu")).sasl.password == CANARY


def test_what_a_page_carries_opens_for_its_own_person_and_not_for_ever(cast, kafka, probed, monkeypatch):
    page = cast.owner.post("/clusters/add/", {"do": "test", **TYPED}).content.decode()
    carried = page.partition('name="carried" value="')[2].partition('"')[0]
    monkeypatch.setattr("console.services.connections.time.time", lambda: 4e9)
    assert add(cast, password="", carried=carried).status_code == 409
    monkeypatch.undo()
    other = Cluster.objects.create(name="other", bootstrap="a:9092")
    Membership.objects.create(
        user=cast.admin_user if hasattr(cast, "admin_user") else _user("ada"), cluster=other, role=30
    )
    typed = {"do": "test", **TYPED, "bootstrap": "a:9092", "password": "", "carried": carried}
    answer = cast.admin.post(f"/clusters/{other.pk}/edit/", typed)
    assert answer.status_code == 409 and b"Type the password." in answer.content


def _user(name):
    return User.objects.get(username=name)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Give it a name."),
        ({"name": "orders-eu"}, "There is a connection named orders-eu already."),
        ({"name": "a\u202eb"}, "no control characters"),
        ({"bootstrap": ""}, "Write host:port of a broker."),
        ({"bootstrap": "x/y:9092"}, "is not a host:port"),
        ({"bootstrap": "x:99999"}, "the port must be a number"),
        ({"password": ""}, "Type the password."),
        ({"sasl_username": ""}, "Type the name of a user."),
        ({"security_protocol": "SASL_SSL", "ca_certificate": "nonsense"}, "The CA certificate cannot be read"),
        ({"security_protocol": "SSL", "client_certificate": "x"}, "Paste the key of the client certificate."),
        ({"security_protocol": "SSL", "client_key": "x"}, "Paste the certificate of this key too."),
        ({"security_protocol": "SSL", "client_certificate": "x", "client_key": "y"}, "cannot be used"),
        ({"security_protocol": "NONE"}, "not one of the available choices"),
        ({"colour": "red"}, "not one of the available choices"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_tested(cast, kafka, probed, typed, words):
    answer = add(cast, **typed)
    assert answer.status_code == 409 and words in answer.content.decode()
    assert probed.specs == [] and Cluster.objects.count() == 1


def test_only_administrators_of_the_installation_add(cast, kafka, probed):
    for client in (cast.admin, cast.operator, cast.viewer, cast.learner, cast.stranger):
        assert client.get("/clusters/add/").status_code == 403
        assert client.post("/clusters/add/", {"do": "test", **TYPED}).status_code == 403
    assert cast.nobody.get("/clusters/add/").status_code == 302
    assert probed.specs == [] and b"Add a cluster" not in cast.admin.get("/clusters/").content
    assert b"Add a cluster" in cast.owner.get("/clusters/").content


@pytest.fixture
def added(cast, kafka, probed):
    add(cast)
    probed.specs.clear()
    made = Cluster.objects.get(name="payments-eu")
    Membership.objects.create(user=_user("ada"), cluster=made, role=30)
    Membership.objects.create(user=_user("otto"), cluster=made, role=20)
    return made


def edit(client, cluster, **typed):
    kept = {**TYPED, "bootstrap": cluster.bootstrap, "password": ""}
    return client.post(f"/clusters/{cluster.pk}/edit/", {"do": "save", **kept, **typed})


def test_marks_are_changed_without_a_test_and_without_the_password(cast, added, probed):
    page = cast.admin.get(f"/clusters/{added.pk}/edit/").content.decode()
    assert "kept; type to replace it" in page and CANARY not in page and "readonly" in page
    assert edit(cast.admin, added, name="payments", colour="staging", read_only="on").status_code == 302
    added.refresh_from_db()
    assert (added.name, added.colour, added.read_only, probed.specs) == ("payments", "staging", True, [])
    assert connection_spec(added).sasl.password == CANARY
    assert entry().action == "cluster.edit" and entry().before["name"] == "payments-eu"


def test_a_new_connection_is_offered_a_colour_that_the_others_have_not(cast, kafka):
    for colour, offered in (("local", "blue"), ("staging", "violet")):
        cast.cluster.colour = colour
        cast.cluster.save()
        Cluster.objects.get_or_create(name="grey", bootstrap="x:9092")
        page = cast.owner.get("/clusters/add/").content.decode()
        assert f" selected>{offered}</option>" in page


def test_who_administers_only_the_cluster_moves_it_nowhere(cast, added, probed):
    answer = edit(cast.admin, added, bootstrap="evil.example:9092", password="new")
    assert answer.status_code == 409 and b"Only an administrator of this installation" in answer.content
    assert edit(cast.operator, added).status_code == 403 and edit(cast.stranger, added).status_code == 404
    assert probed.specs == []


@pytest.mark.parametrize(
    "typed", [{"bootstrap": "evil.example:9092"}, {"security_protocol": "SASL_SSL"}, {"sasl_mechanism": "PLAIN"}]
)
def test_a_kept_password_goes_nowhere_else(cast, added, probed, typed):
    answer = edit(cast.owner, added, **typed)
    assert answer.status_code == 409 and b"Type it again" in answer.content and probed.specs == []
    assert edit(cast.owner, added, password="another", **typed).status_code == 302
    assert probed.specs[0].sasl.password == "another"


@pytest.mark.parametrize(
    "typed", [{"bootstrap": "evil.example:9092"}, {"security_protocol": "SASL_SSL"}, {"sasl_mechanism": "PLAIN"}]
)
def test_a_kept_password_is_not_taken_elsewhere_by_way_of_a_test(cast, added, probed, typed):
    page = edit(cast.owner, added, do="test").content.decode()
    carried = page.partition('name="carried" value="')[2].partition('"')[0]
    probed.specs.clear()
    answer = edit(cast.owner, added, carried=carried, **typed)
    assert answer.status_code == 409 and b"Type it again" in answer.content and probed.specs == []
    typed_anew = edit(cast.owner, added, do="test", password="another").content.decode()
    carried = typed_anew.partition('name="carried" value="')[2].partition('"')[0]
    assert edit(cast.owner, added, carried=carried, **typed).status_code == 302
    assert probed.specs[-1].sasl.password == "another"


def test_what_somebody_saves_during_a_test_is_not_overwritten(cast, added, probed, monkeypatch):
    def slow(spec):
        Cluster.objects.filter(pk=added.pk).update(read_only=True)
        return PASSED

    monkeypatch.setattr(probes, "probe", slow)
    answer = edit(cast.admin, added, password="right")
    assert answer.status_code == 409 and b"changed this connection meanwhile" in answer.content
    now = Cluster.objects.get(pk=added.pk)
    assert now.read_only and connection_spec(now).sasl.password == CANARY
    assert (entry().action, entry().result) == ("cluster.edit", "refused")


def test_a_connection_that_is_removed_during_its_test_stays_removed(cast, added, probed, monkeypatch):
    def slow(spec):
        Cluster.objects.filter(pk=added.pk).delete()
        return PASSED

    monkeypatch.setattr(probes, "probe", slow)
    answer = edit(cast.owner, added, password="right")
    assert answer.status_code == 409 and b"removed this connection meanwhile" in answer.content
    assert not Cluster.objects.filter(pk=added.pk).exists()


CA = Authority()
MINE = CA.signed("console")
WITH_KEY = {"security_protocol": "SSL", "ca_certificate": CA.certificate, "client_certificate": MINE.certificate}


@pytest.mark.parametrize("kind", ["PKCS8", "TraditionalOpenSSL"])
def test_a_key_with_a_pass_phrase_is_opened_once_and_kept_without_it(cast, kafka, probed, kind):
    answer = add(cast, **WITH_KEY, client_key=MINE.locked(CANARY, kind), pass_phrase=CANARY)
    assert answer.status_code == 302
    made = Cluster.objects.get(name="payments-eu")
    assert connection_spec(made).tls.key_pem.strip() == MINE.key.strip() == probed.specs[0].tls.key_pem.strip()
    assert CANARY not in repr(list(AuditEntry.objects.values()))


def test_a_wrong_pass_phrase_is_said_at_its_field_and_the_key_need_not_be_pasted_again(cast, kafka, probed):
    locked = MINE.locked("right")
    answer = add(cast, **WITH_KEY, client_key=locked, pass_phrase=CANARY)
    page = answer.content.decode()
    assert answer.status_code == 409 and "The pass phrase does not open the key." in page
    assert CANARY not in page and locked not in page and "Paste the key" not in page and probed.specs == []
    carried = page.partition('name="carried" value="')[2].partition('"')[0]
    assert "type its pass phrase" in page and carried
    empty = add(cast, **WITH_KEY, carried=carried).content.decode()
    assert "The key is encrypted: type its pass phrase." in empty
    assert add(cast, **WITH_KEY, pass_phrase="right", carried=carried).status_code == 302
    assert connection_spec(Cluster.objects.get(name="payments-eu")).tls.key_pem.strip() == MINE.key.strip()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"client_key": MINE.locked("x")}, "The key is encrypted: type its pass phrase."),
        ({"client_key": MINE.key, "pass_phrase": "x"}, "This key has no pass phrase: leave the field empty."),
        ({"pass_phrase": "x"}, "Paste the key too that this pass phrase opens."),
    ],
)
def test_keys_and_pass_phrases_that_do_not_go_together_are_sentences(cast, kafka, probed, typed, words):
    answer = add(cast, **WITH_KEY, **typed)
    assert answer.status_code == 409 and words in answer.content.decode() and probed.specs == []


@pytest.mark.parametrize("field", ["ca_certificate", "client_certificate", "client_key"])
def test_a_certificate_with_letters_that_are_not_ascii_is_a_sentence(cast, kafka, probed, field):
    pem = {"client_certificate": "x", "client_key": "x"} if field != "ca_certificate" else {}
    answer = add(cast, security_protocol="SASL_SSL", **{**pem, field: "\u20ac" * 29_000})
    assert answer.status_code == 409 and b"PEM" in answer.content and probed.specs == []


def test_two_people_do_not_overwrite_each_other_unseen(cast, added, probed):
    seen = cast.admin.get(f"/clusters/{added.pk}/edit/").content.decode().partition('name="seen" value="')[2][:16]
    assert edit(cast.owner, added, name="renamed", seen=seen).status_code == 302
    answer = edit(cast.admin, added, colour="staging", seen=seen)
    assert answer.status_code == 409 and b"Somebody else changed this connection meanwhile" in answer.content
    again = answer.content.decode().partition('name="seen" value="')[2][:16]
    assert again != seen and edit(cast.admin, added, colour="staging", seen=again).status_code == 302


def test_a_new_password_is_tested_before_it_replaces_the_old_one(cast, added, probed):
    probed.answer = FAILED
    assert edit(cast.admin, added, password="wrong").status_code == 409
    assert connection_spec(Cluster.objects.get(pk=added.pk)).sasl.password == CANARY
    probed.answer = PASSED
    assert edit(cast.admin, added, password="right").status_code == 302
    assert connection_spec(Cluster.objects.get(pk=added.pk)).sasl.password == "right"


def test_a_read_only_connection_can_still_be_edited(cast, added, probed):
    Cluster.objects.filter(pk=added.pk).update(read_only=True)
    assert edit(cast.admin, added).status_code == 302
    assert not Cluster.objects.get(pk=added.pk).read_only


def test_the_embedded_cluster_has_marks_only_and_stays(cast, kafka, probed):
    address = f"/clusters/{cast.cluster.pk}/"
    page = cast.owner.get(address + "edit/").content.decode()
    assert "The built-in cluster runs on this machine" in page and 'name="bootstrap"' not in page
    typed = {"do": "save", "name": "mine", "colour": "staging", "bootstrap": "evil:9092"}
    assert cast.owner.post(address + "edit/", typed).status_code == 302
    cast.cluster.refresh_from_db()
    assert (cast.cluster.name, cast.cluster.bootstrap) == ("mine", "127.0.0.1:9") and probed.specs == []
    assert b"The built-in cluster stays" in cast.owner.get(address + "remove/").content
    assert cast.owner.post(address + "remove/", {"name": "mine"}).status_code == 409
    assert Cluster.objects.filter(pk=cast.cluster.pk).exists()


def test_a_connection_is_removed_once_its_name_is_typed(cast, added):
    address = f"/clusters/{added.pk}/remove/"
    assert cast.operator.get(address).status_code == 403 and cast.stranger.get(address).status_code == 404
    assert b"2 people lose" in cast.admin.get(address).content
    answer = cast.admin.post(address, {"name": "payments"})
    assert answer.status_code == 409 and b"type its name" in answer.content.lower()
    assert Cluster.objects.filter(pk=added.pk).exists() and entry().result == "refused"
    assert cast.admin.post(address, {"name": "payments-eu"}).status_code == 302
    assert not Cluster.objects.filter(pk=added.pk).exists()
    assert (entry().action, entry().result, entry().cluster_name) == ("cluster.remove", "done", "payments-eu")


def test_a_secret_that_does_not_open_is_a_page_that_says_so(cast, added, settings):
    settings.CLUSTER_SECRETS_KEY = "another"
    answer = cast.admin.get(f"/clusters/{added.pk}/topics/")
    assert answer.status_code == 503 and b"type it again" in answer.content
    assert cast.admin.get(f"/clusters/{added.pk}/edit/").status_code == 200
    assert b"Type the password." in edit(cast.admin, added).content


def test_a_sign_in_that_is_refused_is_a_page_that_does_not_try_again(cast, kafka):
    kafka.down = SignInRefused("kafka-1 does not sign in ada")
    answer = cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/")
    text = answer.content.decode()
    assert answer.status_code == 502 and "kafka-1 does not sign in ada" in text and "hx-trigger" not in text
    assert "kafka-1 does not sign in ada" in cast.viewer.get("/clusters/").content.decode()


def test_no_secret_is_anywhere_but_sealed(cast, kafka, probed, caplog):
    caplog.set_level(logging.DEBUG)
    pages = [cast.owner.post("/clusters/add/", {"do": do, **TYPED}) for do in ("test", "save")]
    probed.answer = FAILED
    made = Cluster.objects.get(name="payments-eu")
    pages += [edit(cast.owner, made, password=f"{CANARY}-2"), cast.owner.get(f"/clusters/{made.pk}/edit/")]
    pages += [cast.owner.get("/clusters/"), cast.owner.get(f"/clusters/{made.pk}/")]
    assert all(CANARY not in page.content.decode() for page in pages) and CANARY not in caplog.text
    assert CANARY not in repr(probed.specs) + repr(made.__dict__)
    dump = "\n".join(connection.connection.iterdump())
    assert "payments-eu" in dump and CANARY not in dump
