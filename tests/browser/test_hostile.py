"""Hostile strings in every place that exists (hostile.py), in a real browser: they are text, and nothing else.

`open_page` watches as well: a policy breach, a script's error or a dialog of the browser fails the test.
"""

import json
from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from playwright.sync_api import expect

from tests.browser.conftest import Installation, Open
from tests.browser.hostile import PAYLOADS, must_be_harmless, packed
from tests.browser.worlds import members
from tests.processes import wait_for

SMALL = {"width": 390, "height": 844}
PLAIN = tuple(payload for payload in PAYLOADS if payload.isprintable() and len(payload) < 100)
BIG = {"max.message.bytes": "16777216"}
NUL = "\0"  # C strings end there


def plant_records(cluster: Installation, topic: str) -> None:
    """Each payload as key, value, header's name and value; and as name and value in JSON."""
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "message.max.bytes": 16_000_000, "log_level": 0})
    for payload in PAYLOADS:
        text = payload.encode()
        headers = [(payload.replace(NUL, "")[:30_000], text)]
        producer.produce(topic, key=text, value=text, headers=headers)
        producer.produce(topic, value=json.dumps({payload[:50_000]: [payload[:50_000]]}).encode())
    assert producer.flush(30) == 0


def test_records_keys_and_headers_are_only_text(cluster, open_page: Open):
    cluster.make_topic("hostile", 1, **BIG)
    tail = open_page("topics/hostile/live/", **SMALL)
    expect(tail.locator("[data-tail=state]")).to_have_text("Live", timeout=10_000)
    plant_records(cluster, "hostile")
    expect(tail.locator("#tail-rows tr:has(.value)")).to_have_count(2 * len(PAYLOADS), timeout=20_000)
    must_be_harmless(tail, shows=PLAIN)
    page = open_page("topics/hostile/?start=oldest", **SMALL)
    must_be_harmless(page, shows=PLAIN)
    page.evaluate("document.querySelectorAll('a.toggle').forEach((link) => link.click())")
    expect(page.locator(".record")).to_have_count(2 * len(PAYLOADS), timeout=20_000)
    must_be_harmless(page, shows=PLAIN)
    for number in range(2 * len(PAYLOADS) - 8, 2 * len(PAYLOADS)):
        open_page(f"topics/hostile/records/0/{number}/?all=1", again=page)
        must_be_harmless(page)
    names = page.evaluate("""async () => Promise.all([...document.querySelectorAll("a[download]")].map(async (link) =>
        (await fetch(link.href)).headers.get("content-disposition")))""")
    assert names and all(name.startswith('attachment; filename="hostile-0-') for name in names)


@pytest.fixture
def hostile_groups(cluster: Installation) -> Iterator[list[str]]:
    """Groups of such names with such commits, and one that such clients have joined."""
    cluster.make_topic("lured", 4)
    cluster.producer.produce("lured", b"value")
    cluster.producer.flush(10)
    names = list(packed(200, without=NUL))

    def committed(name: str) -> bool:
        place = TopicPartition("lured", 0, 1, name)
        asked = cluster.admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(name, [place])])
        return asked[name].result(20).topic_partitions[0].error is None

    for name in names:  # a new cluster's coordinators are not there at once
        wait_for(lambda name=name: committed(name), timeout_s=30, what="no coordinator takes a commit")
    clients = list(packed(600, without=NUL))[:4]
    with members(cluster, names[0], "lured", *clients, static=True):
        yield names


def test_names_of_groups_and_of_their_members_are_only_text(cluster, open_page: Open, hostile_groups):
    page = open_page("groups/?q=window", **SMALL)
    must_be_harmless(page)
    open_page("topics/lured/groups/", again=page)
    must_be_harmless(page, shows=["{{7*7}}", "${7*7}"])
    links = page.locator("#rows th a").evaluate_all("(links) => links.map((link) => link.getAttribute('href'))")
    assert len(links) == len(hostile_groups)
    for link in links:
        open_page(link, again=page)
        must_be_harmless(page)
        open_page(f"{link}offset-reset/?to=latest&topic=lured&partitions=all", again=page)
        must_be_harmless(page)


MAKE = """
from console.models import Cluster, User
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from console.models.session import SessionStore
import json
names, addresses, users = json.loads({given!r})
for name, address in zip(names, addresses):
    Cluster.objects.create(name=name, bootstrap=address)
for name in users:
    user = User.objects.create_superuser(name, password="unused and long")
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    print("session", session.session_key)
print("ids", *[cluster.pk for cluster in Cluster.objects.filter(name__in=names)])
"""
UNMAKE = """
from console.models import Cluster, User
import json
names, users = json.loads({given!r})
Cluster.objects.filter(name__in=names).delete()
User.objects.filter(username__in=users).delete()
"""


@pytest.fixture
def hostile_entries(installation: Installation) -> Iterator[tuple[list[str], list[str]]]:
    """Clusters and users of such names: addresses of the clusters, sessions of the users."""
    names, users = list(packed(100)), list(packed(150))
    addresses = [f"{name.replace(',', ' ')}:9" for name in names]
    said = installation.django(MAKE.format(given=json.dumps([names, addresses, users]))).splitlines()
    sessions = [line.split()[1] for line in said if line.startswith("session")]
    ids = next(line.split()[1:] for line in said if line.startswith("ids"))
    yield [f"/clusters/{number}/" for number in ids], sessions
    installation.django(UNMAKE.format(given=json.dumps([names, users])))


def test_names_of_clusters_their_addresses_and_user_names_are_only_text(installation, open_page: Open, hostile_entries):
    clusters, sessions = hostile_entries
    page = open_page("/clusters/", **SMALL)
    must_be_harmless(page, shows=["{{7*7}}"])
    page.set_viewport_size({"width": 1280, "height": 900})
    for address in clusters:
        for path in ("topics/", "members/", "edit/"):
            open_page(f"{address}{path}", again=page)
            must_be_harmless(page)
    for session in sessions:
        page.context.add_cookies([{"name": "odradek_session", "value": session, "url": installation.address}])
        open_page("/clusters/", again=page)
        must_be_harmless(page)


def test_what_is_asked_for_comes_back_only_as_text(installation, open_page: Open):
    installation.make_topic("asked")
    page = open_page("topics/", **SMALL)
    for text in packed(240):
        queries = {
            "topics/": {"q": text, "sort": text, "page": text},
            "groups/": {"q": text, "state": text},
            "topics/asked/": {"start": "offset", "offset": text, "partition": text},
            "topics/asked/?": {"start": "timestamp", "time": text},
            "topics/asked/??": {"start": text},
            "groups/any/offset-reset/": {"to": text, "topic": text, "partitions": text, "time": text, "by": text},
        }
        for path, query in queries.items():
            open_page(f"{path.rstrip('?')}?{urlencode(query)}", again=page)
            must_be_harmless(page)
        open_page(f"/{quote(text, safe='')}/", again=page)
        must_be_harmless(page)


def test_what_forms_filters_and_searches_are_asked_comes_back_only_as_text(installation, open_page: Open):
    installation.make_topic("written-to")
    page = open_page("topics/", **SMALL)
    for text in packed(800):  # an address holds 16 KB at most
        names = {"name": text[:240], "copy": text, "partitions": text[:50], "set.retention.ms": text}
        queries = {
            "new-topic/": names | {"set.cleanup.policy": text, text[:50]: text},
            "topics/written-to/configs/change/": {"set.retention.ms": text, "set.cleanup.policy": text},
            "topics/written-to/partitions/add/": {"count": text},
            "topics/written-to/records/delete/": {"to": text, "offset.0": text},
            "topics/written-to/search/": {"q": text},
            "topics/written-to/search/?": {"q": f'value:"{text[:60]}'},
            "topics/written-to/live/": {"filter": text, "partition": text, "rate": text, "key_as": text},
            "calculator/": {"key": text, "as": text, "partitions": text},
            "audit/": {"q": text, "who": text, "action": text, "result": text, "since": text},
            "/users/": {"q": text, "page": text},
        }
        for path, query in queries.items():
            open_page(f"{path.rstrip('?')}?{urlencode(query)}", again=page)
            must_be_harmless(page)


def test_what_is_typed_into_a_form_that_is_refused_comes_back_only_as_text(installation, open_page: Open):
    installation.make_topic("refuses")
    page = open_page("topics/", **SMALL)
    for text in packed(1900, without=NUL):
        open_page("topics/refuses/produce/", again=page)
        page.get_by_label("Key", exact=True).fill(text)
        page.get_by_label("How the value is written").select_option("json")
        page.get_by_label("Value", exact=True).fill(text)
        page.get_by_label("Name of header").last.fill(text)
        page.get_by_label("How the header’s value is written").last.select_option("integer")
        page.get_by_label("Value of header").last.fill(text)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#value-error")).to_be_visible()
        must_be_harmless(page)
        open_page("/clusters/add/", again=page)
        page.fill("#name", text)
        page.fill("#bootstrap", f"{text[:600]}:9")
        page.get_by_role("button", name="Test the connection").click()
        page.wait_for_selector("[aria-invalid=true], #probe")
        must_be_harmless(page)


def test_signing_in_shows_what_was_typed_only_as_text(installation, open_page: Open):
    page = open_page("/clusters/", **SMALL)
    page.context.clear_cookies()
    for number, text in enumerate(packed(150, without=NUL)):
        open_page(f"/login/?{urlencode({'next': text})}", again=page)
        must_be_harmless(page)
        if number < 3:  # a pause follows more failures
            page.fill("#name", text)
            page.fill("#password", "wrong")
            page.click("button[data-kind=primary]")
            expect(page.get_by_role("alert")).to_be_visible()
            must_be_harmless(page)
