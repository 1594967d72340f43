import pytest

from console.models import Cluster
from console.services.clusters import connection_spec, ensure_embedded

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
