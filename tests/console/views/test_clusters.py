import threading
import time
from dataclasses import replace

from console.kafka import cluster
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


def test_clusters_that_hang_do_not_keep_the_list_waiting(cast, kafka, monkeypatch):
    for number in range(19):
        Cluster.objects.create(name=f"c{number:02}", bootstrap="hangs:9092" if number < 5 else "answers:9092")
    answer_of = cluster.describe
    hanging = threading.Event()

    def describe(spec):
        if spec.bootstrap.startswith("hangs"):
            hanging.wait(5)
        return answer_of(spec)

    monkeypatch.setattr(cluster, "describe", describe)
    started = time.monotonic()
    text = cast.owner.get("/clusters/").content.decode()
    took = time.monotonic() - started
    hanging.set()
    assert took < 2.0, f"{took:.2f} s"
    assert text.count("Asked, no answer yet") == 5 and text.count('hx-trigger="load"') == 5
    assert text.count("Healthy") == 15


def test_a_line_that_came_late_asks_for_itself(cast, kafka):
    row = f"/clusters/{cast.cluster.pk}/row/"
    text = cast.viewer.get(row).content.decode()
    assert text.strip().startswith("<tr>") and "Healthy" in text and "<html" not in text
    kafka.die()
    answer = cast.viewer.get(row)
    assert answer.status_code == 200 and "Does not answer" in answer.content.decode()
    assert cast.stranger.get(row).status_code == 404


def test_the_page_of_a_cluster_says_what_is_wrong(cast, kafka):
    assert "Nothing is wrong" in cast.owner.get(f"/clusters/{cast.cluster.pk}/").content.decode()
    kafka.cluster = replace(CLUSTER, offline=1, under_replicated=2)
    text = cast.owner.get(f"/clusters/{cast.cluster.pk}/").content.decode()
    assert "1 partition has no leader" in text and "2 partitions have fewer copies" in text


def test_the_patterns_are_for_staff(cast):
    assert cast.owner.get("/_patterns/").status_code == 200
    assert cast.viewer.get("/_patterns/").status_code == 404
    assert b"_patterns" not in cast.owner.get("/clusters/").content  # for builders, in nobody's way
