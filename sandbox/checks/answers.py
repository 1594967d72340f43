"""Answers of learners: what counts as the same, written a little differently."""

from typing import Any

ANSWER_MAX = 300


def tidied(said: str, kind: str) -> str:
    """What was typed, as it is kept: blanks in one size; of a whole number its digits, however they were set off."""
    return "".join(said.replace(",", "").split()) if kind == "whole" else " ".join(said.split())


def same(said: str, truth: Any) -> bool:
    """Whether an answer is the truth: numbers as numbers, addresses however they are divided, words as they are."""
    if isinstance(truth, bool):
        return said == str(truth).lower()
    if isinstance(truth, int):
        return tidied(said, "whole") == str(truth)
    if "/" in str(truth):
        return parts(said) == parts(str(truth))
    return said.strip() == str(truth)


def parts(address: str) -> list[str]:
    """Topic, partition, offset of an address: divided by slashes, blanks, commas or colons."""
    for mark in "/,:@#":
        address = address.replace(mark, " ")
    return address.split()
