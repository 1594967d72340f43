"""What daphne serves: pages by Django, WebSockets by Channels.

*Invariants*: a WebSocket passes the origin check before anything reads its session, and ends with it.
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.project.settings")
pages = get_asgi_application()  # sets Django up, so it stands before what imports models

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter  # noqa: E402

from console.live.origin import SameOriginOnly  # noqa: E402
from console.live.routing import sockets  # noqa: E402
from console.live.session_watch import EndsWithSession  # noqa: E402

application = ProtocolTypeRouter(
    {"http": pages, "websocket": SameOriginOnly(AuthMiddlewareStack(EndsWithSession(sockets)))}
)
