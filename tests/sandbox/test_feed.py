"""The socket of a sandbox's page, against a runner that says what the test wants."""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from console.guests import KEY as GUEST_KEY
from console.models import User
from sandbox import places
from sandbox.feed import socket as feed
from sandbox.feed.frame_size import FRAME_BYTES_MAX, fitting
from sandbox.services import sandboxes, visitors
from tests.sockets import Socket

pytestmark = [pytest.mark.asyncio, pytest.mark.django_db(transaction=True)]
HEADERS = ((b"host", b"console.example"), (b"origin", b"http://console.example"))


class FakeRunner:
    """Answers every command with `answers[do]`; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.answers: dict[str, dict] = {}
        self.silent: set[str] = set()
        self.writers: list[asyncio.StreamWriter] = []

    async def start(self) -> None:
        places.make_sockets()
        self.server = await asyncio.start_unix_server(self._serve, str(places.control_path("fake")))

    async def _serve(self, reader, writer) -> None:
        self.writers.append(writer)
        while line := await reader.readline():
            given = json.loads(line)
            self.asked.append(given)
            if given["do"] != "ack" and given["do"] not in self.silent:
                self.say({"id": given["id"], **self.answers.get(given["do"], {"ok": {}})})

    def say(self, message: dict) -> None:
        self.writers[-1].write(json.dumps(message).encode() + b"\n")

    async def until_asked(self, do: str) -> dict:
        for _ in range(200):
            found = [one for one in self.asked if one["do"] == do]
            if found:
                return found[-1]
            await asyncio.sleep(0.01)
        raise AssertionError(f"never asked to {do}: {self.asked}")

    async def stop(self) -> None:
        self.server.close()
        for writer in self.writers:
            writer.close()
        places.control_path("fake").unlink(missing_ok=True)


@pytest.fixture
def lea(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.GUESTS = True
    feed._open.clear()
    return User.objects.create_user("lea")


@pytest.fixture
def sandbox(lea):
    return sandboxes.make(name="One", limits="member", owner=lea)


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened(sandbox, client, headers=HEADERS) -> Socket:
    from console.project.asgi import application

    cookie = "; ".join(f"{key}={morsel.value}" for key, morsel in client.cookies.items()).encode()
    return Socket(application, f"/sandboxes/{sandbox.id}/socket", headers=[*headers, (b"cookie", cookie)])


async def live(sandbox, client) -> tuple[Socket, FakeRunner]:
    runner = FakeRunner()
    await runner.start()
    one = opened(sandbox, client)
    assert (await one.connect())[0]
    assert (await one.receive_json_from())["state"] == "live"
    return one, runner


async def test_frames_go_down_acknowledgements_and_commands_up(sandbox, lea):
    one, runner = await live(sandbox, await sync_to_async(signed_in)(lea))
    runner.say({"sandbox": sandbox.id.hex, "seq": 1, "frame": {"time": {"events": 3}}})
    assert (await one.receive_json_from())["frame"]["time"]["events"] == 3
    await one.send_json_to({"ack": 1})
    assert await runner.until_asked("ack") == {"do": "ack", "seq": 1, "sandbox": sandbox.id.hex}
    runner.answers["act"] = {"refused": "broker-1 is down already", "field": "name"}
    await one.send_json_to({"id": 5, "do": "act", "action": {"do": "kill"}, "sandbox": "somebody else's"})
    assert await one.receive_json_from() == {"id": 5, "refused": "broker-1 is down already", "field": "name"}
    assert (await runner.until_asked("act"))["sandbox"] == sandbox.id.hex
    await one.disconnect()
    await runner.stop()


async def test_marks_and_causes_come_in_words(sandbox, lea):
    one, runner = await live(sandbox, await sync_to_async(signed_in)(lea))
    kill = {"do": "kill", "name": "broker-1", "loses": "nothing"}
    mark = {"event": 9, "at_us": 1, "track": "you", "kind": "act", "facts": kill}
    runner.answers["moments"] = {"ok": {"marks": [mark], "spans": [], "head": 9, "head_us": 1}}
    await one.send_json_to({"id": 1, "do": "moments"})
    assert (await one.receive_json_from())["ok"]["marks"][0]["words"] == "You kill broker-1."
    step = {"event": 9, "at_us": 1, "kind": "act", "subject": "you", "facts": kill, "seen": [], "because": "action"}
    runner.answers["explain"] = {"ok": {"of": "broker", "facts": {}, "steps": [step]}}
    await one.send_json_to({"id": 2, "do": "explain", "of": "broker", "name": "broker-1"})
    assert (await one.receive_json_from())["ok"]["steps"][0]["words"] == "You kill broker-1."
    await one.disconnect()
    await runner.stop()


async def test_strangers_guests_and_other_sites_are_refused(sandbox, lea):
    stan = await sync_to_async(lambda: signed_in(User.objects.create_user("stan")))()
    assert not (await opened(sandbox, stan).connect())[0]
    assert not (await opened(sandbox, Client()).connect())[0]
    other_site = ((b"host", b"console.example"), (b"origin", b"http://evil.example"))
    assert not (await opened(sandbox, await sync_to_async(signed_in)(lea), other_site).connect())[0]


async def test_a_guest_sees_a_sandbox_of_the_session_and_no_other(lea):
    def guests() -> tuple[Client, Client]:
        first, second = Client(), Client()
        first.post("/sandboxes/new/")
        second.post("/sandboxes/new/")
        return first, second

    first, second = await sync_to_async(guests)()
    mine = await sync_to_async(lambda: visitors.sandboxes_of(None, first.session[GUEST_KEY]).get())()
    one, runner = await live(mine, first)
    assert not (await opened(mine, second).connect())[0]
    await one.disconnect()
    await runner.stop()


@pytest.mark.parametrize("text", ["no json", "[]", '{"id": 1}', '{"id": "x", "do": "frame"}', "{}", "[" * 9_000])
async def test_what_no_page_sends_ends_the_socket_in_words(sandbox, lea, text):
    one, runner = await live(sandbox, await sync_to_async(signed_in)(lea))
    await one.send_to(text_data=text)
    assert "unexpected" in (await one.receive_json_from())["ended"]
    assert (await one.receive_output())["code"] == feed.BAD_MESSAGE
    await runner.stop()


async def test_only_known_commands_are_passed_on_and_not_too_many_at_once(sandbox, lea):
    one, runner = await live(sandbox, await sync_to_async(signed_in)(lea))
    for do in ("sleep", "watch", "everything"):
        await one.send_json_to({"id": 1, "do": do})
        assert "no command" in (await one.receive_json_from())["refused"]
    runner.silent = {"step"}
    for number in range(feed.WAITING_MAX + 1):
        await one.send_json_to({"id": number, "do": "step"})
    assert "too many" in (await one.receive_json_from())["refused"]
    await one.send_json_to({"id": 99, "do": "compare", "other": sandbox.id.hex[::-1]})
    assert (await one.receive_json_from())["id"] == 99
    await one.disconnect()
    await runner.stop()


async def test_a_runner_that_goes_away_refuses_what_it_owed_and_another_is_found(sandbox, lea, monkeypatch):
    monkeypatch.setattr(feed, "RETRY_S", 0.05)
    one, runner = await live(sandbox, await sync_to_async(signed_in)(lea))
    runner.silent = {"step"}
    await one.send_json_to({"id": 7, "do": "step"})
    await runner.until_asked("step")
    await runner.stop()
    assert "went away" in (await one.receive_json_from())["refused"]
    assert (await one.receive_json_from())["state"] == "no runner"
    await one.send_json_to({"id": 8, "do": "step"})
    said = [await one.receive_json_from()]
    while said[-1].get("id") != 8:
        said.append(await one.receive_json_from())
    assert "No process hosts sandboxes" in said[-1]["refused"]
    await runner.start()
    while (await one.receive_json_from()).get("state") != "live":
        pass
    await one.disconnect()
    await runner.stop()


async def test_what_falls_asleep_is_woken_and_a_full_runner_is_asked_again(sandbox, lea, monkeypatch):
    monkeypatch.setattr(feed, "RETRY_S", 0.05)
    one, runner = await live(sandbox, await sync_to_async(signed_in)(lea))
    runner.answers["watch"] = {"refused": "too many sandboxes are awake here: try again in a minute", "field": ""}
    runner.say({"sandbox": sandbox.id.hex, "asleep": True})
    assert (await one.receive_json_from())["state"] == "asleep"
    assert "Too many sandboxes" in (await one.receive_json_from())["words"]
    runner.answers["watch"] = {"ok": {}}
    while (await one.receive_json_from())["state"] != "live":
        pass
    runner.answers["watch"] = {"refused": "this sandbox is over", "field": "sandbox"}
    runner.say({"sandbox": sandbox.id.hex, "asleep": True})
    assert (await one.receive_json_from())["state"] == "asleep"
    assert "over" in (await one.receive_json_from())["ended"]
    await runner.stop()


async def test_what_was_put_to_sleep_and_what_has_no_place_is_not_woken_again_and_again(sandbox, lea):
    client = await sync_to_async(signed_in)(lea)
    one, runner = await live(sandbox, client)
    runner.say({"sandbox": sandbox.id.hex, "asleep": True, "asked": True})
    assert "Reload this page to wake it" in (await one.receive_json_from())["ended"]
    runner.answers["watch"] = {"refused": "2 sandboxes of yours run: put one to sleep", "field": "running"}
    other = opened(sandbox, client)
    assert (await other.connect())[0]
    assert "Reload this page to choose which" in (await other.receive_json_from())["ended"]
    await runner.stop()


async def test_what_is_over_is_said_and_ends(sandbox, lea):
    client = await sync_to_async(signed_in)(lea)
    await sync_to_async(sandboxes.end)(sandbox)
    one = opened(sandbox, client)
    assert (await one.connect())[0]
    assert "over" in (await one.receive_json_from())["ended"]


async def test_one_person_has_twelve_pictures(sandbox, lea):
    client = await sync_to_async(signed_in)(lea)
    feed._open[f"user {lea.pk}"] = feed.SOCKETS_MAX
    one = opened(sandbox, client)
    assert (await one.connect())[0]
    assert "Close one" in (await one.receive_json_from())["ended"]
    feed._open.clear()


async def test_the_largest_frame_fits_and_says_what_it_leaves_out():
    part = {
        "index": 0,
        "records": [{"offset": n, "key": "\u202e" * 60, "value": "x" * 60, "from": None} for n in range(24)],
    }
    topics = [{"name": f"t{n}", "partitions": [{**part, "index": i} for i in range(15)]} for n in range(10)]
    frame = {"topics": topics, "groups": [], "ledger": {"partitions": {}}}
    line = json.dumps({"sandbox": "x", "seq": 1, "frame": frame}).encode()
    assert len(line) > FRAME_BYTES_MAX
    found = json.loads(fitting(line))["frame"]
    assert len(json.dumps(found)) <= FRAME_BYTES_MAX
    assert found["without_records"] > 0
    assert sum(len(topic["partitions"]) for topic in found["topics"]) == 150
