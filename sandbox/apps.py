"""Sandboxes as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class SandboxConfig(AppConfig):
    """Registers the app: its models and management commands, and that guests keep what they made."""

    name = "sandbox"

    def ready(self) -> None:
        """Hear of people who sign in."""
        user_logged_in.connect(keep_what_a_guest_made, dispatch_uid="sandbox")


def keep_what_a_guest_made(sender: Any, request: Any, user: Any, **more: Any) -> None:
    """A guest who signs in keeps the sandboxes of the session."""
    from console import guests
    from sandbox.services import sandboxes

    session = getattr(request, "session", None)
    guest = guests.guest_of(session) if session is not None else ""
    if guest:
        sandboxes.keep_for(user, guest)
        del session[guests.KEY]
