"""A socket ends with the session that opened it, whatever its consumer waits for.

A consumer may look at its session itself and say good-bye in words; this holds for those that do not, and for
browsers that let a consumer wait for ever.

*Invariants*: CHECK_EVERY_S after a session ended (signed out, deactivated, another password) its sockets are closed.
*Not here*: whether a session may open a socket (the consumers ask permissions.py).
"""

import asyncio
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async

CHECK_EVERY_S = 45  # a session that ended has no socket after a minute
SIGNED_OUT = 4401  # close code of our own


class EndsWithSession:
    """ASGI middleware around all sockets, inside of what finds the session."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Serve the socket, and look at its session now and then."""
        ended = asyncio.Event()

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
                await send(message)

        watching = asyncio.create_task(_watch(scope, send, ended))
        try:
            return await self.inner(scope, receive_until_ended, send_until_ended)
        finally:
            watching.cancel()


async def _watch(scope: dict[str, Any], send: Any, ended: asyncio.Event) -> None:
    """Until the session is not there any more, or not this person's."""
    user_id = getattr(scope.get("user"), "pk", None)
    while user_id is not None:
        await asyncio.sleep(CHECK_EVERY_S)
        user = await get_user({"session": await database_sync_to_async(_anew)(scope["session"])})
        if user.pk != user_id:
            ended.set()
            await send({"type": "websocket.close", "code": SIGNED_OUT})
            return


def _anew(session: Any) -> Any:
    session = getattr(session, "_wrapped", session)
    store = type(session)(session.session_key)
    store.load()
    return store
