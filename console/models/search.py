"""Searches over a topic: what was asked, how far each partition is read, where what matches lies.

*Invariants*: addresses only, never contents of records; a partition's progress and what was found in it are written
together, by whoever holds it, so that a search that was interrupted goes on without loss and without doubles.
*Not here*: reading (console/search), who reads (tasks.py), when they are forgotten (services/searches.py).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models

from console.models.cluster import random_id


class SearchState(models.TextChoices):
    """What has become of a search."""

    RUNNING = "running", "running"
    DONE = "done", "done"
    PARTLY = "partly", "partly done"  # some of it could not be read
    CANCELLED = "cancelled", "cancelled"
    FAILED = "failed", "failed"


class Search(models.Model):
    """One search, by whom it was asked for."""

    id = models.UUIDField(primary_key=True, default=random_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="searches")
    cluster = models.ForeignKey("console.Cluster", on_delete=models.CASCADE, related_name="searches")
    topic = models.CharField(max_length=249)
    query = models.CharField(max_length=2000)
    state = models.CharField(max_length=10, choices=SearchState.choices, default=SearchState.RUNNING)
    reason = models.TextField(blank=True, help_text="why it ended before its end")
    partitions = models.PositiveIntegerField(help_text="of the topic, also those that are not asked for")
    interruptions = models.PositiveSmallIntegerField(default=0, help_text="how often its worker ended under it")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, help_text="when a worker first took it")
    seen_at = models.DateTimeField(auto_now_add=True, help_text="when a worker last said something of it")
    asked_at = models.DateTimeField(auto_now_add=True, help_text="when the worker was last asked to read it")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["state"]), models.Index(fields=["user", "state"])]

    def __str__(self) -> str:
        return f"{self.query} in {self.topic}: {self.state}"


class SearchPart(models.Model):
    """One partition of a search: offsets `start` <= x < `end`, read up to `position`."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "not yet read"
        READING = "reading", "being read"
        DONE = "done", "read"
        FAILED = "failed", "cannot be read"

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="parts")
    partition = models.IntegerField()
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    position = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    reason = models.TextField(blank=True)
    holder = models.CharField(max_length=40, blank=True, help_text="who reads it")
    held_until = models.DateTimeField(null=True, help_text="when its holder is taken to be gone")
    records = models.BigIntegerField(default=0)
    bytes_read = models.BigIntegerField(default=0)
    found = models.BigIntegerField(default=0)
    damaged = models.BigIntegerField(default=0)
    not_compared = models.BigIntegerField(default=0)
    gone = models.BigIntegerField(default=0)
    trouble = models.TextField(blank=True, help_text="the first reason for what is damaged or not compared")

    class Meta:
        """By partition, each once."""

        ordering: ClassVar = ["partition"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["search", "partition"], name="one_part_per_partition")]

    def __str__(self) -> str:
        return f"partition {self.partition}: {self.position - self.start} of {self.end - self.start}"

    @property
    def read(self) -> int:
        """Offsets that were passed."""
        return self.position - self.start

    @property
    def total(self) -> int:
        """Offsets that are to be passed."""
        return self.end - self.start

    @property
    def percent(self) -> int:
        """How far, rounded down: 100 only when it is all."""
        return self.read * 100 // self.total if self.total else 100


class SearchHit(models.Model):
    """The address of a record that matches, in the order of finding."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="hits")
    partition = models.IntegerField()
    offset = models.BigIntegerField()
    timestamp_ms = models.BigIntegerField()

    class Meta:
        """In the order of finding."""

        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["search", "partition", "offset"], name="one_hit_per_record")
        ]

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"
