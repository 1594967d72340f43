"""Names of topics: every rule, and the words of a refusal."""

import pytest

from console.services.topic_names import refusal, rules

THERE = ["orders.placed", "payments"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Type a name"),
        ("a b", "“ ” at 2"),
        ("ключ", "“к” at 1"),
        ("a\u202eb", "U+202E"),
        ("x" * 250, "250, 1 too many"),
        (".", "is a directory"),
        ("..", "is a directory"),
        ("__consumer_offsets", "Kafka makes this topic itself"),
        ("payments", "a topic of this name is there"),
        ("orders_placed", "orders.placed would have the same metrics"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_words(name, words):
    assert words in refusal(name, THERE)


@pytest.mark.parametrize("name", ["a", "A-Z_0.9", "x" * 249, "__mine", "orders.placed.v2", "..."])
def test_a_legal_name_is_not_refused(name):
    assert refusal(name, THERE) == ""


def test_all_rules_are_shown_before_one_types_and_none_is_broken_then():
    assert [rule.tone for rule in rules("", THERE)] == ["none"] * 5
    assert [rule.tone for rule in rules("__mine", THERE)] == ["good", "good", "warn", "good", "good"]


def test_without_the_topics_of_the_cluster_only_the_other_rules_speak():
    assert refusal("payments", None) == "" and "not known" in rules("payments", None)[3].found
