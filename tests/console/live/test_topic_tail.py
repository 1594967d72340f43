"""The tail's socket: who gets in, what it sends, what ends it."""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from console.kafka.errors import NotFound
from console.kafka.stream import TailFrame
from console.live import topic_tail
from console.live.window import FRAMES_MAX
from tests.console.fake_kafka import RECORD

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
HOST = (b"host", b"console.example")
ORIGIN = (b"origin", b"http://console.example")


def socket(cast, client, *, headers=(HOST, ORIGIN), name="orders.placed", query=""):
    from console.project.asgi import application

    cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items()).encode()
    path = f"/clusters/{cast.cluster.pk}/topics/{name}/live/socket{query}"
    return WebsocketCommunicator(application, path, headers=[*headers, (b"cookie", cookie)])


async def connected(cast, client, **more):
    one = socket(cast, client, **more)
    assert (await one.connect())[0]
    first = await one.receive_json_from()
    assert (first["number"], first["rows"], first["state"]) == (1, [], "live")
    return one


def frame(n: int) -> TailFrame:
    return TailFrame([RECORD], n, n, 0, "live", None)


async def test_a_viewer_gets_frames_and_acknowledges_them(cast, kafka):
    kafka.frames = [frame(1)]
    one = await connected(cast, cast.viewer)
    got = await one.receive_json_from()
    assert (got["number"], got["arrived"], got["rows"][0]["partition"]) == (2, 1, "3")
    await one.send_json_to({"ack": 2})
    kafka.frames.append(frame(2))
    assert (await one.receive_json_from())["number"] == 3
    await one.disconnect()


@pytest.mark.parametrize("who", ["stranger", "nobody"])
async def test_who_may_not_see_the_cluster_is_refused(cast, kafka, who):
    assert not (await socket(cast, getattr(cast, who)).connect())[0]


@pytest.mark.parametrize(
    "headers",
    [
        (HOST,),
        (HOST, (b"origin", b"http://evil.example")),
        (HOST, (b"origin", b"null")),
        (HOST, (b"origin", b"http://[")),
    ],
)
async def test_another_sites_page_is_refused(cast, kafka, headers):
    assert not (await socket(cast, cast.owner, headers=headers).connect())[0]


async def test_no_more_frames_than_the_window_are_sent_unacknowledged(cast, kafka):
    kafka.frames = [frame(n) for n in range(1, 20)]
    one = await connected(cast, cast.owner)
    for _ in range(FRAMES_MAX - 1):
        await one.receive_json_from()
    assert await one.receive_nothing(0.3)
    await one.send_json_to({"ack": FRAMES_MAX})
    assert (await one.receive_json_from())["number"] == FRAMES_MAX + 1
    await one.disconnect()


async def test_paused_frames_hold_no_rows(cast, kafka):
    one = await connected(cast, cast.owner)
    await one.send_json_to({"pause": True})
    await asyncio.sleep(0.1)
    kafka.frames.append(frame(1))
    assert (await one.receive_json_from())["rows"] == []
    await asyncio.sleep(0.1)
    assert kafka.asked[-1][1] == 0
    await one.send_json_to({"pause": False})
    await asyncio.sleep(0.1)
    assert kafka.asked[-1][1] == topic_tail.ROWS_MAX
    await one.disconnect()


async def test_rows_that_come_after_pause_was_pressed_count_as_not_shown(cast, kafka):
    one = await connected(cast, cast.owner)
    await one.send_json_to({"pause": True})
    await asyncio.sleep(0.1)
    kafka.frames.append(TailFrame([RECORD], 5, 1, 4, "live", None))
    got = await one.receive_json_from()
    assert (got["rows"], got["arrived"], got["shown"], got["dropped"]) == ([], 5, 0, 5)
    await one.send_json_to({"pause": False})
    await asyncio.sleep(0.1)
    kafka.frames.append(TailFrame([RECORD], 6, 2, 4, "live", None))
    got = await one.receive_json_from()
    assert (len(got["rows"]), got["arrived"], got["shown"], got["dropped"]) == (1, 6, 1, 5)
    await one.disconnect()


@pytest.mark.parametrize("message", ["x" * 300, "[]", '{"ack": 99}', '{"ack": "1"}', "nonsense", "[" * 150])
async def test_what_our_page_would_not_say_ends_the_socket(cast, kafka, message):
    one = await connected(cast, cast.owner)
    await one.send_to(text_data=message)
    assert "ended" in await one.receive_json_from()
    assert (await one.receive_output())["code"] == topic_tail.BAD_MESSAGE
    await one.wait()


async def test_one_person_has_a_limited_number_of_sockets(cast, kafka, monkeypatch):
    monkeypatch.setattr(topic_tail, "SOCKETS_MAX", 2)
    held = [await connected(cast, cast.owner) for _ in range(2)]
    third = socket(cast, cast.owner)
    assert (await third.connect())[0]
    assert "2 live tails" in json.loads(await third.receive_from())["ended"]
    for one in held:
        await one.disconnect()
    again = await connected(cast, cast.owner)
    await again.disconnect()
    assert topic_tail._open == {}


async def test_a_topic_that_is_gone_ends_the_tail_with_the_reason(cast, kafka):
    kafka.down = NotFound("there is no topic orders.placed")
    one = socket(cast, cast.owner)
    assert (await one.connect())[0]
    assert await one.receive_json_from() == {"ended": "there is no topic orders.placed"}
    await one.wait()


async def test_a_dead_cluster_is_said_and_tried_again(cast, kafka, monkeypatch):
    monkeypatch.setattr(topic_tail, "RETRY_S", 0.05)
    kafka.die()
    one = socket(cast, cast.owner)
    assert (await one.connect())[0]
    first = await one.receive_json_from()
    assert (first["state"], first["reason"]) == ("reconnecting", "connection refused by 127.0.0.1:9")
    kafka.down = None
    await one.send_json_to({"ack": first["number"]})
    while (got := await one.receive_json_from())["state"] != "live":
        await one.send_json_to({"ack": got["number"]})
    await one.disconnect()


async def test_signing_out_ends_the_tail(cast, kafka, monkeypatch):
    monkeypatch.setattr(topic_tail, "SESSION_CHECK_S", 0)
    one = await connected(cast, cast.owner)
    await sync_to_async(cast.owner.logout)()
    kafka.frames.append(frame(1))
    assert (await one.receive_json_from())["number"] == 2
    assert await one.receive_json_from() == {"ended": "You are signed out."}
    await one.wait()
