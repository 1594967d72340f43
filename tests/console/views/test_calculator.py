"""The partition calculator as people see it."""

import re
from html import unescape

import pytest

from tests.console.fake_kafka import HOSTILE


def get(cast, client=None, headers=None, **asked):
    answer = (client or cast.viewer).get(f"/clusters/{cast.cluster.pk}/calculator/", asked, headers=headers or {})
    return answer, " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def test_it_begins_with_the_article_s_example(cast, kafka):
    _, said = get(cast)
    assert "murmur3 partition 1" in said and "mmh3.hash(key) = -286100597" in said and "They differ." in said
    assert "69 64 5f 31 32 33 34" in said


def test_the_answer_alone_comes_while_one_types(cast, kafka):
    answer, said = get(cast, headers={"HX-Request": "true", "HX-Target": "calculation"}, key="7", **{"as": "long"})
    assert "<html" not in answer.content.decode() and "00 00 00 00 00 00 00 07" in said


def test_a_null_key_is_spread_and_why(cast, kafka):
    assert "until a batch is full" in get(cast, **{"as": "null"})[1]


def test_the_partitions_of_a_topic_are_taken(cast, kafka):
    answer, said = get(cast, topic="orders.placed")
    assert "orders.placed has 6 partitions" in said and 'value="6"' in answer.content.decode()
    assert "is not known" in get(cast, topic="not-there")[1]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"key": "xyz", "as": "hex"}, "is not a hex digit"),
        ({"partitions": "0"}, "A whole number from 1."),
        ({"partitions": "many"}, "A whole number from 1."),
        ({"partitions": "99999999999"}, "A whole number from 1."),
        ({"as": "nonsense"}, "mmh3.hash"),
    ],
)
def test_what_cannot_be_computed_is_said(cast, kafka, asked, words):
    answer, said = get(cast, **asked)
    assert answer.status_code == 200 and words in said


def test_hostile_keys_are_only_text(cast, kafka):
    page = get(cast, key=HOSTILE)[0].content.decode()
    assert "<script>window" not in page


def test_strangers_see_nothing_and_it_needs_no_cluster(cast, kafka):
    assert get(cast, cast.stranger)[0].status_code == 404
    kafka.die()
    assert get(cast)[0].status_code == 200
