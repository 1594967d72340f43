"""Guests on the console's pages: the cluster of a sandbox of theirs, as far as the table says, and nothing else."""

import re
import uuid
from html import unescape

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client

from console import guests
from console.live import session_watch, topic_tail
from console.models import AuditEntry, User
from console.services import audit
from sandbox.models import Sandbox
from tests.console.access_matrix import GET, OF_OTTO, OPEN_TO_GUESTS, SOCKET_PATHS, SOCKETS, TABLE
from tests.console.test_access_matrix import stage, undone
from tests.sockets import Socket

__all__ = ["stage"]


def guest(key: str) -> Client:
    client = Client()
    session = client.session
    session[guests.KEY] = key
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


def as_before(client: Client) -> Client:
    """The same session, whatever was done in it: the database takes that back, and cookies do not."""
    again = Client()
    again.handler = client.handler
    again.cookies.load(client.cookies.output(header="", attrs=[]))
    return again


@pytest.fixture
def of_a_guest(stage):
    """The cluster of the cast is that of a guest's sandbox; two guests, and only the first is its owner."""
    Sandbox.objects.filter(owner__username="olga").update(owner=None, guest="g" * 32, cluster=stage.cast.cluster)
    return guest("g" * 32), guest("h" * 32)


def test_guests_open_what_the_table_says_of_their_own_sandbox_and_nothing_else(stage, of_a_guest):
    theirs, another = of_a_guest
    wrong = []
    for row in (row for row in TABLE if row.route.startswith(("console:", "rest:"))):
        is_open = row.route in OPEN_TO_GUESTS
        own = 404 if row.rule is OF_OTTO else row.done
        for name, client, expected in (("theirs", theirs, own), ("another's", another, 404)):
            got = undone(lambda row=row, client=client: stage.ask(as_before(client), row)).status_code
            if got != (expected if is_open else row.expected("nobody")):
                wrong.append(f"{row}, {name}: {got}")
    assert not wrong, "\n".join(wrong)


def test_a_guest_finds_no_other_cluster_and_loses_it_when_it_is_somebodys(stage, of_a_guest):
    theirs, _ = of_a_guest
    rows = [row for row in TABLE if row.route in OPEN_TO_GUESTS]
    for row in rows:
        for cluster_id in (str(stage.other.pk), str(uuid.uuid4())):
            answer = undone(lambda row=row, to=cluster_id: stage.ask(theirs, row, cluster_id=to))
            assert answer.status_code == 404 and b"payments-us" not in answer.content, row
    Sandbox.objects.filter(guest="g" * 32).update(owner=User.objects.get(username="lea"))
    assert {undone(lambda row=row: stage.ask(theirs, row)).status_code for row in rows} == {404}


def test_what_a_guest_writes_stands_in_the_log_without_their_key(stage, of_a_guest):
    theirs, _ = of_a_guest
    row = next(row for row in TABLE if row.audited == "topic.create" and not row.is_api)
    assert stage.ask(theirs, row).status_code == row.done
    entry = AuditEntry.objects.filter(action="topic.create", finished_at__isnull=False).latest("pk")
    assert entry.user is None and entry.user_name.startswith("guest ") and "ggg" not in entry.user_name


def test_no_link_of_a_guests_pages_leads_to_a_form_for_signing_in_but_that_one(stage, of_a_guest):
    theirs, _ = of_a_guest
    links = {}
    for row in TABLE:
        if row.route in OPEN_TO_GUESTS and row.method == GET and row.route != "console:record-bytes":
            page = stage.ask(as_before(theirs), row).content.decode()
            links |= dict.fromkeys(re.findall(r'(?:href|action|hx-get)="(/[^"#]*)', page), row.route)
    assert len(links) > 50
    closed = []
    for link, route in links.items():
        answer = as_before(theirs).get(unescape(link))
        if not link.startswith("/login/") and answer.status_code == 302 and answer.url.startswith("/login/"):
            closed.append(f"{link} of {route}")
    assert not closed, "\n".join(closed)


def test_a_guests_form_knows_how_much_is_taken_of_guests(stage, of_a_guest):
    page = f"/clusters/{stage.cast.cluster.pk}/topics/orders.placed/produce/"
    for client, most in ((of_a_guest[0], 240 << 10), (stage.cast.owner, 8 << 20)):
        assert f'data-form-limit="{most}"' in client.get(page).content.decode()


def test_a_guest_who_writes_without_an_end_is_told_so(stage, of_a_guest, monkeypatch):
    theirs, _ = of_a_guest
    monkeypatch.setattr(audit, "GUEST_ENTRIES_AN_HOUR", 0)
    row = next(row for row in TABLE if row.audited == "topic.create" and not row.is_api)
    answer = stage.ask(theirs, row)
    assert answer.status_code == 403 and "sign in, or go on later" in answer.content.decode()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_live_tail_lets_in_the_guest_whose_sandbox_it_is(stage, of_a_guest):
    for client, expected in zip(of_a_guest, (True, False), strict=True):
        socket = tail_of(stage, client)
        assert (await socket.connect())[0] == expected
        await socket.disconnect()


def tail_of(stage, client):
    from console.project.asgi import application

    pattern = next(name for name in SOCKETS if "tail" in name or "live" in name)
    cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items()).encode()
    headers = [(b"host", b"console.example"), (b"origin", b"http://console.example"), (b"cookie", cookie)]
    return Socket(application, "/" + SOCKET_PATHS[pattern].format(**stage.where), headers=headers)


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_guests_leave_live_tails_for_others(stage, of_a_guest, monkeypatch):
    monkeypatch.setattr(topic_tail, "GUESTS_SOCKETS_MAX", 1)
    monkeypatch.setitem(topic_tail._open, "guest another", 1)
    socket = tail_of(stage, of_a_guest[0])
    assert (await socket.connect())[0]
    assert "Guests have as many" in await socket.receive_from()
    assert (await socket.receive_output())["code"] == topic_tail.TOO_MANY
    await socket.wait()


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
async def test_the_live_tail_of_a_guest_ends_with_their_session(stage, of_a_guest, monkeypatch):
    monkeypatch.setattr(session_watch, "CHECK_EVERY_S", 0.2)
    theirs, _ = of_a_guest
    socket = tail_of(stage, theirs)
    assert (await socket.connect())[0]
    await sync_to_async(theirs.session.delete)()
    while (said := await socket.receive_output(3))["type"] != "websocket.close":
        pass
    assert said["code"] == session_watch.SIGNED_OUT
    await socket.wait()
