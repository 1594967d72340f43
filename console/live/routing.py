"""Addresses of WebSockets: a page's own address and `socket`."""

from importlib import import_module

from channels.routing import URLRouter
from django.conf import settings
from django.urls import re_path

from console.live.origin import Denier
from console.live.topic_tail import TopicTail

CLUSTER = r"^clusters/(?P<cluster_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/"
TOPIC = CLUSTER + r"topics/(?P<name>[a-zA-Z0-9._-]{1,249})/"

sockets = URLRouter(
    [
        re_path(TOPIC + r"live/socket$", TopicTail.as_asgi()),
        *(route for module in settings.SOCKET_ROUTES for route in import_module(module).routes),
        re_path(r"", Denier.as_asgi()),  # an address that is not there is refused, not an error in the log
    ]
)
