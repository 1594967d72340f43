"""A socket ends with its session, also when its browser takes nothing any more."""

import asyncio
import logging

import pytest
from asgiref.sync import sync_to_async
from autobahn.exception import Disconnected
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError

from console.live import session_watch, topic_tail
from console.models import User
from console.services import accounts, sessions
from tests.console.live.test_topic_tail import connected, frame

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


class Failing:
    """The database fails so many times, each time somebody looks at a session."""

    def __init__(self, monkeypatch, times, error=None):
        self.left, self.looks, self.real = times, 0, session_watch._anew
        self.error = error or OperationalError("database is locked")
        monkeypatch.setattr(session_watch, "_anew", self)

    def __call__(self, session):
        self.looks += 1
        self.left -= 1
        if self.left >= 0:
            raise self.error
        return self.real(session)


async def test_a_database_that_fails_once_does_not_end_the_watch(cast, kafka, monkeypatch):
    monkeypatch.setattr(session_watch, "CHECK_EVERY_S", 0.1)
    monkeypatch.setattr(session_watch, "AGAIN_S", 0.05)
    failing = Failing(monkeypatch, 3)
    one = await connected(cast, cast.viewer)
    async with asyncio.timeout(10):
        while failing.looks <= 3:
            assert await one.receive_nothing(0.1)
    await sync_to_async(end_sessions)()
    assert await one.receive_output(2) == {"type": "websocket.close", "code": session_watch.SIGNED_OUT}
    await one.wait()


async def test_a_socket_whose_session_nobody_can_look_at_is_closed(cast, kafka, monkeypatch):
    monkeypatch.setattr(session_watch, "CHECK_EVERY_S", 0.1)
    monkeypatch.setattr(session_watch, "AGAIN_S", 0.05)
    monkeypatch.setattr(session_watch, "UNSURE_S", 0.5)
    failing = Failing(monkeypatch, 1000)
    one = await connected(cast, cast.viewer)
    assert await one.receive_output(2) == {"type": "websocket.close", "code": session_watch.FAULT}
    assert 3 < failing.looks < 20
    await one.wait()
    assert topic_tail._open == {}


async def test_a_fault_of_the_watch_closes_the_socket_and_is_logged(cast, kafka, monkeypatch, caplog):
    monkeypatch.setattr(session_watch, "CHECK_EVERY_S", 0.1)
    monkeypatch.setattr(session_watch.logger, "propagate", True)
    monkeypatch.setattr(logging.getLogger("django"), "propagate", True)
    Failing(monkeypatch, 1000, ValueError("a fault"))
    one = await connected(cast, cast.viewer)
    assert await one.receive_output(2) == {"type": "websocket.close", "code": session_watch.FAULT}
    assert "cannot be watched" in caplog.text
    await one.wait()


async def test_a_tail_that_cannot_look_at_its_session_goes_on(cast, kafka, monkeypatch):
    monkeypatch.setattr(topic_tail, "SESSION_CHECK_S", 0)
    Failing(monkeypatch, 2)
    kafka.frames = [frame(1)]
    one = await connected(cast, cast.viewer)
    assert (await one.receive_json_from())["number"] == 2
    await asyncio.sleep(0.2)
    kafka.frames.append(frame(2))
    assert (await one.receive_json_from())["number"] == 3
    await one.disconnect()


def test_the_look_is_often_enough_for_a_minute():
    assert session_watch.CHECK_EVERY_S < 60


async def test_what_is_said_to_a_page_that_is_gone_is_no_fault():
    said = []

    async def gone(message):
        raise Disconnected("Attempt to send on a closed protocol")

    async def consumer(scope, receive, send):
        await send({"type": "websocket.send", "text": "news"})
        said.append((await receive())["type"])

    async def left():
        return {"type": "websocket.disconnect", "code": 1001}

    scope = {"type": "websocket", "path": "/", "user": AnonymousUser(), "session": {}}
    await session_watch.EndsWithSession(consumer)(scope, left, gone)
    assert said == ["websocket.disconnect"]
