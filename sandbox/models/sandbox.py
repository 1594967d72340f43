"""A sandbox: whose it is, how it begins, where it stands, who hosts it.

*Invariants*: the id is random and is what addresses carry; what is in the world is in its files, never here; at most
one runner holds a lease that is not over.
*Not here*: which state follows which (lifecycle.py), who may see one (permissions of the pages).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models

from console.models import Cluster
from console.models.cluster import random_id
from sandbox.lifecycle import State


class Sandbox(models.Model):
    """One branch of one learner's world."""

    id = models.UUIDField(primary_key=True, default=random_id, editable=False)
    name = models.CharField(max_length=100)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="sandboxes"
    )
    cluster = models.OneToOneField(
        Cluster, on_delete=models.CASCADE, related_name="sandbox", help_text="the console's connection to it"
    )
    guest = models.CharField(max_length=64, blank=True, default="", help_text="the key of a guest's session")
    parent = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="forks")
    forked_at = models.BigIntegerField(null=True, blank=True, help_text="after so many events of the parent")
    seed = models.BigIntegerField()
    shape = models.JSONField(default=dict)
    limits = models.CharField(max_length=20, help_text="a row of limits.TABLE")
    state = models.CharField(max_length=20, choices=[(state.value, state.value) for state in State])
    runner = models.CharField(max_length=64, blank=True, default="", help_text="who hosts it")
    leased_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Found by owner, by guest, by what is due."""

        ordering: ClassVar = ["-used_at"]
        indexes: ClassVar = [
            models.Index(fields=["guest"], name="sandbox_guest"),
            models.Index(fields=["state", "expires_at"], name="sandbox_due"),
        ]

    def __str__(self) -> str:
        return self.name
