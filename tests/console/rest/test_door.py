"""Who comes in by which key, and what errors look like."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.kafka.errors import ClusterUnreachable, KafkaRefused, NotAuthorized, NotFound
from console.models import ApiToken, AuditEntry, Cluster, Membership, Role, User
from console.rest.errors import of_kafka
from tests.console.fake_api import CLUSTER_ID

TOPICS = f"/v3/clusters/{CLUSTER_ID}/topics"
NEW = {"topic_name": "new"}


def post(client, path, body, headers=None):
    return client.post(path, body, content_type="application/json", headers=headers)


def test_without_a_key_one_is_told_which_it_takes(cast, api):
    answer = cast.nobody.get("/v3/clusters")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == 'Bearer realm="odradek"'
    assert answer.json() == {"error_code": 40101, "message": "a token is needed: Authorization: Bearer <token>"}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Bearer odradek_wrong", "this token is not known here"),
        ("Bearer \udcff", "this token is not known here"),
        ("Basic YTpi", "Authorization is for a token: Bearer <token>"),
        ("Bearer ", "Authorization is for a token: Bearer <token>"),
    ],
)
def test_a_wrong_key_is_refused_also_with_a_good_session(cast, api, value, words):
    answer = cast.owner.get("/v3/clusters", HTTP_AUTHORIZATION=value)
    assert answer.status_code == 401 and answer.json()["message"] == words
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')


def test_expired_revoked_and_ownerless_tokens_say_why(cast, api, bearer):
    headers = bearer()
    token, ada = ApiToken.objects.get(), User.objects.get(username="ada")
    for change, back, words in [
        ({"expires_at": timezone.now() - timedelta(1)}, {"expires_at": None}, "this token has expired"),
        ({"revoked_at": timezone.now()}, {"revoked_at": None}, "this token was revoked"),
    ]:
        ApiToken.objects.filter(pk=token.pk).update(**change)
        answer = Client().get("/v3/clusters", headers=headers)
        assert (answer.status_code, answer.json()["message"]) == (401, words)
        ApiToken.objects.filter(pk=token.pk).update(**back)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert Client().get("/v3/clusters", headers=headers).json()["message"] == "the owner of this token may not sign in"


def test_a_token_does_no_more_than_its_owner_can_now(cast, api, bearer):
    headers = bearer()
    assert post(Client(), TOPICS, NEW, headers).status_code == 201
    Membership.objects.filter(user__username="ada").update(role=Role.VIEWER)
    answer = post(Client(), TOPICS, NEW, headers)
    assert answer.status_code == 403
    assert answer.json() == {"error_code": 40301, "message": "this needs the role operator, and you are viewer"}
    Membership.objects.filter(user__username="ada").delete()
    assert Client().get(TOPICS, headers=headers).status_code == 404


def test_an_administrators_token_does_no_more_than_it_says(cast, api, bearer):
    read = bearer("olga", Role.VIEWER)
    assert Client().get(TOPICS, headers=read).status_code == 200
    assert post(Client(), TOPICS, NEW, read).status_code == 403
    assert Client().get("/users/", headers=bearer("olga")).status_code == 302, "no token opens a page"


def test_a_token_of_some_clusters_sees_no_other(cast, api, bearer):
    other = Cluster.objects.create(name="other", bootstrap="127.0.0.1:7")
    headers = bearer("olga", clusters=[other])
    told = Client().get("/v3/clusters", headers=headers).json()["data"]
    assert len(told) == 1
    assert Client().get(f"/v3/clusters/{cast.cluster.pk}/topics", headers=headers).status_code == 404
    assert Client().get(f"/v3/clusters/{other.pk}/topics", headers=headers).status_code == 200


def test_a_tokens_cluster_that_is_gone_opens_nothing_else(cast, api, bearer):
    other = Cluster.objects.create(name="other", bootstrap="127.0.0.1:7")
    headers = bearer("olga", clusters=[other])
    other.delete()
    assert Client().get("/v3/clusters", headers=headers).json()["data"] == []


def test_the_use_of_a_token_is_written_at_most_once_a_minute(cast, api, bearer):
    headers = bearer()
    Client().get("/v3/clusters", headers=headers)
    first = ApiToken.objects.get().last_used_at
    Client().get("/v3/clusters", headers=headers)
    assert first and ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    Client().get("/v3/clusters", headers=headers)
    assert ApiToken.objects.get().last_used_at > first - timedelta(minutes=1)


def test_a_page_of_ours_may_read_with_its_session_and_write_with_its_csrf_token(cast, api):
    assert cast.viewer.get(TOPICS).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="otto"))
    strict.get("/account/")
    token = {"X-CSRFToken": strict.cookies["odradek_csrf"].value}
    refused = post(strict, TOPICS, NEW)
    assert refused.status_code == 403 and "use a token" in refused.json()["message"]
    assert post(strict, TOPICS, NEW, token).status_code == 201


def test_a_write_is_noted_with_the_tokens_name(cast, api, bearer):
    post(Client(), TOPICS, NEW, bearer())
    entry = AuditEntry.objects.get()
    assert (entry.user_name, entry.via, entry.action, entry.target) == (
        "ada",
        "token for ada 30",
        "topic.create",
        "new",
    )


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ClusterUnreachable("x"), 503, 50302),
        (NotFound("x"), 404, 40403),
        (NotAuthorized("x"), 403, 40301),
        (KafkaRefused("TOPIC_ALREADY_EXISTS"), 400, 40002),
        (KafkaRefused("UNKNOWN_TOPIC_OR_PARTITION"), 404, 40403),
        (KafkaRefused("MESSAGE_TOO_LARGE"), 413, 413),
        (KafkaRefused("THROTTLING_QUOTA_EXCEEDED"), 429, 42901),
        (KafkaRefused("CLUSTER_AUTHORIZATION_FAILED"), 403, 40301),
        (KafkaRefused("NOT_CONTROLLER"), 500, 50003),
        (KafkaRefused("NOT_ENOUGH_REPLICAS"), 500, 50003),
        (KafkaRefused("LEADER_NOT_AVAILABLE"), 500, 50003),
        (KafkaRefused("BROKER_NOT_AVAILABLE"), 503, 50302),
        (KafkaRefused("INVALID_TOPIC_EXCEPTION"), 400, 40002),
        (KafkaRefused("INVALID_REQUIRED_ACKS"), 500, 50002),
    ],
)
def test_what_kafka_says_has_confluents_numbers(error, status, code):
    found = of_kafka(error)
    assert (found.status, found.code) == (status, code)


def test_a_dead_cluster_a_wrong_id_and_a_wrong_address_are_json(cast, api, kafka):
    assert cast.viewer.get("/v3/nothing").json() == {"error_code": 404, "message": "HTTP 404 Not Found"}
    answer = cast.viewer.get("/v3/clusters/no-such-id/topics")
    assert answer.json() == {"error_code": 404, "message": "Cluster no-such-id cannot be found."}
    kafka.die()
    answer = cast.viewer.get(f"/v3/clusters/{cast.cluster.pk}/topics")
    assert (answer.status_code, answer.json()["error_code"]) == (503, 50302)
    listed = cast.viewer.get("/v3/clusters").json()["data"]
    assert [cluster["controller"] for cluster in listed] == [None]


def test_what_is_not_built_says_so(cast, api):
    answer = cast.viewer.get(f"/v3/clusters/{CLUSTER_ID}/acls")
    assert answer.status_code == 501 and "not built in this version" in answer.json()["message"]
    assert cast.viewer.delete(TOPICS).json() == {"error_code": 405, "message": "HTTP 405 Method Not Allowed"}
