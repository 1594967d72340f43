"""Pages for what went wrong, for those who are signed in and those who are not."""

import re
import uuid

import pytest

from console.kafka.errors import ClusterUnreachable, KafkaRefused, NotAuthorized
from console.models import Cluster


@pytest.mark.parametrize("who", ["owner", "nobody"])
def test_an_address_that_is_not_there(cast, who):
    answer = getattr(cast, who).get("/no/such/page/")
    text = answer.content.decode()
    assert answer.status_code == 404 and "no such page for you" in text
    assert ("orders-eu" in text or "Sign out" in text) == (who == "owner")


def test_a_fault_of_ours_says_so_and_tells_no_secret(cast, kafka):
    kafka.down = ZeroDivisionError("secret")
    cast.owner.raise_request_exception = False
    answer = cast.owner.get(f"/clusters/{cast.cluster.pk}/topics/")
    text = answer.content.decode()
    assert answer.status_code == 500 and "fault of ours" in text and "secret" not in text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotAuthorized("Describe on the cluster is not allowed"), 403, "Describe on the cluster is not allowed"),
        (
            KafkaRefused("INVALID_REQUEST", "no <b>such</b> thing"),
            502,
            "INVALID_REQUEST: no &lt;b&gt;such&lt;/b&gt; thing",
        ),
    ],
)
def test_what_the_cluster_refuses_is_said_in_its_words(cast, kafka, error, status, words):
    kafka.down = error
    answer = cast.owner.get(f"/clusters/{cast.cluster.pk}/topics/")
    assert answer.status_code == status and words in answer.content.decode()
    part = cast.owner.get(f"/clusters/{cast.cluster.pk}/topics/", headers={"HX-Request": "true", "HX-Target": "rows"})
    assert part.status_code == status and b"<html" not in part.content


@pytest.mark.parametrize(
    ("path", "place"),
    [("topics/orders.placed/configs/change/", "Topics"), ("groups/fraud-scoring/offset-reset/", "Groups")],
)
def test_who_is_refused_in_a_cluster_stays_in_it(cast, kafka, path, place):
    answer = cast.viewer.get(f"/clusters/{cast.cluster.pk}/{path}")
    text = answer.content.decode()
    assert answer.status_code == 403 and "you are viewer" in text
    assert f'href="/clusters/{cast.cluster.pk}/groups/"' in text and "Topics of orders-eu" in text
    assert re.search(rf'aria-current="page">.*{place}</a>', text)


def test_who_is_refused_in_the_installation_is_told_no_cluster(cast, kafka):
    text = cast.admin.get("/clusters/add/").content.decode()
    assert "You may not do this" in text and "To the topics" in text and 'class="nav-cluster"><' in text


def test_a_cluster_that_does_not_answer_leads_to_its_connection_for_those_who_may(cast, kafka):
    kafka.down = ClusterUnreachable("nothing listens there")
    edit = f'href="/clusters/{cast.cluster.pk}/edit/">Edit the connection'
    path = f"/clusters/{cast.cluster.pk}/topics/"
    assert edit not in cast.admin.get(path).content.decode()  # built in: its address is its supervisor's
    Cluster.objects.update(embedded=False)
    assert edit in cast.admin.get(path).content.decode()
    assert edit not in cast.operator.get(path).content.decode()


def test_what_is_not_there_in_a_cluster_that_one_sees_keeps_its_navigation(cast, kafka):
    path = f"/clusters/{cast.cluster.pk}/topics/orders.placed/search/{uuid.uuid4()}/"
    seen, strange = cast.viewer.get(path), cast.stranger.get(path)
    assert seen.status_code == strange.status_code == 404
    assert "Topics of orders-eu" in seen.content.decode() and "orders-eu" not in strange.content.decode()


def test_what_is_not_there_says_where_one_is(cast, kafka):
    kafka.topics = []
    below = f"/clusters/{cast.cluster.pk}/"
    answer = cast.owner.get(f"{below}topics/not-there/")
    crumbs = re.search(r'<nav class="crumbs".*?</nav>', answer.content.decode(), re.DOTALL)
    assert answer.status_code == 404 and crumbs, answer.content.decode()
    assert f'<a href="{below}topics/">Topics</a>' in crumbs[0] and f'<a href="{below}">orders-eu</a>' in crumbs[0]
