import uuid

from console.services import outages


def test_an_outage_keeps_its_beginning_until_an_answer():
    cluster = uuid.uuid4()
    first = outages.failed(cluster, "refused")
    second = outages.failed(cluster, "timed out")
    assert (second.since, second.tries, second.reason) == (first.since, 2, "timed out")
    outages.answered(cluster)
    assert outages.failed(cluster, "refused").tries == 1


def test_only_so_many_are_remembered():
    for _ in range(outages.OUTAGES_MAX + 10):
        outages.failed(uuid.uuid4(), "refused")
    assert len(outages._outages) == outages.OUTAGES_MAX
