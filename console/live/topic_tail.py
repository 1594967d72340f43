"""The live tail of one topic over a WebSocket.

The browser sends what tail_messages.py names; it gets frames (rows.py), {"viewed": query} when another view of the
topic begins, {"refused": {...}} when it does not, or {"ended": why}. While paused, frames hold counters only; while
the window is full nothing is sent, and the next frame counts what was not shown. Who says `resume=1` in the address
says next up to where it had counted, and goes on from there.

*Invariants*: the same door as every page (cluster_for); the session is looked at again every SESSION_CHECK_S; one
person has at most SOCKETS_MAX sockets; a message that our page would not send ends the socket; a view that is refused
leaves the one before as it is.
*Not here*: origin (origin.py), fetching and its sharing by viewers (console/kafka/stream.py), the window's rule.
"""

import asyncio
import json
import logging
import time
import uuid
from dataclasses import replace
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import Error as DatabaseError
from django.http import Http404, QueryDict

from console.forms.tail import TailForm
from console.guests import Guest, visitor
from console.kafka import stream
from console.kafka.errors import ClusterUnreachable, KafkaError
from console.live import rows, tail_messages
from console.live.session_watch import user_now
from console.live.tail_messages import Acknowledged, Paused, Resumed, Viewed
from console.live.window import Window
from console.models import Cluster
from console.permissions import VIEW, cluster_for
from console.search import tail_filter
from console.services.clusters import connection_spec
from console.services.readings import reading_of

logger = logging.getLogger("django.channels")  # where the other faults of pages go

SOCKETS_MAX = 12  # of one person in this process
GUESTS_SOCKETS_MAX = 24  # of all guests: the other tails that may be open (kafka/tail_join.py) are for people signed in
ROWS_MAX = 50  # of one frame
FRAME_EVERY_S = 0.05
FRAME_WAIT_S = 10
SESSION_CHECK_S = 20
RETRY_S = 2
RESUME_WAIT_S = 5  # for the message that says from where
VIEW_PAUSE_S = 0.1  # between one view and the next

TOO_MANY, BAD_MESSAGE, SIGNED_OUT, ENDED, FAULT = 4429, 4400, 4401, 4410, 4500  # close codes of our own

_open: dict[int | str, int] = {}  # sockets by person, or by guest: that is a text


class TopicTail(AsyncWebsocketConsumer):
    """One browser's view of one topic."""

    # No channel layer: a tail needs none, and with one it would die whenever Redis does.
    channel_layer_alias = "none"
    sending: asyncio.Task[None] | None = None
    counted = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket; however that ends, nothing is sent any more and its place is free."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()

    async def connect(self) -> None:
        """Let in whoever may see the cluster; then start sending."""
        self.window = Window()
        self.may_send = asyncio.Event()
        self.paused = False
        self.pressed = False  # the question under way was asked before the last press
        self.asking: asyncio.Future[stream.TailFrame] | None = None
        query = QueryDict(self.scope["query_string"])
        self.view = TailForm.of(query, tail_filter)
        self.proven = self.view  # the last view that the cluster let in
        self.resume: asyncio.Future[Resumed] | None = None
        if query.get("resume") == "1":
            self.resume = asyncio.get_running_loop().create_future()
        self.topic_id, self.positions = "", dict[int, int]()  # up to where it is counted
        self.visitor = await database_sync_to_async(visitor)(self.scope["user"], self.scope["session"])
        cluster = await self._cluster()
        if cluster is None:
            await self.close()
            return
        self.user_id = self.visitor.pk
        await self.accept()
        if _open.get(self.user_id, 0) >= SOCKETS_MAX:
            await self._end(f"You have {SOCKETS_MAX} live tails open. Close one, then reload.", TOO_MANY)
            return
        if isinstance(self.visitor, Guest) and _of_guests() >= GUESTS_SOCKETS_MAX:
            await self._end("Guests have as many live tails open as there may be. Sign in, or reload later.", TOO_MANY)
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
            self.pressed = False  # a press of just before must not swallow this
            self.sending.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Take what our page says; anything else ends the socket."""
        try:
            match tail_messages.parse(text_data):
                case Acknowledged(number) if self.window.acknowledge(number):
                    pass
                case Paused(paused):
                    self._pause(paused)
                case Viewed(query):
                    await self._look_at(TailForm.of(QueryDict(query), tail_filter))
                case Resumed() as resumed if self.resume is not None and not self.resume.done():
                    self.resume.set_result(resumed)
                case _:
                    raise ValueError("not now")
        except (ValueError, SuspiciousOperation):
            await self._end("This page sent something unexpected. Reload it.", BAD_MESSAGE)
            return
        self._fit()

    def _pause(self, paused: bool) -> None:
        was_paused, self.paused = self.paused, paused
        # A question for counters alone may be dropped; one for rows may not, they would be lost.
        if was_paused and not paused:
            self._ask_anew()

    def _ask_anew(self) -> None:
        if self.asking and not self.asking.done():
            self.pressed = True
            self.asking.cancel()

    async def _look_at(self, view: TailForm) -> None:
        refusal = view.refusal
        if refusal is not None:
            await self._refuse(refusal.field, refusal.reason, refusal.position)
        else:
            self.view = view
            self._ask_anew()
        await asyncio.sleep(VIEW_PAUSE_S)  # messages of one browser wait for each other

    async def _refuse(self, field: str, reason: str, position: int | None = None) -> None:
        refused = {"field": field, "reason": reason, "position": position}
        await self.send(json.dumps({"refused": refused}))

    def _fit(self) -> None:
        if self.window.is_open:
            self.may_send.set()
        else:
            self.may_send.clear()

    async def _cluster(self) -> Cluster | None:
        cluster_id = uuid.UUID(self.scope["url_route"]["kwargs"]["cluster_id"])
        try:
            return await database_sync_to_async(cluster_for)(self.visitor, cluster_id, needs=VIEW)
        except (Http404, PermissionDenied):
            return None

    async def _send_until_the_end(self, cluster: Cluster) -> None:
        try:
            if self.resume is not None:
                came = await asyncio.wait_for(self.resume, RESUME_WAIT_S)
                self.topic_id, self.positions = came.topic_id, came.positions
            while True:
                try:
                    await self._watch(cluster, self.view)
                except ClusterUnreachable as error:
                    await self._send_frame(stream.TailFrame([], 0, 0, 0, "reconnecting", error.reason), begins=True)
                    await asyncio.sleep(RETRY_S)
                except KafkaError as error:
                    if self.view is self.proven:
                        raise
                    await self._refuse("partition" if self.view.asked["partitions"] else "filter", error.reason)
                    self.view = self.proven
        except TimeoutError:
            await self._end("This page did not say from where to go on. Reload it.", BAD_MESSAGE)
        except KafkaError as error:
            await self._end(error.reason, ENDED)
        except _SignedOut:
            await self._end("You are signed out.", SIGNED_OUT)
        except Exception:  # nobody awaits this task: a fault of ours must be logged and said
            logger.exception("the live tail of %s failed", self.scope["path"])
            await self._end("This page has a fault of ours; it is in the log. Reload to try again.", FAULT)

    async def _watch(self, cluster: Cluster, view: TailForm) -> None:
        """Send frames of one view until another one is wanted."""
        name = self.scope["url_route"]["kwargs"]["name"]
        checked_at = time.monotonic()
        withheld = 0  # rows that came for a browser which had just paused: not shown after all
        spec = await database_sync_to_async(connection_spec)(cluster)  # a sandbox is woken by it
        async with stream.watch(spec, name, self._wanted(view)) as viewer:
            if view is not self.proven:
                self.proven = view
                await self.send(json.dumps({"viewed": view.words}))
            await self._send_frame(await viewer.first_frame(), begins=True)  # says: from here on
            while view is self.view:
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

    def _wanted(self, view: TailForm) -> stream.Wanted:
        """A new view begins now; the one before goes on from where it was."""
        asked = view.asked
        partitions = None if asked["partitions"] is None else frozenset(asked["partitions"])
        goes_on = view is self.proven
        return stream.Wanted(
            partitions=partitions,
            matcher=asked["matcher"],
            rows_per_s=asked["rows_per_s"],
            resume=dict(self.positions) if goes_on else {},
            resume_id=self.topic_id if goes_on else "",
        )

    async def _next_frame(self, viewer: stream.Viewer) -> stream.TailFrame | None:
        """The next frame; None when somebody pressed "go on" while only counters were asked for."""
        records_max = 0 if self.paused else ROWS_MAX
        self.pressed = False
        self.asking = asyncio.ensure_future(viewer.next_frame(records_max=records_max, wait_s=FRAME_WAIT_S))
        try:
            return await self.asking
        except asyncio.CancelledError:
            if self.pressed:
                self.pressed = False
                return None
            raise

    async def _send_frame(self, tail: stream.TailFrame, *, begins: bool = False) -> None:
        await self.may_send.wait()
        if tail.topic_id != self.topic_id and tail.topic_id:
            self.topic_id, self.positions = tail.topic_id, {}
        self.positions.update(tail.positions)
        address = self.scope["path"].removesuffix("live/socket")
        number = self.window.next_number()
        shown = rows.frame(number, tail, address=address, reading=reading_of(self.view.data), begins=begins)
        await self.send(json.dumps(shown))
        self._fit()

    async def _check_session(self) -> None:
        try:
            self.visitor = await user_now(self.scope["session"])
            if self.visitor.pk != self.user_id:
                raise _SignedOut
            if await self._cluster() is None:
                raise _SignedOut
        except DatabaseError:
            return  # at the next look; session_watch closes the socket if that does not get better

    async def _end(self, why: str, code: int) -> None:
        self._leave()
        await self.send(json.dumps({"ended": why}))
        await self.close(code)


def _of_guests() -> int:
    return sum(count for who, count in _open.items() if isinstance(who, str))


class _SignedOut(Exception):
    """The session ended, or the role on the cluster did."""
