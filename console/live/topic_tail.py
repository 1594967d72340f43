"""The live tail of one topic over a WebSocket.

The browser sends {"ack": n} for frames it has drawn and {"pause": true|false}; it gets frames (rows.py) or
{"ended": why}. While paused, frames hold counters only; while the window is full nothing is sent, and the next frame
counts what was not shown.

*Invariants*: the same door as every page (cluster_for); the session is looked at again every SESSION_CHECK_S; one
person has at most SOCKETS_MAX sockets; a message longer than MESSAGE_MAX ends the socket.
*Not here*: origin (origin.py), fetching and its sharing by viewers (console/kafka/stream.py), the window's rule.
"""

import asyncio
import json
import logging
import time
import uuid
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import PermissionDenied
from django.http import Http404

from console.kafka import stream
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.live import rows
from console.live.window import Window
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.services.clusters import connection_spec
from console.services.readings import Reading, reading_of

logger = logging.getLogger("django.channels")  # where the other faults of pages go

SOCKETS_MAX = 12  # of one person in this process
MESSAGE_MAX = 200  # characters of a message from a browser
ROWS_MAX = 50  # of one frame
FRAME_EVERY_S = 0.05
FRAME_WAIT_S = 10
SESSION_CHECK_S = 20
RETRY_S = 2

TOO_MANY, BAD_MESSAGE, SIGNED_OUT, ENDED, FAULT = 4429, 4400, 4401, 4410, 4500  # close codes of our own

_open: dict[int, int] = {}  # sockets by user


class TopicTail(AsyncWebsocketConsumer):
    """One browser's view of one topic."""

    # No channel layer: a tail needs none, and with one it would die whenever Redis does.
    channel_layer_alias = "none"

    async def connect(self) -> None:
        """Let in whoever may see the cluster; then start sending."""
        self.sending: asyncio.Task[None] | None = None
        self.counted = False
        self.window = Window()
        self.may_send = asyncio.Event()
        self.paused = False
        self.pressed = False  # the question under way was asked before the last press
        self.asking: asyncio.Future[stream.TailFrame] | None = None
        cluster = await self._cluster()
        if cluster is None:
            await self.close()
            return
        self.user_id = self.scope["user"].pk
        await self.accept()
        if _open.get(self.user_id, 0) >= SOCKETS_MAX:
            await self._end(f"You have {SOCKETS_MAX} live tails open. Close one, then reload.", TOO_MANY)
            return
        _open[self.user_id] = _open.get(self.user_id, 0) + 1
        self.counted = True
        self._fit()
        self.sending = asyncio.create_task(self._send_until_the_end(cluster))

    async def disconnect(self, code: int) -> None:
        """Stop sending and forget the socket."""
        self._leave()

    def _leave(self) -> None:
        if self.counted:
            self.counted = False
            _open[self.user_id] -= 1
            if not _open[self.user_id]:
                del _open[self.user_id]
        if self.sending and self.sending is not asyncio.current_task():
            self.sending.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take an acknowledgement or a pause; anything else ends the socket."""
        try:
            if text_data is None or len(text_data) > MESSAGE_MAX:
                raise ValueError("too long, or not text")
            message = json.loads(text_data)
            match message:
                case {"ack": int() as number} if self.window.acknowledge(number):
                    pass
                case {"pause": bool() as paused}:
                    self._pause(paused)
                case _:
                    raise ValueError("unknown message")
        except (ValueError, RecursionError):
            await self._end("This page sent something unexpected. Reload it.", BAD_MESSAGE)
            return
        self._fit()

    def _pause(self, paused: bool) -> None:
        was_paused, self.paused = self.paused, paused
        # A question for counters alone may be dropped; one for rows may not, they would be lost.
        if was_paused and not paused and self.asking and not self.asking.done():
            self.pressed = True
            self.asking.cancel()

    def _fit(self) -> None:
        if self.window.is_open:
            self.may_send.set()
        else:
            self.may_send.clear()

    async def _cluster(self) -> Cluster | None:
        cluster_id = uuid.UUID(self.scope["url_route"]["kwargs"]["cluster_id"])
        try:
            return await database_sync_to_async(cluster_for)(self.scope["user"], cluster_id, needs=VIEW)
        except (Http404, PermissionDenied):
            return None

    async def _send_until_the_end(self, cluster: Cluster) -> None:
        try:
            while True:
                try:
                    await self._watch(cluster)
                except ClusterUnreachable as error:
                    await self._send_frame(stream.TailFrame([], 0, 0, 0, "reconnecting", error.reason))
                    await asyncio.sleep(RETRY_S)
        except KafkaError as error:
            await self._end(error.reason, ENDED)
        except _SignedOut:
            await self._end("You are signed out.", SIGNED_OUT)
        except Exception:  # nobody awaits this task: a fault of ours must be logged and said
            logger.exception("the live tail of %s failed", self.scope["path"])
            await self._end("This page has a fault of ours; it is in the log. Reload to try again.", FAULT)

    async def _watch(self, cluster: Cluster) -> None:
        name = self.scope["url_route"]["kwargs"]["name"]
        checked_at = time.monotonic()
        withheld = 0  # rows that came for a browser which had just paused: not shown after all
        async with stream.watch(connection_spec(cluster), name, partition=self._partition()) as viewer:
            await self._send_frame(stream.TailFrame([], 0, 0, 0, "live", None))  # says: from here on
            while True:
                await self.may_send.wait()
                tail = await self._next_frame(viewer)
                if tail is None:
                    continue
                if self.paused:
                    withheld += len(tail.records)
                    tail = replace(tail, records=[])
                await self._send_frame(replace(tail, shown=tail.shown - withheld, dropped=tail.dropped + withheld))
                if time.monotonic() - checked_at > SESSION_CHECK_S:
                    checked_at = time.monotonic()
                    await self._check_session()
                await asyncio.sleep(FRAME_EVERY_S)

    async def _next_frame(self, viewer: stream.Viewer) -> stream.TailFrame | None:
        """The next frame; None when somebody pressed "go on" while only counters were asked for."""
        records_max = 0 if self.paused else ROWS_MAX
        self.asking = asyncio.ensure_future(viewer.next_frame(records_max=records_max, wait_s=FRAME_WAIT_S))
        try:
            return await self.asking
        except asyncio.CancelledError:
            if self.pressed:
                self.pressed = False
                return None
            raise

    async def _send_frame(self, tail: stream.TailFrame) -> None:
        await self.may_send.wait()
        address = self.scope["path"].removesuffix("live/socket")
        number = self.window.next_number()
        await self.send(json.dumps(rows.frame(number, tail, address=address, reading=self._reading())))
        self._fit()

    async def _check_session(self) -> None:
        # The user in scope is from when the socket was opened; the session may have ended since.
        user = await get_user({"session": await database_sync_to_async(_fresh)(self.scope["session"])})
        if user.pk != self.user_id:
            raise _SignedOut
        self.scope["user"] = user
        if await self._cluster() is None:
            raise _SignedOut

    async def _end(self, why: str, code: int) -> None:
        self._leave()
        await self.send(json.dumps({"ended": why}))
        await self.close(code)

    def _reading(self) -> Reading:
        asked = parse_qs(self.scope["query_string"].decode("latin-1"))
        return reading_of({name: values[0] for name, values in asked.items()})

    def _partition(self) -> int | None:
        asked: list[str] = parse_qs(self.scope["query_string"].decode("latin-1")).get("partition", [])
        return int(asked[0]) if asked and asked[0].isascii() and asked[0].isdigit() and len(asked[0]) < 10 else None


class _SignedOut(Exception):
    """The session ended, or the role on the cluster did."""


def _fresh(session: Any) -> Any:
    """The same session, read anew."""
    store = type(session)(session.session_key) if not hasattr(session, "_wrapped") else None
    if store is None:
        store = type(session._wrapped)(session.session_key)
    store.load()
    return store
