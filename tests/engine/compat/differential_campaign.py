"""Every API and version that we advertise, answered as Apache Kafka answers, but for the rows in DIFFERENCES.

`python3 manage.py accept differential` runs this; it takes a minute and an Apache Kafka (KAFKA_START).
"""

import re
import time
from collections.abc import Iterator

import pytest

from engine.broker.supported import VERSIONS
from engine.wire.catalog import APIS
from engine.wire.frames import api_of
from tests.apache_kafka import apache_kafka
from tests.engine.compat.brokers import odradek
from tests.engine.compat.differential import ANSWER_S_MAX, Peer, conversation
from tests.engine.compat.differential_reasons import reason_for
from tests.engine.compat.differential_requests import PREPARE, TALK
from tests.engine.compat.differential_schema import fitted

pytestmark = [pytest.mark.kafka, pytest.mark.processes]

SETTINGS = {"auto.create.topics.enable": "false", "group.initial.rebalance.delay.ms": "0"}
# The topic, its leader or the coordinator is on its way.
NOT_YET = re.compile(r"error_code=(3|5|6|9|14|15|16|41|100)[,)]|'close'")
READY_S_MAX = 30.0
SHOWN_MAX = 40
# First what only reads, as TALK has it; an API without requests by hand comes last.
ORDER = [*(key for key in TALK if key in VERSIONS), *(key for key in VERSIONS if key not in TALK)]


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Peer, Peer]]:
    """Ours and Apache Kafka, with the same topics, records and a group with a committed offset."""
    with odradek(tmp_path_factory.mktemp("differential"), SETTINGS) as ours, apache_kafka(SETTINGS) as kafka:
        both = Peer(ours.bootstrap), Peer(kafka)
        for peer in both:
            prepare(peer)
        yield both


def prepare(peer: Peer) -> None:
    """Give a broker what the conversation speaks of; ask again while it is not there yet."""
    peer.patience_s = READY_S_MAX  # who is asked twice has a record more than the other
    end = time.monotonic() + READY_S_MAX
    for request in PREPARE:
        version = api_of(request).stable
        while NOT_YET.search(answer := repr(peer.ask(fitted(request, version), version))):
            assert time.monotonic() < end, answer
            time.sleep(0.05)
        assert answer != "'none'" and not re.search(r"error_code=[^0]", answer), answer
    peer.patience_s = ANSWER_S_MAX


@pytest.mark.parametrize("key", ORDER, ids=lambda key: APIS[key].name)
def test_answers_are_those_of_apache_kafka(peers: tuple[Peer, Peer], key: int) -> None:
    answers, found = conversation(peers, key)
    assert answers >= 1
    unexplained = [str(one) for one in found if reason_for(one) is None]
    assert not unexplained, f"{len(unexplained)} differences nobody explained:\n" + "\n".join(unexplained[:SHOWN_MAX])
