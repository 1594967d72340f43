"""The socket of a sandbox's page: frames down with a window of acknowledgements, commands up with answers.

The browser sends {"ack": n} for frames it has drawn, and commands {"id": n, "do": ...}, each answered by
{"id": n, "ok": ...} or {"id": n, "refused": why, "field": where}. Frames come as the runner sends them
({"seq": n, "frame": ...}, at most three unacknowledged); {"state": ..., "words": ...} says how it goes otherwise,
and {"ended": why} is the last message.

*Invariants*: only whoever the sandbox belongs to gets in, and only what is named in COMMANDS is passed on; a command
is answered or refused, also when the runner goes away; one visitor has at most SOCKETS_MAX sockets, one socket at
most WAITING_MAX commands under way; a message that is none of these ends the socket.
*Not here*: origin and session (console/live), what commands do (runner/commands.py), sentences (words.py).
"""

import asyncio
import json
import logging
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import Http404

from sandbox import control
from sandbox.feed import words
from sandbox.feed.control_stream import ControlStream
from sandbox.feed.frame_size import fitting
from sandbox.lifecycle import State
from sandbox.models import Sandbox
from sandbox.services import sandboxes, visitors

logger = logging.getLogger("django.channels")

SOCKETS_MAX = 12  # of one visitor in this process
MESSAGE_MAX = 100_000  # characters from a browser: a record by hand is in it
WAITING_MAX = 32
RETRY_S = 1.0
WATCH = "watch"  # the id of our own question
TOO_MANY, BAD_MESSAGE, ENDED, FAULT = 4429, 4400, 4410, 4500  # close codes of our own
COMMANDS = (
    "frame", "act", "play", "pause", "step", "jump", "seek", "fork", "history", "moments", "explain", "record",
    "deliveries", "ledger", "digest", "compare",
)  # fmt: skip

_open: dict[str, int] = {}  # sockets by visitor


class SandboxFeed(AsyncWebsocketConsumer):
    """One browser's view of one sandbox."""

    channel_layer_alias = "none"  # it lives and dies with the runner's own socket, not with Redis

    async def connect(self) -> None:
        """Let in whoever it belongs to; then start sending."""
        self.serving: asyncio.Task[None] | None = None
        self.stream: ControlStream | None = None
        self.waiting: dict[Any, str] = {}  # commands under way: what each asks
        self.visitor = ""
        found = await database_sync_to_async(self._find)()
        if found is None:
            await self.close()
            return
        await self.accept()
        visitor = f"user {found.owner_id}" if found.owner_id else f"guest {found.guest}"
        if found.state == State.EXPIRED:
            await self._end("The time of this sandbox is over. Its files are gone.", ENDED)
        elif _open.get(visitor, 0) >= SOCKETS_MAX:
            await self._end(f"You have {SOCKETS_MAX} pictures open. Close one, then reload.", TOO_MANY)
        else:
            self.visitor = visitor
            _open[visitor] = _open.get(visitor, 0) + 1
            self.sandbox_id = found.id
            self.serving = asyncio.create_task(self._serve())

    def _find(self) -> Sandbox | None:
        sandbox_id = UUID(self.scope["url_route"]["kwargs"]["sandbox_id"])
        try:
            found = visitors.sandbox_for(self.scope["user"], visitors.guest_of(self.scope["session"]), sandbox_id)
        except Http404:
            return None
        if found.state != State.EXPIRED:
            sandboxes.used(found.id)
        return found

    async def disconnect(self, code: int) -> None:
        """Stop sending and forget the socket."""
        self._leave()

    def _leave(self) -> None:
        if self.visitor:
            _open[self.visitor] -= 1
            if not _open[self.visitor]:
                del _open[self.visitor]
            self.visitor = ""
        if self.serving and self.serving is not asyncio.current_task():
            self.serving.cancel()

    # ---- from the browser

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take an acknowledgement or a command; anything else ends the socket."""
        try:
            if text_data is None or len(text_data) > MESSAGE_MAX:
                raise ValueError("too long, or not text")
            message = json.loads(text_data)
            match message:
                case {"ack": int() as seq}:
                    await self._pass_on({"do": "ack", "seq": seq})
                case {"id": int() as number, "do": str() as do}:
                    await self._ask(number, do, message)
                case _:
                    raise ValueError("unknown message")
        except (ValueError, RecursionError):
            await self._end("This page sent something unexpected. Reload it.", BAD_MESSAGE)

    async def _ask(self, number: int, do: str, message: dict[str, Any]) -> None:
        if do not in COMMANDS:
            await self._refuse(number, f"there is no command {do[:40]!r}")
        elif len(self.waiting) >= WAITING_MAX:
            await self._refuse(number, "too many commands at once: wait for the answers")
        elif do == "compare" and not await database_sync_to_async(self._may_see)(message.get("other")):
            await self._refuse(number, "compare with which sandbox?", "other")
        else:
            self.waiting[number] = do
            if not await self._pass_on(message):
                del self.waiting[number]
                await self._refuse(number, str(control.NoRunner()))

    def _may_see(self, other: Any) -> bool:
        try:
            visitors.sandbox_for(self.scope["user"], visitors.guest_of(self.scope["session"]), UUID(str(other)))
        except (ValueError, Http404):
            return False
        return True

    async def _pass_on(self, message: dict[str, Any]) -> bool:
        if self.stream is None:
            return False
        try:
            await self.stream.send(message)
        except control.NoRunner:
            return False
        return True

    async def _refuse(self, number: int, why: str, field: str = "") -> None:
        await self._tell({"id": number, "refused": why, "field": field})

    # ---- from the runner

    async def _serve(self) -> None:
        """Keep a connection to whoever hosts the sandbox, as long as the page is open."""
        try:
            while True:
                try:
                    await self._follow()
                except control.NoRunner as nobody:
                    await self._lost("no runner", str(nobody))
                except _Again as again:
                    await self._lost(again.state, again.words)
                await asyncio.sleep(RETRY_S)
        except _Over as over:
            await self._end(str(over), ENDED)
        except Exception:  # nobody awaits this task: a fault of ours must be logged and said
            logger.exception("the picture of %s failed", self.scope["path"])
            await self._end("This page has a fault of ours; it is in the log. Reload to try again.", FAULT)

    async def _follow(self) -> None:
        stream = await ControlStream.open(self.sandbox_id)
        try:
            await stream.send({"id": WATCH, "do": "watch"})
            self.stream = stream
            while True:
                await self._take(await stream.next_line())
        finally:
            self.stream = None
            stream.close()

    async def _take(self, line: bytes) -> None:
        if line.startswith(b'{"sandbox":'):
            if b'"frame":' in line[:200]:
                await self.send(fitting(line))
                return
            if json.loads(line).get("asked"):
                raise _Over("This sandbox was put to sleep. Reload this page to wake it.")
            raise _Again("asleep", "This sandbox fell asleep. It is woken now.")
        if len(line) > 1 << 20:
            await self.send(fitting(line))
            return
        answer = json.loads(line)
        if answer.get("id") == WATCH:
            if "refused" in answer:
                _not_watched(answer["refused"], answer["field"])
            else:
                await self._tell({"state": "live", "words": ""})
            return
        do = self.waiting.pop(answer.get("id"), "")
        await self.send(fitting(json.dumps(in_words(do, answer)).encode()))

    async def _lost(self, state: str, why: str) -> None:
        lost, self.waiting = self.waiting, {}
        for number in lost:
            await self._refuse(number, "the process that hosts this sandbox went away before it answered")
        await self._tell({"state": state, "words": why})

    async def _tell(self, message: dict[str, Any]) -> None:
        await self.send(json.dumps(message))

    async def _end(self, why: str, code: int) -> None:
        self._leave()
        await self._tell({"ended": why})
        await self.close(code)


class _Over(Exception):
    """The sandbox is over."""


class _Again(Exception):
    """The runner is there, and does not show the sandbox now: ask again."""

    def __init__(self, state: str, words: str) -> None:
        super().__init__(words)
        self.state, self.words = state, words


def _not_watched(why: str, field: str) -> None:
    if why == "this sandbox is over":
        raise _Over("The time of this sandbox is over.")
    if field == "running":
        raise _Over(f"{why[:1].upper()}{why[1:]}. Reload this page to choose which.")
    raise _Again("waiting", f"{why[:1].upper()}{why[1:]}. Trying again.")


def in_words(do: str, answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of the runner with the sentences that its page shows."""
    found = answer.get("ok")
    if found is None:
        return answer
    if do == "moments":
        marks = [
            {"event": one["event"], "at_us": one["at_us"], "track": one["track"], "kind": one["kind"]}
            | {"words": words.mark(one)}
            for one in found["marks"]
        ]
        spans = [
            {name: one[name] for name in ("event", "at_us", "state", "node", "until_us", "until_event")}
            | {"words": words.lasting(one)}
            for one in found["spans"]
        ]
        return {"id": answer["id"], "ok": {**found, "marks": marks, "spans": spans}}
    if do == "explain":
        said = words.waiting(found["facts"]) if found["of"] == "high watermark" else ""
        told = {"of": found["of"], "facts": found["facts"], "words": said, "steps": words.steps(found["steps"])}
        return {"id": answer["id"], "ok": told}
    return answer
