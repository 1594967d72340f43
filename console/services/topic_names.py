"""Which names a new topic can have: each rule by itself, so that a form can show all of them while somebody types.

*Invariants*: a name that breaks a rule here is refused by every Kafka cluster, or is one that Kafka makes itself.
*Not here*: asking which topics there are (kafka/topic_defaults.py).
Spec: org.apache.kafka.common.internals.Topic (characters, length, names that collide in metrics).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

CHARACTERS_MAX = 249
KAFKA_S_OWN = ("__cluster_metadata", "__consumer_offsets", "__transaction_state", "__share_group_state")
ILLEGAL = re.compile(r"[^a-zA-Z0-9._-]")

Tone = Literal["good", "warn", "bad", "none"]  # none: nothing typed yet


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule and how a name stands to it."""

    words: str
    tone: Tone
    found: str = ""  # what was found


def rules(name: str, there: Collection[str] | None) -> tuple[Rule, ...]:
    """All rules for a name among the names that are there; None: they are not known."""
    return (_letters(name), _length(name), _reserved(name), _taken(name, there), _collision(name, there))


def refusal(name: str, there: Collection[str] | None) -> str:
    """Why no topic can be made with this name; "" if one can."""
    if not name:
        return "Type a name."
    broken = next((rule for rule in rules(name, there) if rule.tone == "bad"), None)
    return f"{broken.words}: {broken.found}." if broken else ""


def _letters(name: str) -> Rule:
    words = "Only letters a–z, digits, dot, underscore and hyphen"
    odd = ILLEGAL.search(name)
    if odd:
        shown = odd[0] if odd[0].isprintable() else f"U+{ord(odd[0]):04X}"
        return Rule(words, "bad", f"“{shown}” at {odd.start() + 1}")
    return Rule(words, "good" if name else "none")


def _length(name: str) -> Rule:
    words = f"At most {CHARACTERS_MAX} characters"
    if len(name) > CHARACTERS_MAX:
        return Rule(words, "bad", f"{len(name)}, {len(name) - CHARACTERS_MAX} too many")
    return Rule(words, "good" if name else "none", f"{len(name)} of {CHARACTERS_MAX}")


def _reserved(name: str) -> Rule:
    words = "Not a name with a meaning of its own, as . or __consumer_offsets"
    if name in (".", ".."):
        return Rule(words, "bad", f"“{name}” is a directory")
    if name in KAFKA_S_OWN:
        return Rule(words, "bad", "Kafka makes this topic itself")
    if name.startswith("__"):
        return Rule(words, "warn", "names of Kafka’s own topics begin with __")
    return Rule(words, "good" if name else "none")


def _taken(name: str, there: Collection[str] | None) -> Rule:
    if there is None:
        return Rule("Not taken", "none", "the topics of the cluster are not known")
    if name in there:
        return Rule("Not taken", "bad", "a topic of this name is there")
    looked = f"{len(there)} {'topic' if len(there) == 1 else 'topics'} looked at"
    return Rule("Not taken", "good" if name else "none", looked)


def _collision(name: str, there: Collection[str] | None) -> Rule:
    words = "Distinct in metrics, where . and _ are the same"
    if there is None or not name:
        return Rule(words, "none")
    folded = name.replace(".", "_")
    same = next((one for one in sorted(there) if one != name and one.replace(".", "_") == folded), None)
    return Rule(words, "bad", f"{same} would have the same metrics") if same else Rule(words, "good")
