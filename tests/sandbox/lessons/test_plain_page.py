"""A sandbox without scripts: its state in tables, and every button a form."""

import pytest
from django.test import Client
from django.urls import reverse


@pytest.fixture
def page(hosts, sandbox):
    hosts.ask(sandbox.id, "pause")
    hosts.ask(sandbox.id, "step", events=3)
    return reverse("sandbox:sandbox-plain", args=[sandbox.id])


def test_a_topic_a_producer_and_a_kill_by_forms_alone(hosts, sandbox, page, owner):
    plain = Client()
    plain.force_login(owner)
    assert "No topic yet" in plain.get(page).content.decode()
    for form in (
        {"do": "topic", "topic": "orders", "partitions": "2"},
        {"do": "producer", "name": "shop", "topic": "orders", "rate": "5"},
        {"do": "consumer", "name": "till", "topic": "orders", "group": "billing"},
        {"do": "produce", "topic": "orders", "key": "k", "value": "<b>"},
    ):
        assert plain.post(page, form).url == page, form
        hosts.run(sandbox.id, 3_000)
    hosts.run(sandbox.id, 8_000)
    shown = plain.get(page).content.decode()
    assert "orders-0" in shown and "orders-1" in shown and "billing: " in shown and "Remove shop" in shown
    plain.post(page, {"do": "crash"})
    hosts.run(sandbox.id, 100)
    shown = plain.get(page).content.decode()
    assert 'value="start"' in shown and 'value="crash"' not in shown
    events = hosts.ask(sandbox.id, "frame")["time"]["events"]
    plain.post(page, {"do": "step"})
    assert hosts.ask(sandbox.id, "frame")["time"]["events"] == events + 1


def test_a_refusal_stands_on_the_page_with_what_was_typed(hosts, page, owner):
    plain = Client()
    plain.force_login(owner)
    for form, words in (
        ({"do": "topic", "topic": "a b", "partitions": "2"}, "a b"),
        ({"do": "topic", "topic": "orders", "partitions": "two"}, "a whole number, please"),
        ({"do": "produce", "topic": "nowhere", "value": "x"}, "there is no topic nowhere"),
        ({"do": "fly"}, "no such button"),
    ):
        answer = plain.post(page, form)
        assert answer.status_code == 409 and words in answer.content.decode(), form


def test_the_page_with_the_picture_leads_there_without_scripts(hosts, sandbox, page, owner):
    plain = Client()
    plain.force_login(owner)
    shown = plain.get(reverse("sandbox:sandbox-detail", args=[sandbox.id])).content.decode()
    assert page in shown[shown.find("<noscript>") : shown.find("</noscript>")]
    assert Client().get(page).status_code == 404
