from dataclasses import replace

from console.models import Cluster
from tests.console.fake_kafka import CLUSTER


def test_one_cluster_is_where_one_begins(cast, kafka):
    assert cast.viewer.get("/").url == f"/clusters/{cast.cluster.pk}/topics/"
    Cluster.objects.create(name="another", bootstrap="127.0.0.1:8")
    assert cast.viewer.get("/").url == f"/clusters/{cast.cluster.pk}/topics/"
    assert cast.owner.get("/").url == "/clusters/"
    assert cast.stranger.get("/").url == "/clusters/"


def test_everybody_sees_their_own_clusters(cast, kafka):
    Cluster.objects.create(name="another", bootstrap="127.0.0.1:8")
    assert b"another" in cast.owner.get("/clusters/").content
    assert b"another" not in cast.viewer.get("/clusters/").content
    text = cast.stranger.get("/clusters/").content
    assert b"orders-eu" not in text and b"No clusters for you yet" in text


def test_a_dead_cluster_is_a_line_of_the_list_not_its_end(cast, kafka):
    kafka.die()
    answer = cast.owner.get("/clusters/")
    assert answer.status_code == 200 and "orders-eu does not answer" in answer.content.decode()


def test_a_cluster_that_hangs_costs_the_list_a_bounded_time(cast, kafka, monkeypatch):
    import time

    from console.kafka import cluster
    from console.views import clusters

    monkeypatch.setattr(clusters, "ANSWERS_WITHIN_S", 0.2)
    monkeypatch.setattr(cluster, "describe", lambda spec: time.sleep(1))
    started = time.monotonic()
    text = cast.owner.get("/clusters/").content.decode()
    assert "no answer within 0.2 s" in text and time.monotonic() - started < 0.9


def test_the_page_of_a_cluster_says_what_is_wrong(cast, kafka):
    assert "Nothing is wrong" in cast.owner.get(f"/clusters/{cast.cluster.pk}/").content.decode()
    kafka.cluster = replace(CLUSTER, offline=1, under_replicated=2)
    text = cast.owner.get(f"/clusters/{cast.cluster.pk}/").content.decode()
    assert "1 partition has no leader" in text and "2 partitions have fewer copies" in text


def test_the_patterns_are_for_staff(cast):
    assert cast.owner.get("/_patterns/").status_code == 200
    assert cast.viewer.get("/_patterns/").status_code == 404
    assert b"_patterns" not in cast.owner.get("/clusters/").content  # for builders, in nobody's way
