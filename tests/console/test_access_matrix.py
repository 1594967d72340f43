"""Every route, API and socket by every role, from one table (access_matrix.py); and what holds for all of them."""

import json
import random
import re
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from console.kafka import probe as probes
from console.kafka.producing import NotWritten, ProducerRecord, Settings
from console.live.routing import sockets
from console.models import AuditEntry, Cluster, ConsoleSession, Membership, Role, Search, SearchState, User
from console.services import audit, invites, sendings, tokens
from console.services.clusters import connection_spec
from sandbox.services import lesson_runs, sandboxes
from tests.console.access_matrix import (
    AREAS,
    ROLES,
    SOCKET_PATHS,
    SOCKETS,
    TABLE,
    TOKENS,
    WHERE,
    Row,
)
from tests.console.cast import PASSWORD, Cast
from tests.console.fake_api import FakeApi
from tests.console.fake_groups import FakeGroups
from tests.console.fake_producer import FakeProducer
from tests.console.fake_scan import FakeScan
from tests.console.fake_writes import FakeWrites
from tests.console.search.batches import random_log
from tests.console.views.test_connections import PASSED
from tests.sockets import Socket

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass
class Stage:
    """The cast with tokens, a second cluster, and what addresses can name."""

    cast: Cast
    other: Cluster
    tokens: dict[str, str]
    where: dict[str, object]
    ids: dict[str, object]

    def client(self, role: str) -> Client:
        shown = {"Authorization": f"Bearer {self.tokens[role]}"} if role in TOKENS else {}
        client = Client(headers=shown)
        client.handler = self.cast.owner.handler  # loading the middleware is what costs
        if role in TOKENS:
            return client
        client.cookies.load(getattr(self.cast, role).cookies.output(header="", attrs=[]))
        return client

    def undone(self, role: str, row: Row, **instead: object):
        """Ask as this role, and take what it did back."""
        return undone(lambda: self.ask(self.client(role), row, **instead))

    def address(self, row: Row, **instead: object) -> str:
        values = {**self.where, **row.where, **instead}
        for name in ("pk", "cluster_id", "search_id"):
            values[name] = self.ids.get(values.get(name), values.get(name))
        names = parameters_of(row.route)
        return reverse(row.route, kwargs={name: values[name] for name in names}) + row.query

    def ask(self, client: Client, row: Row, **instead: object):
        data = {key: str(self.other.pk) if value == "$other" else value for key, value in (row.data or {}).items()}
        if row.is_api and row.method != "GET":
            kind = {"data": json.dumps(data), "content_type": "application/json"}
        else:
            kind = {"data": data}
        ask = getattr(client, row.method.lower())
        answer = ask(self.address(row, **instead), **kind)
        if answer.streaming:
            answer.close()  # a download that is not read on still counts as one that goes
        return answer


def routes(resolver=None, space="") -> dict[str, list]:
    """All named routes of the URLconf: {"console:topic-list": [pattern, ...]}."""
    found: dict[str, list] = {}
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            for name, patterns in routes(entry, inner).items():
                found.setdefault(name, []).extend(patterns)
        else:
            found.setdefault(f"{space}{entry.name}", []).append(entry)
    return found


@cache
def parameters_of(route: str) -> list[str]:
    return list(routes()[route][0].pattern.converters)


@pytest.fixture
def stage(cast, kafka, monkeypatch, settings) -> Stage:
    settings.GUESTS = False
    FakeGroups(kafka).put_in_place(monkeypatch)
    FakeWrites(kafka).put_in_place(monkeypatch)
    FakeApi(kafka).put_in_place(monkeypatch)
    FakeScan([random_log(random.Random(1), partition) for partition in range(2)]).put_in_place(monkeypatch)
    monkeypatch.setattr(probes, "probe", lambda spec: PASSED)
    producer = FakeProducer().put_in_place(monkeypatch)
    other = Cluster.objects.create(name="payments-us", bootstrap="127.0.0.1:8")
    ada, stan = User.objects.get(username="ada"), User.objects.get(username="stan")
    bea = User.objects.create_user("bea", password=PASSWORD)
    foreign = Membership.objects.create(user=bea, cluster=other, role=Role.ADMIN)
    made = {
        role: tokens.create(owner, role, kind, clusters=None, days=9)
        for role, owner, kind in [
            ("read", ada, Role.VIEWER),
            ("write", ada, Role.OPERATOR),
            ("manage", ada, Role.ADMIN),
            ("foreign", stan, Role.ADMIN),
            ("expired", ada, Role.ADMIN),
        ]
    }
    made["expired"][0].expires_at = timezone.now() - timedelta(seconds=1)
    made["expired"][0].save()
    invite, secret = invites.create(ada, "Nina", roles={cast.cluster: Role.VIEWER}, is_learner=False, days=1)
    entry = AuditEntry.objects.create(user_name="ada", via="browser", cluster=cast.cluster, action="topic.create")
    foreign_entry = AuditEntry.objects.create(user_name="bea", via="browser", cluster=other, action="topic.create")
    spare = Cluster.objects.create(name="spare", bootstrap="127.0.0.1:7")
    for member in cast.cluster.memberships.all():
        Membership.objects.create(user=member.user, cluster=spare, role=member.role)
    otto = User.objects.get(username="otto")
    mine, adas, foreign_search = (
        Search.objects.create(
            user=user, cluster=where, topic="orders.placed", query="nee", state=SearchState.DONE, partitions=2
        )
        for user, where in ((otto, cast.cluster), (ada, cast.cluster), (bea, other))
    )
    ids = {
        "vera": User.objects.get(username="vera").pk,
        "member": Membership.objects.get(user__username="otto", cluster=cast.cluster).pk,
        "foreign member": foreign.pk,
        "token": made["read"][0].pk,
        "invite": invite.pk,
        "entry": entry.pk,
        "foreign entry": foreign_entry.pk,
        "spare": spare.pk,
        "search of ada": adas.pk,
        "foreign search": foreign_search.pk,
    }
    where = {**WHERE, "cluster_id": str(cast.cluster.pk), "secret": secret, "search_id": mine.pk}
    sandbox = sandboxes.make(name="First", limits="own", owner=User.objects.get(username="olga"))
    lesson_runs.begin(sandbox, "first-event", 0)
    where |= {"sandbox_id": str(sandbox.id)}
    where["sending_id"] = begun(otto, cast.cluster, producer)
    return Stage(cast, other, {role: value for role, (_, value) in made.items()}, where, ids)


def begun(user: User, cluster: Cluster, producer: FakeProducer) -> uuid.UUID:
    """A sending of which nothing was written, so that it can go on."""
    producer.answers = [NotWritten(0, "the leader is not there")]
    record = ProducerRecord("orders.placed", b"v", b"k", partition=0)
    actor = audit.Actor(user, user.username, "browser")
    settings = Settings(-1, True, "none")
    return sendings.begin(actor, cluster, connection_spec(cluster), uuid.uuid4(), [record], settings).id


def undone(work):
    """Do it and take its traces in the database back."""
    point = transaction.savepoint()
    try:
        return work()
    finally:
        transaction.savepoint_rollback(point)


def test_every_route_has_a_row_and_every_row_a_route():
    there, told = set(routes()), {row.route for row in TABLE}
    assert there - told == set(), "routes without a row in access_matrix.TABLE"
    assert told - there == set(), "rows of routes that are not there"


def test_every_socket_has_a_row():
    assert {route.pattern.regex.pattern for route in sockets.routes} == set(SOCKETS)


@pytest.mark.parametrize("area", AREAS)
def test_each_role_gets_what_the_table_says(stage, area):
    wrong = []
    for row in AREAS[area]:
        for role in ROLES:
            got = stage.undone(role, row).status_code
            if got != row.expected(role):
                wrong.append(f"{row} as {role}: {got}, not {row.expected(role)}")
    assert not wrong, "\n".join(wrong)


def test_other_methods_are_refused(stage):
    known: dict[str, set[str]] = {}
    for row in TABLE:
        if row.expected(row.by) not in (404, 501):  # what is not built says so to every method
            known.setdefault(row.route, set()).add(row.method)
    wrong = []
    for route, methods in known.items():
        first = next(row for row in TABLE if row.route == route)
        for method in set(METHODS) - methods:
            got = stage.undone(first.by, replace(first, method=method, data=None)).status_code
            if got != 405:
                wrong.append(f"{method} {route}: {got}")
    assert not wrong


def test_a_member_of_one_cluster_finds_nothing_of_another(stage):
    wrong = []
    for row in (row for row in TABLE if "cluster_id" in parameters_of(row.route)):
        for cluster_id in (stage.other.pk, uuid.uuid4()):
            for role in ("admin", "manage") if row.is_api else ("admin",):
                answer = stage.undone(role, row, cluster_id=str(cluster_id))
                if answer.status_code != 404 or b"payments-us" in answer.content:
                    wrong.append(f"{row} as {role} of another cluster: {answer.status_code}")
    assert not wrong


@pytest.mark.parametrize(
    ("route", "name", "value"),
    [
        ("console:member-change", "pk", "foreign member"),
        ("console:member-remove", "pk", "foreign member"),
        ("console:cluster-audit-entry", "pk", "foreign entry"),
        ("console:search-detail", "search_id", "foreign search"),
        ("console:search-cancel", "search_id", "foreign search"),
        ("console:search-download", "search_id", "foreign search"),
    ],
)
def test_ids_of_another_cluster_are_not_found_through_ones_own(stage, route, name, value):
    row = next(row for row in TABLE if row.route == route)
    for role in ("admin", "owner"):
        assert stage.undone(role, row, **{name: value}).status_code == 404


def test_a_search_and_a_sending_are_not_found_under_another_topic_or_cluster(stage):
    for row in (row for row in TABLE if {"search_id", "sending_id"} & set(parameters_of(row.route))):
        for instead in ({"name": "payments"}, {"cluster_id": "spare"}):
            assert stage.undone("operator", row, **instead).status_code == 404, (row, instead)


def test_nobody_ends_the_session_of_another(stage):
    theirs = ConsoleSession.objects.get(user__username="vera")
    row = next(row for row in TABLE if row.route == "console:session-end")
    for role in ("admin", "owner"):
        stage.ask(stage.client(role), row, name=theirs.name)
        assert stage.client("viewer").get("/account/").status_code == 200


def test_a_read_only_connection_refuses_every_change(stage):
    Cluster.objects.filter(pk=stage.cast.cluster.pk).update(read_only=True)
    wrong = []
    for row in (row for row in TABLE if row.read_only):
        answer = stage.undone("owner", row)
        if answer.status_code != 403 or b"read-only" not in answer.content:
            wrong.append(f"{row}: {answer.status_code}")
    assert not wrong


def test_a_write_leaves_exactly_one_entry_with_its_result(stage):
    wrong = []
    for row in (row for row in TABLE if row.audited):
        left = undone(lambda row=row: entries_of(stage, row))
        if left != [(row.audited, "done", "127.0.0.1")]:
            wrong.append(f"{row}: {left}")
    assert not wrong


def entries_of(stage, row) -> list:
    before = set(AuditEntry.objects.values_list("pk", flat=True))
    answer = stage.ask(stage.client(row.by), row)
    assert answer.status_code == row.expected(row.by), (row, answer.content)
    entries = AuditEntry.objects.exclude(pk__in=before)
    return [(entry.action, entry.result, entry.address) for entry in entries if entry.finished_at]


def test_a_write_without_an_entry_is_one_that_the_table_knows():
    quiet = {row.route for row in TABLE if row.method != "GET" and not row.audited}
    # A refused password changes nothing; whoever is invited is noted in a test of its own; searches read; a key that is
    # looked up is sent nowhere; a sending has its entry from when it began.
    # Sandboxes hold no real data: what is done in one stands in its own history.
    lessons = {f"sandbox:lesson-{deed}" for deed in ("start", "answer", "act", "next", "restart", "leave")}
    assert quiet == {
        "console:password-change", "console:invite-accept", "console:search-form", "console:search-cancel",
        "console:key-partitions", "console:sending-cancel", "sandbox:sandbox-new", "sandbox:sandbox-end",
        "sandbox:sandbox-sleep",
        "sandbox:sandbox-plain",
    } | lessons  # fmt: skip


def contents() -> dict[str, list]:
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def test_looking_changes_nothing(stage):
    for role in ("read", "manage"):  # that a token was used is written, once a minute
        stage.client(role).get("/v3/clusters")
    before = contents()
    for row in (row for row in TABLE if row.method == "GET"):
        for role in ("owner", "admin", "stranger", "nobody", "manage"):
            stage.ask(stage.client(role), row)
    after = contents()
    assert [name for name in before if before[name] != after[name]] == []


def test_forms_of_other_sites_are_refused(stage):
    cookies = Client(enforce_csrf_checks=True)
    cookies.force_login(User.objects.get(username="olga"))
    cookies.get("/account/")
    right = cookies.cookies["odradek_csrf"].value
    wrong_token = right[:-4] + ("aaaa" if right[-4:] != "aaaa" else "bbbb")
    foreign = ({}, {"X-CSRFToken": wrong_token}, {"X-CSRFToken": right, "Origin": "http://evil.example"})
    wrong = []
    for row in (row for row in TABLE if row.method != "GET"):
        for headers in (*foreign, {"X-CSRFToken": right}):
            got = undone(lambda row=row, headers=headers: sent(stage, cookies, row, headers)).status_code
            if (got == 403) != (headers in foreign):
                wrong.append(f"{row} with {headers}: {got}")
    assert not wrong


def sent(stage, cookies: Client, row, headers):
    strict = Client(enforce_csrf_checks=True)
    strict.handler = cookies.handler
    strict.cookies.load(cookies.cookies.output(header="", attrs=[]))
    ask = getattr(strict, row.method.lower())
    return ask(stage.address(row), "{}", content_type="application/json", headers=headers)


def test_pages_have_the_strict_policy_and_no_inline_code(stage):
    for row in (row for row in TABLE if not row.is_api and row.method == "GET"):
        answer = stage.undone("owner", row)
        assert answer.headers["Cache-Control"] == "no-store", row
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"], row
        if answer.headers["Content-Type"].startswith("text/html"):
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", answer.content.decode()), row


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("pattern", SOCKETS)
async def test_sockets_let_in_whom_the_table_says(stage, pattern):
    from console.project.asgi import application

    for role in ROLES:
        client = stage.client(role)
        cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items()).encode()
        headers = [(b"host", b"console.example"), (b"origin", b"http://console.example"), (b"cookie", cookie)]
        if role in TOKENS:
            headers.append((b"authorization", f"Bearer {stage.tokens[role]}".encode()))
        path = "/" + SOCKET_PATHS[pattern].format(**stage.where)
        socket = Socket(application, path, headers=headers)
        assert (await socket.connect())[0] == (role in SOCKETS[pattern]), (pattern, role)
        await socket.disconnect()
