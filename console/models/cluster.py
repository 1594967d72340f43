"""Connections to Kafka clusters.

*Invariants*: the id is random and is what addresses carry; Kafka's own cluster id is an attribute that two
connections may share. At most one connection is to the embedded cluster.
*Not here*: what is in a cluster (console.kafka asks it), who may see it (membership.py).
"""

import secrets
import uuid
from typing import ClassVar

from django.db import models


def random_id() -> uuid.UUID:
    """Return 128 random bits: an address that cannot be guessed."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


class Colour(models.TextChoices):
    """The stripe beside a cluster's name; never a health hue."""

    LOCAL = "local", "grey"
    PRODUCTION = "production", "violet"
    STAGING = "staging", "blue"


class Cluster(models.Model):
    """One connection: a name, where to reach it, how it is marked."""

    id = models.UUIDField(primary_key=True, default=random_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    bootstrap = models.CharField(max_length=1000, help_text="host:port, comma separated")
    # Set for sandboxes alone, by the service that makes them: no form has it.
    unix_path = models.CharField(max_length=120, blank=True, default="", editable=False)
    embedded = models.BooleanField(default=False, help_text="the cluster that `manage.py up` runs")
    colour = models.CharField(max_length=20, choices=Colour.choices, default=Colour.LOCAL)
    read_only = models.BooleanField(default=False, help_text="nothing in the cluster is changed from here")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Listed by name; one embedded cluster at most."""

        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["embedded"], condition=models.Q(embedded=True), name="one_embedded_cluster")
        ]

    def __str__(self) -> str:
        return self.name
