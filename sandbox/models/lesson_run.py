"""A lesson somebody is in: how far, in which sandbox, what they answered.

*Invariants*: a sandbox has one run of a lesson at most; what is done is known by the checks alone, and kept when the
sandbox is over.
*Not here*: the lesson itself (lessons/), what the steps ask (checks/).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models

from sandbox.models.sandbox import Sandbox


class LessonRun(models.Model):
    """One learner in one lesson."""

    sandbox = models.ForeignKey(Sandbox, on_delete=models.SET_NULL, null=True, related_name="lesson_runs")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="lesson_runs"
    )
    slug = models.CharField(max_length=60)
    version = models.PositiveIntegerField(help_text="of the lesson, when it was begun")
    salt = models.CharField(max_length=8)
    step = models.PositiveSmallIntegerField(default=0, help_text="the one that is open, counted from 0")
    opened_at = models.BigIntegerField(default=0, help_text="after so many events of the sandbox")
    answers = models.JSONField(default=list, help_text="of the open step: ask, value, event")
    reached_at = models.BigIntegerField(null=True, blank=True, help_text="the event in which the open step was done")
    done = models.JSONField(default=list, help_text="steps before: step, event in which it opened, event when done")
    current = models.BooleanField(default=True, help_text="the lesson that stands beside the picture")
    begun_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One of each in a sandbox."""

        ordering: ClassVar = ["-used_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sandbox", "slug"], name="one_run_of_a_lesson_in_a_sandbox"),
        ]

    def __str__(self) -> str:
        return f"{self.slug}, step {self.step + 1}"
