"""Addresses of the sockets of sandboxes: a page's own address and `socket`."""

from django.urls import re_path

from sandbox.feed.socket import SandboxFeed

SANDBOX = r"^sandboxes/(?P<sandbox_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/"

routes = [re_path(SANDBOX + r"socket$", SandboxFeed.as_asgi())]
