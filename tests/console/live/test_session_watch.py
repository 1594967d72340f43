"""A socket ends with its session, also when its browser takes nothing any more."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from console.live import session_watch, topic_tail
from console.models import User
from console.services import accounts, sessions
from tests.console.live.test_topic_tail import connected

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]


def end_sessions() -> None:
    sessions.end_all(User.objects.get(username="vera"))


def deactivate() -> None:
    accounts.set_active(User.objects.get(username="olga"), User.objects.get(username="vera"), active=False)


def set_password() -> None:
    vera = User.objects.get(username="vera")
    vera.set_password("another secret")
    vera.save()


@pytest.mark.parametrize("deed", [end_sessions, deactivate, set_password])
async def test_the_socket_of_an_ended_session_is_closed(cast, kafka, monkeypatch, deed):
    monkeypatch.setattr(session_watch, "CHECK_EVERY_S", 0.2)
    assert topic_tail.SESSION_CHECK_S > 5  # it is not the tail itself that notices
    one = await connected(cast, cast.viewer)
    await asyncio.sleep(0.3)
    await sync_to_async(deed)()
    assert await one.receive_output(2) == {"type": "websocket.close", "code": session_watch.SIGNED_OUT}
    await one.wait()
    assert topic_tail._open == {}


async def test_a_socket_whose_session_goes_on_stays(cast, kafka, monkeypatch):
    monkeypatch.setattr(session_watch, "CHECK_EVERY_S", 0.05)
    one = await connected(cast, cast.viewer)
    assert await one.receive_nothing(0.4)
    await one.disconnect()


def test_the_look_is_often_enough_for_a_minute():
    assert session_watch.CHECK_EVERY_S < 60
