import pytest

from console.models import Cluster
from console.services.clusters import connection_spec, ensure_embedded, next_colour

pytestmark = pytest.mark.django_db


def test_the_embedded_cluster_is_made_once_and_follows_its_address():
    first = ensure_embedded("odradek", "localhost:9092")
    again = ensure_embedded("odradek", "localhost:9999")
    assert first.pk == again.pk
    assert connection_spec(Cluster.objects.get()).bootstrap == "localhost:9999"


def test_a_name_that_is_taken_is_numbered():
    Cluster.objects.create(name="odradek", bootstrap="elsewhere:9092")
    assert ensure_embedded("odradek", "localhost:9092").name == "odradek 2"


def test_the_id_is_128_random_bits():
    ids = {Cluster(name=str(n)).pk.int for n in range(50)}
    assert len(ids) == 50 and max(ids) > 2**120


def test_clusters_side_by_side_get_colours_that_differ():
    ensure_embedded("odradek", "localhost:9092")  # grey
    Cluster.objects.create(name="a world", bootstrap="x", unix_path="/x", colour="staging")  # not beside the others
    given = []
    for number in range(4):
        given.append(next_colour())
        Cluster.objects.create(name=str(number), bootstrap="x:9092", colour=given[-1])
    assert given == ["staging", "production", "staging", "production"]
