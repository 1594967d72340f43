"""WebSockets are opened by our own pages only.

A browser sends cookies with a WebSocket from any site, and nothing but the Origin header tells the sites apart.

*Invariants*: no Origin, or one that is not the host that was asked, is refused before the session is read.
"""

from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier


class Denier(WebsocketDenier):
    """Refuses a socket, at once: Redis, for whose answer it would wait, hears nothing of it."""

    channel_layer_alias = "none"


class SameOriginOnly:
    """ASGI middleware: refuse sockets of other sites."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Pass on, or refuse."""
        inner = self.inner if _same_origin(scope) else Denier()
        return await inner(scope, receive, send)


def _same_origin(scope: dict[str, Any]) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == host.lower()
