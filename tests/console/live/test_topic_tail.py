"""The tail's socket: who gets in, what it sends, what ends it."""

import asyncio
import json
import time

import channels.consumer
import pytest
from asgiref.sync import sync_to_async

from console.kafka.errors import NotFound
from console.kafka.stream import TailFrame
from console.live import topic_tail
from console.live.window import FRAMES_MAX
from console.models import Cluster
from tests.console.fake_kafka import RECORD
from tests.sockets import Socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
HOST = (b"host", b"console.example")
ORIGIN = (b"origin", b"http://console.example")


def socket(cast, client, *, headers=(HOST, ORIGIN), name="orders.placed", query=""):
    from console.project.asgi import application

    cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items()).encode()
    path = f"/clusters/{cast.cluster.pk}/topics/{name}/live/socket{query}"
    return Socket(application, path, headers=[*headers, (b"cookie", cookie)])


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


async def test_the_cluster_of_a_sandbox_is_woken_and_watched(cast, kafka, settings):
    woken = []
    settings.CLUSTER_WAKER = f"{__name__}.waker"
    waker.woken = woken
    await sync_to_async(Cluster.objects.filter(pk=cast.cluster.pk).update)(unix_path="/run/sandbox.sock")
    one = await connected(cast, cast.viewer)
    assert woken == [cast.cluster.name]
    await one.disconnect()


def waker(cluster, *, may_wake):
    """Looks into the database, as the one of sandboxes does."""
    waker.woken.append(Cluster.objects.get(pk=cluster.pk).name)


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


@pytest.mark.parametrize(
    ("path", "origin"), [("/sandboxes/x/socket", ORIGIN), ("/", (b"origin", b"http://evil.example"))]
)
async def test_who_is_refused_waits_for_nothing_of_redis(monkeypatch, path, origin):
    from console.project.asgi import application

    asked = []
    monkeypatch.setattr(channels.consumer, "get_channel_layer", lambda alias: asked.append(alias))
    assert not (await Socket(application, path, headers=[HOST, origin]).connect())[0]
    assert asked == ["none"], "a layer waits for Redis, and is not ready to be ended for seconds"


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


@pytest.mark.parametrize(
    "message",
    [
        "x" * 70_000, "[]", '{"resume": {}, "topic": ""}', '{"ack": 99}', '{"ack": "1"}', "nonsense", "[" * 150,
        json.dumps({"view": "a=1&" * 2000}),
    ],
)  # fmt: skip
async def test_what_our_page_would_not_say_ends_the_socket(cast, kafka, message):
    one = await connected(cast, cast.owner)
    await one.send_to(text_data=message)
    assert "ended" in await one.receive_json_from()
    assert (await one.receive_output())["code"] == topic_tail.BAD_MESSAGE
    await one.wait()


async def test_a_socket_that_fails_gives_its_place_back_and_stops_watching(cast, kafka, monkeypatch):
    def fail(self):
        raise RuntimeError("a fault")

    one = await connected(cast, cast.owner)
    assert topic_tail._open
    monkeypatch.setattr(topic_tail.TopicTail, "_fit", fail)
    await one.send_json_to({"ack": 1})
    with pytest.raises(RuntimeError):
        await one.wait()
    assert not topic_tail._open
    frames_asked = len(kafka.asked)
    await asyncio.sleep(0.2)
    assert len(kafka.asked) == frames_asked


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


def watched(kafka):
    return [wanted for kind, wanted, *_ in kafka.asked if kind == "watch"]


async def heard(one, key):
    """Frames are acknowledged until a message of this kind comes."""
    while key not in (message := await one.receive_json_from()):
        await one.send_json_to({"ack": message["number"]})
    return message


async def test_another_view_begins_and_is_said(cast, kafka):
    one = await connected(cast, cast.viewer, query="?partition=0-2&rate=5")
    assert (watched(kafka)[0].partitions, watched(kafka)[0].rows_per_s) == (frozenset({0, 1, 2}), 5)
    await one.send_json_to({"view": "filter=value.status%3DOPEN"})
    assert await heard(one, "viewed") == {"viewed": "filter=value.status%3DOPEN"}
    assert (await heard(one, "begins"))["begins"]
    assert watched(kafka)[-1].matcher.key == "value.status=OPEN"
    assert watched(kafka)[-1].resume == {}
    await one.disconnect()


async def test_a_view_that_is_not_understood_leaves_the_one_before(cast, kafka):
    one = await connected(cast, cast.viewer)
    await one.send_json_to({"view": "filter=value.status%3D"})
    refused = (await heard(one, "refused"))["refused"]
    assert (refused["field"], refused["position"]) == ("filter", 13)
    assert len(watched(kafka)) == 1
    await one.disconnect()


async def test_a_view_that_the_cluster_refuses_goes_back_to_where_the_one_before_was(cast, kafka):
    one = await connected(cast, cast.viewer)
    for _ in range(2):
        await one.send_json_to({"view": "partition=7"})
        assert (await heard(one, "refused"))["refused"]["field"] == "partition"
    kafka.frames.append(frame(1))
    while not (got := await heard(one, "rows"))["rows"]:
        await one.send_json_to({"ack": got["number"]})
    assert watched(kafka)[-1].partitions is None
    assert (watched(kafka)[-1].resume, watched(kafka)[-1].resume_id) == ({0: 7}, "aa")
    await one.disconnect()


async def test_a_browser_that_comes_back_goes_on_where_it_was(cast, kafka):
    one = socket(cast, cast.viewer, query="?resume=1&partition=3")
    assert (await one.connect())[0]
    assert await one.receive_nothing(0.1)
    await one.send_json_to({"resume": {"3": "9007199254740993"}, "topic": "aa"})
    assert (await one.receive_json_from())["begins"]
    (wanted,) = watched(kafka)
    assert (wanted.resume, wanted.resume_id, wanted.partitions) == ({3: 2**53 + 1}, "aa", frozenset({3}))
    await one.disconnect()


async def test_a_browser_that_does_not_say_where_it_was_is_told(cast, kafka, monkeypatch):
    monkeypatch.setattr(topic_tail, "RESUME_WAIT_S", 0.05)
    one = socket(cast, cast.viewer, query="?resume=1")
    assert (await one.connect())[0]
    assert "did not say from where" in (await one.receive_json_from())["ended"]
    await one.wait()


async def test_a_long_list_of_partitions_keeps_nobody_waiting(cast, kafka):
    one = await connected(cast, cast.viewer)
    begun_s = time.monotonic()
    await one.send_json_to({"view": "partition=" + ",".join(["0-9998"] * 1400)})
    refused = (await one.receive_json_from())["refused"]
    assert refused["field"] == "partition" and "10000" in refused["reason"]
    assert time.monotonic() - begun_s < 0.5
    await one.disconnect()
