"""Odd and hostile bodies and brokers: each is a sentence in JSON, and nothing is written."""

import json

import pytest
from django.test import Client

from console.kafka.connection import ConnectionSpec
from console.kafka.errors import SignInRefused
from console.models import AuditEntry, Cluster, User
from console.rest import clusters
from console.rest.errors import of_kafka
from console.rest.records import _words_of
from tests.console.fake_api import CLUSTER_ID

TOPICS = f"/v3/clusters/{CLUSTER_ID}/topics"
T = f"{TOPICS}/orders.placed"
HALF = '"\\ud800"'


def post(client, path, body, **how):
    return client.post(path, body, content_type="application/json", **how)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (TOPICS, '{"topic_name": "new", "configs": [{"name": HALF, "value": "1"}]}'),
        (f"{T}/configs:alter", '{"data": [{"name": "retention.ms", "value": HALF}]}'),
        (f"{T}/records", '{"value": {"type": "STRING", "data": HALF}}'),
        (f"{T}/records", '{"value": {"type": "JSON", "data": {"deep": [HALF]}}}'),
        (f"{T}/records", '{"headers": [{"name": HALF, "value": "YQ=="}]}'),
    ],
)
def test_half_of_a_character_is_refused_before_anything_is_noted_or_done(cast, api, path, body):
    answer = post(cast.operator, path, body.replace("HALF", HALF))
    assert answer.status_code == 400 and "half of a character" in answer.json()["message"]
    assert api.done == [] and not AuditEntry.objects.exists()


def test_data_nested_to_any_depth_is_written_or_refused(cast, api):
    said = set()
    for depth in [1, *range(850, 1000), 100_000]:
        nested = "[" * depth + "]" * depth
        said.add(post(cast.operator, f"{T}/records", f'{{"value": {{"type": "JSON", "data": {nested}}}}}').status_code)
    assert said == {200, 400}


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "multipart/form-data", "application/x-www-form-urlencoded"]
)
@pytest.mark.parametrize("body", ['{"topic_name": "new"}', "--x\r\n\r\n", "a=1&" * 3000])
def test_what_says_it_is_a_form_is_read_as_json_all_the_same(cast, api, kind, body):
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="ada"))
    client.get("/account/")
    token = {"X-CSRFToken": client.cookies["odradek_csrf"].value}
    answer = client.generic("POST", TOPICS, body, content_type=kind, headers=token)
    assert answer.status_code == (201 if body.startswith("{") else 400) and answer.json()
    assert client.generic("POST", TOPICS, body, content_type=kind).status_code == 403


def test_a_cluster_that_signs_us_not_in_is_said_in_json(cast, api):
    error = of_kafka(SignInRefused("kafka-1 does not sign in ada"))
    assert (error.status, error.code, error.message) == (502, 50201, "kafka-1 does not sign in ada")


def test_configs_are_bounded_in_number_and_length_and_named_once(cast, api):
    many = [{"name": f"a{number}", "value": "1"} for number in range(501)]
    twice = [{"name": "a", "value": "1"}] * 2
    for path, name in ((TOPICS, "configs"), (f"{T}/configs:alter", "data")):
        for asked, words in ((many, "at most 500 configs"), (twice, "names a config twice")):
            answer = post(
                cast.admin, path, json.dumps({name: asked} | ({"topic_name": "n"} if name == "configs" else {}))
            )
            assert answer.status_code == 400 and words in answer.json()["message"]
    long = json.dumps({"value": "x" * 30_001})
    answer = cast.admin.put(f"{T}/configs/retention.ms", long, content_type="application/json")
    assert answer.status_code == 400 and "longer than 30000" in answer.json()["message"]
    assert api.done == []


def test_a_time_that_no_calendar_has_is_none():
    assert _words_of(0) == "1970-01-01T00:00:00.000Z"
    assert _words_of(2**63 - 1) is None and _words_of(-(2**63)) is None


def test_a_cluster_that_told_its_id_is_not_asked_with_every_call_and_one_that_did_not_sooner():
    up, down = ConnectionSpec("up.example:9092"), ConnectionSpec("down.example:9092")
    known = {up: ("x", 100.0), down: (None, 100.0)}
    assert not clusters._fresh(up, 1e9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clusters, "_known", known)
        assert clusters._fresh(up, 130.0) and not clusters._fresh(up, 401.0)
        assert clusters._fresh(down, 109.0) and not clusters._fresh(down, 111.0)


def test_a_connection_whose_secrets_are_lost_takes_no_other_with_it(cast, api):
    Cluster.objects.create(
        name="lost", bootstrap="lost:9092", security_protocol="SASL_PLAINTEXT", sasl_mechanism="PLAIN",
        sasl_username="ada", sealed_secrets="1:lost",
    )  # fmt: skip
    listed = cast.owner.get("/v3/clusters")
    assert listed.status_code == 200 and len(listed.json()["data"]) == 2
    assert cast.owner.get(TOPICS).status_code == 200
