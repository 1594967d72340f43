"""Pages for what went wrong, for those who are signed in and those who are not."""

import pytest

from console.kafka.errors import KafkaRefused, NotAuthorized


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
