"""Clusters as one meets them: a shop's topics and records, its groups and their readers."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from tests.browser.installation import Installation
from tests.browser.pages import LONG, LONG_GROUP, LONG_READ
from tests.processes import wait_for


@contextmanager
def members(
    installation: Installation, group: str, topic: str, *client_ids: str, static: bool = False
) -> Iterator[list[Consumer]]:
    """Consumers that have joined, each with a partition at least; as static members each with its id."""
    config = {"bootstrap.servers": installation.bootstrap, "group.id": group, "log_level": 0}
    config |= {"auto.offset.reset": "earliest", "enable.auto.commit": False}
    own = [{"client.id": name, **({"group.instance.id": name[:240]} if static else {})} for name in client_ids]
    consumers = [Consumer({**config, **names}) for names in own]

    def joined() -> bool:
        for consumer in consumers:
            consumer.poll(0.1)  # a rebalance is over when all have polled
        return all(consumer.assignment() for consumer in consumers)

    try:
        for consumer in consumers:
            consumer.subscribe([topic])
        wait_for(joined, timeout_s=30, what="nobody joined")
        yield consumers
    finally:
        for consumer in consumers:
            consumer.close()


# A cluster whose first group this is has no coordinators yet.
NOT_YET = (KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS)


def commit(installation: Installation, group: str, offsets: dict[tuple[str, int], int], metadata: str = "") -> None:
    """Commit as somebody who is not a member."""
    consumer = Consumer({"bootstrap.servers": installation.bootstrap, "group.id": group, "log_level": 0})
    places = [TopicPartition(topic, index, offset, metadata) for (topic, index), offset in offsets.items()]

    def committed() -> bool:
        try:
            done = consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as refused:
            if refused.args[0].code() not in NOT_YET:
                raise
            return False
        assert all(place.error is None for place in done)
        return True

    wait_for(committed, timeout_s=30, what="no coordinator takes a commit")
    consumer.close()


def fill(installation: Installation, topic: str, partitions: int, count: int) -> None:
    """Make a topic with records, evenly in its partitions."""
    installation.make_topic(topic, partitions)
    for number in range(count):
        installation.producer.produce(topic, value=b"%d" % number, partition=number % partitions)
    installation.producer.flush(10)


@pytest.fixture(scope="package")
def shop(installation: Installation) -> Installation:
    """Topics as a shop has them."""
    chance = random.Random(3)
    names = ["clickstream.visits", "customers.consent", "fraud.scores", "inventory.levels", "orders.placed.v2"]
    for name in names:
        config = {"cleanup.policy": "compact"} if name == "customers.consent" else {}
        installation.make_topic(name, chance.choice([1, 3, 6]), **config)
        for number in range(chance.randrange(20, 400)):
            installation.producer.produce(name, key=f"k{number}".encode(), value=chance.randbytes(60).hex().encode())
    installation.make_topic(LONG, 2)
    installation.make_topic("payments.authorised", 4, **{"retention.ms": "1209600000"})
    for number in range(300):
        pay(installation, number, chance)
    installation.producer.produce("payments.authorised", key=b"cust-11904", value=None)
    installation.producer.produce("payments.authorised", key=None, value=bytes(range(64)))
    installation.producer.flush(10)
    return installation


def pay(installation: Installation, number: int, chance: random.Random) -> None:
    """Produce one payment."""
    value = {
        "payment_id": f"pay_{9_000_000 + number * 7919:x}",
        "order_id": 9_007_199_254_740_993 + number,
        "status": chance.choice(["AUTHORISED", "CAPTURED", "DECLINED", "REFUNDED"]),
        "amount": {"value": chance.randrange(500, 90_000) / 100, "currency": "EUR"},
        "card": {"network": "visa", "expires": "2028-04"},
        "risk": {"score": 0.18, "rules": [14, 31], "country": "DE", "device": "known"},
    }
    headers = [
        ("traceparent", b"00-4bf92f3577b34da6-00f067aa-01"),
        ("source", b"checkout-api/3.18.2"),
        ("attempt", b"2"),
    ]
    key = f"cust-{11900 + chance.randrange(60)}".encode()
    installation.producer.produce("payments.authorised", key=key, value=json.dumps(value).encode(), headers=headers)


# What people have left: another connection, searches, an invite, a person with a role, a token, lines of the audit log.
DESK = """
from datetime import timedelta
from django.utils import timezone
from console.models import AuditEntry, Cluster, Role, Search, SearchHit, SearchPart, User
from console.services import accounts, audit, invites, memberships, tokens
cluster, admin, now = Cluster.objects.get(pk={id!r}), User.objects.get(username="admin"), timezone.now()
other = Cluster.objects.create(name="orders-eu", bootstrap=cluster.bootstrap, colour="production")
found = Search.objects.create(
    user=admin, cluster=cluster, topic="payments.authorised", query="value.status=CAPTURED", partitions=4,
    state="partly", started_at=now, ended_at=now)
running = Search.objects.create(
    user=admin, cluster=cluster, topic="payments.authorised", query="key:cust value.amount.value>800", partitions=4)
for number in range(4):
    common = dict(partition=number, start=0, end=60, records=30, bytes_read=9000)
    failed = number == 3
    SearchPart.objects.create(
        search=found, position=31 if failed else 60, state="failed" if failed else "done", found=2,
        reason="the leader did not answer" if failed else "", **common)
    SearchPart.objects.create(search=running, position=30, state="reading", **common)
    for offset in (1, 2):
        SearchHit.objects.create(search=found, partition=number, offset=offset, timestamp_ms=1764000000000)
person = accounts.create("nora.kessler", "person", "a long enough secret")
memberships.Membership.objects.create(user=person, cluster=cluster, role=Role.OPERATOR)
_, secret = invites.create(admin, "Tom of the night shift", roles={{cluster: Role.VIEWER}}, is_learner=False, days=7)
tokens.create(admin, "ci-deploys", Role.OPERATOR, clusters=[cluster], days=90)
for result, reason in (("done", ""), ("refused", "the broker said POLICY_VIOLATION"), ("unknown", "no answer came")):
    entry = AuditEntry.objects.create(
        user=admin, user_name="admin", via="browser", address="127.0.0.1", cluster=cluster, cluster_name=cluster.name,
        action="topic.alter_configs", target="payments.settled", before={{"retention.ms": "604800000"}},
        after={{"retention.ms": "1209600000"}}, result=result, reason=reason,
        finished_at=now + timedelta(seconds=1))
for name, value in (("other", other.pk), ("search", found.pk), ("running", running.pk), ("invite", secret),
                    ("user", person.pk), ("entry", entry.pk)):
    print(name, value)
"""


@pytest.fixture(scope="package")
def world(shop: Installation) -> Iterator[Installation]:
    """The shop with its readers and what people have left on its desk: what the pages of pages.py show."""
    fill(shop, "payments.settled", 6, 1200)
    for name, offset in (("audit-export", 198), ("fraud-scoring", 40), ("ledger", 200), ("mailer.v2", 180)):
        commit(shop, name, {("payments.settled", index): offset - index for index in range(6)}, "checkpoint 17")
    fill(shop, LONG_READ, 2, 20)
    commit(shop, LONG, {(LONG_READ, 0): 3, (LONG_READ, 1): 4})
    with (
        members(shop, "fraud-scoring", "payments.settled", "scorer-0", "scorer-1"),
        members(shop, LONG_GROUP, LONG_READ, "reader-0"),
    ):
        shop.places.update(line.split()[-2:] for line in shop.django(DESK.format(id=shop.cluster_id)).splitlines())
        yield shop
