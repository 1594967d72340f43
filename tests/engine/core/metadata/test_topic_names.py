"""Topic names: what may become the name of a directory."""

import pytest

from engine.core.metadata.topic_names import folded, has_collision_characters, is_internal, refusal


@pytest.mark.parametrize("name", ["a", "orders", "Orders-2_eu.west", "0", "-", "_", "...", "x" * 249])
def test_legal_names(name):
    assert refusal(name) is None


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "x" * 250, "a/b", "../etc", "a\\b", "a b", "a\0b", "a\nb", "ä", "a:b", "topic\u0660", "a%2fb", "*"],
)
def test_names_that_could_leave_the_data_directory_or_mislead_people_are_refused(name):
    assert refusal(name).startswith("Topic name is invalid: ")


def test_names_that_look_alike_in_metrics_may_not_live_together():
    assert folded("a.b_c") == folded("a_b.c") == "a_b_c"
    assert has_collision_characters("a.b")
    assert not has_collision_characters("a-b")


def test_internal_topics_are_known():
    assert is_internal("__consumer_offsets")
    assert not is_internal("orders")
