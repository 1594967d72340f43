"""Sessions of browsers, each with whose it is, from where, and when it was last used.

This is Django's session engine with more columns (SESSION_ENGINE): one row is one session, so deleting the row is
signing it out, for pages and for sockets alike.

*Invariants*: the key is a secret of its browser and never leaves this table; `name` stands for it on pages.
*Not here*: who may end which (services/sessions.py).
"""

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

ADDRESS, AGENT, SIGNED_IN_AT = "address", "agent", "signed_in_at"  # in the session's data, set when it begins


class ConsoleSession(AbstractBaseSession):
    """One browser that is, or was, signed in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    address = models.CharField(max_length=100, blank=True)
    agent = models.CharField(max_length=300, blank=True, help_text="what the browser calls itself")
    signed_in_at = models.DateTimeField()
    last_used_at = models.DateTimeField(help_text="to the minute")

    class Meta:
        """Django's base class is abstract; this one is a table."""

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        """What Django asks for."""
        return SessionStore

    @property
    def name(self) -> str:
        """What it is called on pages and in forms: not the key."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:24]


class SessionStore(DatabaseStore):
    """Saves a session with its columns."""

    @classmethod
    def get_model_class(cls) -> type[ConsoleSession]:
        """What Django asks for."""
        return ConsoleSession

    def create_model_instance(self, data: dict[str, Any]) -> ConsoleSession:
        """A row of what the session holds now; saving it is using it."""
        row: ConsoleSession = super().create_model_instance(data)
        row.user_id = data.get("_auth_user_id")
        row.address, row.agent = data.get(ADDRESS, ""), data.get(AGENT, "")
        row.last_used_at = timezone.now()
        began = data.get(SIGNED_IN_AT)
        row.signed_in_at = datetime.fromisoformat(began) if began else row.last_used_at
        return row
