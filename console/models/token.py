"""API tokens: what a program shows instead of a session.

*Invariants*: the value is random (256 bits), shown once and kept as its SHA-256 alone. A slow hash protects secrets
that can be guessed; nobody guesses 256 random bits, and a slow hash would cost every request.
*Not here*: what one may do (permissions.py), making and checking one (services/tokens.py).
"""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from console.models.membership import Role

SCOPES = {"read": Role.VIEWER, "write": Role.OPERATOR, "admin": Role.ADMIN}
TOKEN_DAYS_MAX = 3650


class ApiToken(models.Model):
    """One token: of a person, for a role, on all clusters of that person or on some."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=12, help_text="the first characters, to tell tokens apart")
    role = models.PositiveSmallIntegerField(choices=Role.choices, help_text="the most that it may do")
    every_cluster = models.BooleanField(help_text="whichever its owner may see, also later")
    clusters = models.ManyToManyField("console.Cluster", blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first; a name stands for one living token of a person."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"], condition=models.Q(revoked_at=None), name="one_living_token_of_a_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_alive(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
