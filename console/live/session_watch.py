"""A socket ends with the session that opened it, whatever its consumer waits for.

A consumer may look at its session itself and say good-bye in words; this holds for those that do not, and for
browsers that let a consumer wait for ever.

*Invariants*: a minute after a session ended (signed out, deactivated, another password) its sockets are closed; and so
are those whose session nobody could look at for a minute, for then nobody knows.
*Not here*: whether a session may open a socket (the consumers ask permissions.py).
"""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

from autobahn.exception import Disconnected
from channels.auth import get_user
from channels.db import database_sync_to_async
from django.db import Error as DatabaseError

from console.guests import visitor

logger = logging.getLogger("django.channels")  # where the faults of sockets go

CHECK_EVERY_S = 45.0  # a session that ended has no socket after a minute
AGAIN_S = 5.0  # after the database failed
UNSURE_S = 60  # for so long it may fail
SIGNED_OUT, FAULT = 4401, 4500  # close codes of our own


class EndsWithSession:
    """ASGI middleware around all sockets, inside of what finds the session."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Serve the socket, and look at its session now and then."""
        ended = asyncio.Event()
        whose = (await database_sync_to_async(visitor)(scope["user"], scope["session"])).pk

        async def receive_until_ended() -> dict[str, Any]:
            coming = asyncio.ensure_future(receive())
            over = asyncio.ensure_future(ended.wait())
            try:
                await asyncio.wait({coming, over}, return_when=asyncio.FIRST_COMPLETED)
                return {"type": "websocket.disconnect", "code": SIGNED_OUT} if ended.is_set() else coming.result()
            finally:
                coming.cancel()
                over.cancel()

        async def send_until_ended(message: dict[str, Any]) -> None:
            if not ended.is_set():
                with suppress(Disconnected):  # the page is gone; `receive` tells the consumer so
                    await send(message)

        async def watch() -> None:
            code = FAULT
            try:
                code = await _why_over(scope["session"], whose)
            except Exception:  # nobody awaits this: a fault of ours is logged, and nobody watches from then on
                logger.exception("the session of %s cannot be watched", scope["path"])
            ended.set()
            await send({"type": "websocket.close", "code": code})

        watching = asyncio.create_task(watch()) if whose is not None else None
        try:
            return await self.inner(scope, receive_until_ended, send_until_ended)
        finally:
            if watching is not None:
                watching.cancel()


async def _why_over(session: Any, whose: int | str) -> int:
    """Wait until the session is not there any more, or not this visitor's, or nobody can tell; give the close code."""
    sure_s, wait_s = time.monotonic(), CHECK_EVERY_S
    while True:
        await asyncio.sleep(wait_s)
        try:
            if (await user_now(session)).pk != whose:
                return SIGNED_OUT
        except DatabaseError as error:
            if time.monotonic() - sure_s + AGAIN_S > UNSURE_S:
                logger.error("a live page is closed: its session could not be looked at for a minute: %s", error)
                return FAULT
            wait_s = AGAIN_S
        else:
            sure_s, wait_s = time.monotonic(), CHECK_EVERY_S


async def user_now(session: Any) -> Any:
    """Whose session this is at this moment, a guest's too; who is in a socket's scope is from when it was opened."""
    store = await database_sync_to_async(_anew)(session)
    return await database_sync_to_async(visitor)(await get_user({"session": store}), store)


def _anew(session: Any) -> Any:
    session = getattr(session, "_wrapped", session)
    store = type(session)(session.session_key)
    store.load()
    return store
