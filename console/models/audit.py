"""What was done to clusters and to the console, by whom, from where, and what came of it.

*Invariants*: an entry is written with the result INTENDED before anything is done, and gets its result once, after;
one that stays INTENDED tells of a crash in between. Entries are never deleted by the console, and outlive the people
and connections they name (names are copied). Contents of records are never in one: counts and sizes only.
*Not here*: how a write is wrapped (services/audit.py).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Result(models.TextChoices):
    """What came of an intent."""

    INTENDED = "intended", "intended, no result"
    DONE = "done", "done"
    PARTLY = "partly", "partly done"
    REFUSED = "refused", "refused"
    UNKNOWN = "unknown", "perhaps done"
    FAILED = "failed", "failed"


class AuditEntry(models.Model):
    """One write."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    finished_at = models.DateTimeField(null=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    user_name = models.CharField(max_length=150)
    via = models.CharField(max_length=200, help_text="browser, a token by its name, or a command")
    address = models.CharField(max_length=100, blank=True, help_text="of the client, as far as it is known")
    cluster = models.ForeignKey("console.Cluster", null=True, on_delete=models.SET_NULL, related_name="+")
    cluster_name = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=60, db_index=True, help_text="thing.verb, as in topic.create")
    target = models.CharField(max_length=300, blank=True, help_text="what it was done to")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    result = models.CharField(max_length=10, choices=Result.choices, default=Result.INTENDED)
    reason = models.TextField(blank=True, help_text="why it was refused, or how much of it was done")

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["cluster", "-id"]), models.Index(fields=["user", "-id"])]

    def __str__(self) -> str:
        return f"{self.user_name} {self.action} {self.target}: {self.result}"
