"""Pages of sandboxes: who gets in, what a guest may, limits in words, keeping on sign-in."""

import html
import re
import socket
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.models import Cluster, Membership, Role, User
from sandbox import control
from sandbox.lifecycle import State
from sandbox.models import Sandbox
from sandbox.services import leases, sandboxes, visitors

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"
LIST, NEW = "/sandboxes/", "/sandboxes/new/"


@pytest.fixture(autouse=True)
def clean(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.GUESTS = True
    cache.clear()


def person(name: str, **more) -> Client:
    client = Client()
    client.force_login(User.objects.create_user(name, password=PASSWORD, **more))
    return client


def page_of(sandbox: Sandbox, name: str = "sandbox-detail") -> str:
    return reverse(f"sandbox:{name}", kwargs={"sandbox_id": sandbox.id})


def test_a_learner_presses_the_button_and_is_on_the_page_of_a_sandbox_of_their_own():
    lea = person("lea", is_learner=True)
    answer = lea.post(NEW, {"name": "  First \n steps "})
    made = Sandbox.objects.get()
    assert (answer.status_code, answer.url) == (302, page_of(made))
    assert (made.name, made.limits, made.owner.username) == ("First steps", "member", "lea")
    page = lea.get(answer.url).content.decode()
    assert f'data-socket="{page_of(made)}socket"' in page
    assert reverse("console:topic-list", args=[made.cluster_id]) in page
    assert Membership.objects.get(cluster=made.cluster).role == Role.ADMIN
    assert "First steps" in lea.get(LIST).content.decode()


@pytest.mark.parametrize("who", ["stranger", "guest", "other guest"])
def test_who_it_does_not_belong_to_cannot_tell_it_from_one_that_is_not_there(who):
    person("lea").post(NEW)
    made = Sandbox.objects.get()
    client = person("stan") if who == "stranger" else Client()
    if who == "other guest":
        client.post(NEW)
    for name in ("sandbox-detail", "sandbox-compare"):
        assert client.get(page_of(made, name)).status_code == 404
    assert client.post(page_of(made, "sandbox-end")).status_code == 404
    assert Sandbox.objects.get(id=made.id).state == State.REQUESTED


def test_a_guest_has_one_by_session_and_keeps_it_on_signing_in():
    guest = Client()
    answer = guest.post(NEW)
    made = Sandbox.objects.get()
    assert (made.owner, made.limits) == (None, "guest")
    assert guest.get(answer.url).status_code == 200
    lea = User.objects.create_user("lea", password=PASSWORD)
    guest.post("/login/", {"name": "lea", "password": PASSWORD})
    made.refresh_from_db()
    assert (made.owner, made.guest, made.limits) == (lea, "", "member")
    assert guest.get(answer.url).status_code == 200
    assert Membership.objects.get(user=lea, cluster=made.cluster).role == Role.ADMIN
    assert Client().get(answer.url).status_code == 404


def test_without_the_switch_guests_are_led_to_the_form(settings):
    settings.GUESTS = False
    for answer in (Client().get(LIST), Client().post(NEW)):
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/login/")
    assert not Sandbox.objects.exists()


@pytest.mark.parametrize(
    ("given", "hosts", "address", "welcome"),
    [
        (None, [], "127.0.0.1", True),
        (None, [], "::1", True),
        (None, [], "192.0.2.7", False),
        (None, ["console.example"], "127.0.0.1", False),
        (None, [], "", False),
        (True, ["console.example"], "192.0.2.7", True),
        (False, [], "127.0.0.1", False),
    ],
)
def test_by_default_guests_are_people_at_this_machine(settings, given, hosts, address, welcome):
    settings.GUESTS, settings.HOSTS_GIVEN = given, hosts
    assert visitors.guests_welcome(address) is welcome


def test_limits_are_answered_in_words_and_the_name_is_kept():
    lea = person("lea")
    for _ in range(5):
        assert lea.post(NEW).status_code == 302
    answer = lea.post(NEW, {"name": "Sixth"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "You have 5 sandboxes, and 5 is the limit, asleep or awake" in page and 'value="Sixth"' in page
    assert Sandbox.objects.count() == 5


def test_where_two_run_a_third_says_so_and_offers_to_put_one_of_them_to_sleep(monkeypatch):
    lea = person("lea")
    for name in ("One", "Two", "Three"):
        lea.post(NEW, {"name": name})
    one, two, three = Sandbox.objects.order_by("created_at")
    for awake in (one, two):
        assert leases.take(awake.id, "runner")
    answer = lea.get(page_of(three))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "2 sandboxes of yours may run at once, and 2 run now" in page
    assert "Put “One” to sleep" in page and "Put “Two” to sleep" in page
    assert lea.get(page_of(two)).status_code == 200, "what runs is shown"
    asked = []
    monkeypatch.setattr(control, "ask", lambda *given: asked.append(given) or leases.let_go(given[0], "runner"))
    answer = lea.post(page_of(one, "sandbox-sleep"), {"then": str(three.id)})
    assert (answer.status_code, answer.url, asked) == (302, page_of(three), [(one.id, "sleep")])
    assert lea.get(page_of(three)).status_code == 200
    assert lea.post(page_of(one, "sandbox-sleep"), {"then": "nonsense"}).url == LIST
    assert asked == [(one.id, "sleep")], "it sleeps already"


def test_going_on_to_somebody_elses_sandbox_is_not_offered():
    lea, stan = person("lea"), person("stan")
    lea.post(NEW)
    stan.post(NEW)
    mine, theirs = Sandbox.objects.get(owner__username="lea"), Sandbox.objects.get(owner__username="stan")
    assert lea.post(page_of(mine, "sandbox-sleep"), {"then": str(theirs.id)}).status_code == 404
    assert lea.post(page_of(theirs, "sandbox-sleep")).status_code == 404


def test_a_lease_that_is_over_and_ones_own_forks_take_no_place():
    lea = person("lea")
    for _ in range(3):
        lea.post(NEW)
    one, two, three = Sandbox.objects.order_by("created_at")
    fork = sandboxes.make_fork(one, 0, "Fork")
    for awake in (one, fork):
        assert leases.take(awake.id, "runner")
    assert sandboxes.in_the_way(two) == [], "a sandbox with its forks is one"
    assert leases.take(two.id, "runner")
    assert {each.id for each in sandboxes.in_the_way(three)} == {one.id, fork.id, two.id}
    assert sandboxes.in_the_way(fork) == []
    Sandbox.objects.filter(id=two.id).update(leased_until=timezone.now())
    assert sandboxes.in_the_way(three) == [], "its runner was killed"


@pytest.mark.parametrize("many", [3, 1])
@pytest.mark.parametrize("begin", [NEW, "/sandboxes/lessons/first-event/start/"])
def test_an_address_brings_so_many_guests_a_day_and_one_more_hears_what_they_can_do(settings, many, begin):
    settings.GUESTS_A_DAY = many
    assert [Client().post(begin).status_code for _ in range(many)] == [302] * many
    late = Client().post(begin)
    assert late.status_code == 409 and 'value="Sandbox"' not in late.content.decode(), "no name that nobody typed"
    page = html.unescape(late.content.decode()).partition('role="alert"')[2].partition("</div>")[0]
    assert f"{'1 guest has' if many == 1 else '3 guests have'} begun here from your address within a day" in page
    assert re.search(r"come back after \d\d:\d\d UTC( tomorrow)?\.", page) and "in the browser they began in" in page
    assert '<a href="/login/?next=/sandboxes/' in page, "signing in is a press away"
    assert Client(REMOTE_ADDR="192.0.2.7").post(begin).status_code == 302


def test_a_guest_is_counted_for_a_day_from_when_they_began(settings, monkeypatch):
    settings.GUESTS_A_DAY = 2
    began, answers = timezone.now(), []
    for after_h in (0, 20, 21, 25, 26):
        monkeypatch.setattr(timezone, "now", lambda hours=after_h: began + timedelta(hours=hours))
        answers.append(Client().post(NEW).status_code)
    assert answers == [302, 302, 409, 302, 409]


def test_an_address_of_ipv6_is_counted_with_its_network(settings):
    settings.GUESTS_A_DAY, settings.GUESTS = 2, True
    ours = [Client(REMOTE_ADDR=f"2001:db8::{number}").post(NEW).status_code for number in range(3)]
    assert ours == [302, 302, 409]
    assert Client(REMOTE_ADDR="2001:db8:0:1::1").post(NEW).status_code == 302


def test_who_is_refused_is_not_counted(settings):
    settings.GUESTS_A_DAY = 4
    guest = Client()
    for _ in range(10):
        guest.post(NEW)
        Sandbox.objects.exclude(state=State.EXPIRED).update(state=State.EXPIRED)
    assert [Client().post(NEW).status_code for _ in range(5)] == [409] * 5, "so many were made this hour"
    cache.delete("sandboxes-made:127.0.0.1")
    assert Client().post(NEW).status_code == 302


def test_an_address_makes_ten_an_hour():
    guest = Client()
    for _ in range(10):
        assert guest.post(NEW).status_code == 302
        sandboxes.end(Sandbox.objects.exclude(state=State.EXPIRED).get())
    answer = guest.post(NEW)
    assert answer.status_code == 409
    assert "this hour" in answer.content.decode()


def test_what_is_over_says_so():
    lea = person("lea")
    lea.post(NEW, {"name": "Old one"})
    made = Sandbox.objects.get()
    assert lea.post(page_of(made, "sandbox-end")).url == LIST
    answer = lea.get(page_of(made))
    assert answer.status_code == 410
    assert "is over" in answer.content.decode() and "data-socket" not in answer.content.decode()
    assert "its time is over" in lea.get(LIST).content.decode()


def test_forms_without_their_token_change_nothing():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_user("lea"))
    assert strict.post(NEW).status_code == 403
    assert not Sandbox.objects.exists()


def test_hostile_names_are_text():
    lea = person("lea")
    lea.post(NEW, {"name": "<script>alert(1)</script>"})
    for address in (LIST, page_of(Sandbox.objects.get())):
        assert "<script>alert" not in lea.get(address).content.decode()


def test_a_fork_is_compared_in_a_table(monkeypatch):
    lea = person("lea")
    lea.post(NEW, {"name": "Origin"})
    origin = Sandbox.objects.get()
    fork = sandboxes.make_fork(origin, 40, "Other way")
    asked = []

    def ask(sandbox_id, do, **more):
        asked.append((sandbox_id, do, more))
        again = "partitions / orders-0 / groups / billing / delivered again"
        told = [[again, 0, 2], ["partitions / orders-0 / end", None, 9]]
        return {"differences": [*told, ["lost", 0, 3]], "more": 0, "here_us": 61_000_000, "there_us": 0}

    monkeypatch.setattr(control, "ask", ask)
    page = lea.get(page_of(fork, "sandbox-compare")).content.decode()
    assert asked == [(fork.id, "compare", {"other": origin.id.hex})]
    assert "Origin" in page and "0:01:01" in page
    places = ["In the whole sandbox", "records lost", "orders-0, billing", "delivered more than once", "end of the log"]
    assert [page.find(one) for one in places] == sorted(page.find(one) for one in places) and "/ orders" not in page
    assert "no fork" in lea.get(page_of(origin, "sandbox-compare")).content.decode()


def test_a_runner_that_goes_while_it_is_asked_is_no_runner(monkeypatch):
    ours, its = socket.socketpair()
    its.close()
    monkeypatch.setattr(control, "connect", lambda *given: ours)
    with pytest.raises(control.NoRunner):
        control.ask(uuid.uuid4(), "wake")


def test_without_a_runner_the_comparison_says_so():
    lea = person("lea")
    lea.post(NEW)
    fork = sandboxes.make_fork(Sandbox.objects.get(), 4, "Other way")
    assert "No process hosts sandboxes" in lea.get(page_of(fork, "sandbox-compare")).content.decode()


def test_the_lists_of_clusters_leave_sandboxes_out_and_their_pages_lead_back(kafka_answers):
    lea = person("lea", is_learner=True)
    lea.post(NEW)
    made = Sandbox.objects.get()
    assert lea.get("/").url == LIST
    assert made.cluster.name not in lea.get("/clusters/").content.decode()
    page = lea.get(reverse("console:topic-list", args=[made.cluster_id])).content.decode()
    assert page_of(made) in page
    assert Cluster.objects.count() == 1


@pytest.fixture
def kafka_answers(monkeypatch):
    from tests.console.fake_kafka import FakeKafka

    return FakeKafka().put_in_place(monkeypatch)
