"""Entries of a past go into bytes and come back."""

import pickle
from collections import namedtuple
from enum import IntEnum

import pytest

from engine.simulation.past import seal, unread, unseal
from engine.simulation.snapshots import plain_data, plain_word


class Code(IntEnum):
    """A number with a name."""

    NONE = 0


Place = namedtuple("Place", "topic partition")


def rows(*seen: tuple) -> list:
    return [[1 << 40, 7, "bytes", 3, ("broker-1", "p1", 120), [("broker-1", *one) for one in seen]]]


def test_entries_come_back_as_they_were():
    known = rows(("appended", "orders-ü", 0, 1, 2), ("disk is slow", 1.5, None, True))
    assert unseal(seal(known)) == known


def test_the_same_entries_make_the_same_bytes_whoever_shares_what():
    shared, one, other = "".join(["ord", "ers"]), "".join(["ord", "ers"]), "".join(["orde", "rs"])
    assert seal(rows(("opened", shared, shared))) == seal(rows(("opened", one, other)))


def test_what_is_more_than_plain_is_plain_when_it_comes_back():
    seen = unseal(seal(rows(("group", Code.NONE, Place("orders", 1), b"\1\2"))))[0][5]
    assert seen == [["broker-1", "group", 0, ["orders", 1], "0102"]] and type(seen[0][2]) is int


def test_a_word_is_found_unread_as_a_whole_only():
    kept = unread(seal(rows(("appended", "orders", 0, 1, 2))))
    assert plain_word("orders") in kept and plain_word("order") not in kept and plain_word("rders") not in kept


def test_bytes_that_name_a_class_are_not_read():
    with pytest.raises(pickle.UnpicklingError, match="no place in plain data"):
        plain_data(pickle.dumps(Code.NONE))
