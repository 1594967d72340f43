"""The partition calculator: a key, its bytes, and its partition by each hash that clients use.

*Invariants*: an address is the whole question; nothing is asked of the cluster but the number of a topic's partitions.
*Not here*: hashes (services/partitioners.py), serializers (services/encodings.py).
"""

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from console.guests import open_to_guests
from console.kafka import topics
from console.kafka.errors import KafkaError
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.services import encodings
from console.services.clusters import connection_spec
from console.services.partitioners import (
    PARTITIONERS,
    PARTITIONS_MAX,
    USED_BY,
    Calculation,
    calculations,
    null_key_words,
)

SHOWN_BYTES = 256
KEY_CHARACTERS_MAX = 10_000  # that are looked at


@dataclass(frozen=True, slots=True)
class Answer:
    """Context of components/partition_calculation.html: what comes of a key, or why nothing does."""

    key: bytes | None
    partitions: int
    found: tuple[Calculation, ...]
    spread: tuple[tuple[str, str, str], ...]  # for null: (hash, who, where it goes)
    errors: dict[str, str]

    @property
    def bytes(self) -> str:
        """The bytes of the key as hex, the first of them."""
        return self.key[:SHOWN_BYTES].hex(" ") if self.key else ""

    @property
    def more(self) -> int:
        """How many bytes are not shown."""
        return max(0, len(self.key or b"") - SHOWN_BYTES)

    @property
    def differ(self) -> bool:
        """Whether the hashes disagree."""
        return len({one.partition for one in self.found}) > 1


@dataclass(frozen=True, slots=True)
class CalculatorPage:
    """Context of console/topics/calculator.html."""

    cluster: Cluster
    key: str
    kind: str
    partitions: str
    topic: str
    answer: Answer
    place: str = "calculator"
    types: tuple[tuple[str, str], ...] = tuple(encodings.NAMES.items())


@open_to_guests
@require_safe
def partition_calculator(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """The page, or only the answer while one types."""
    cluster = cluster_for(request.user, cluster_id, needs=VIEW)
    asked = request.GET
    kind = asked.get("as", "text") if asked.get("as") in encodings.NAMES else "text"
    key, partitions, topic = asked.get("key", "id_1234"), asked.get("partitions", "3"), asked.get("topic", "")[:249]
    errors: dict[str, str] = {}
    if topic:
        try:
            partitions = str(len(topics.describe_topic(connection_spec(cluster), topic).partitions))
        except KafkaError as error:
            errors["partitions"] = f"The number of partitions of {topic} is not known: {error}"
    page = CalculatorPage(cluster, key, kind, partitions[:20], topic, answer_for(key, kind, partitions, errors))
    template = "console/topics/calculator.html"
    part = request.htmx.target == "calculation"
    return render(
        request, "components/partition_calculation.html" if part else template, {"page": page, "answer": page.answer}
    )


def answer_for(key: str, kind: str, partitions: str, errors: dict[str, str] | None = None) -> Answer:
    """Work a key out; other forms show the same answer beside theirs."""
    found_errors = dict(errors or {})
    count = int(partitions) if partitions.isascii() and partitions.isdigit() and len(partitions) < 11 else 0
    if not 0 < count <= PARTITIONS_MAX:
        found_errors.setdefault("partitions", "A whole number from 1.")
        count = 0
    raw = None
    try:
        raw = encodings.encode(kind, key[:KEY_CHARACTERS_MAX])
    except encodings.CannotEncode as error:
        found_errors["key"] = str(error)
    if len(key) > KEY_CHARACTERS_MAX:
        found_errors["key"] = f"A key of at most {KEY_CHARACTERS_MAX} characters; this one has {len(key)}."
    if found_errors:
        return Answer(raw, count, (), (), found_errors)
    if raw is None:
        return Answer(None, count, (), tuple((name, USED_BY[name], null_key_words(name)) for name in PARTITIONERS), {})
    return Answer(raw, count, calculations(raw, count), (), {})
