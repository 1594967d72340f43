"""Invite links: one person comes in by one, chooses a name and a password, and has the roles that it gives.

*Invariants*: used at most once; its secret is random (256 bits) and kept as a SHA-256 alone; it is for a learner or
gives roles on clusters, never both.
*Not here*: making and accepting one (services/invites.py).
"""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models

from console.models.membership import Role

INVITE_DAYS_MAX = 30


class Invite(models.Model):
    """One link."""

    digest = models.CharField(max_length=64, unique=True)
    note = models.CharField(max_length=100, help_text="whom it is for")
    is_learner = models.BooleanField(default=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.note

    def is_open(self, now: datetime) -> bool:
        """Whether somebody can still come in by it."""
        return self.used_at is None and self.revoked_at is None and now < self.expires_at


class InvitedRole(models.Model):
    """A role that whoever accepts will have."""

    invite = models.ForeignKey(Invite, on_delete=models.CASCADE, related_name="roles")
    cluster = models.ForeignKey("console.Cluster", on_delete=models.CASCADE, related_name="+")
    role = models.PositiveSmallIntegerField(choices=Role.choices)
