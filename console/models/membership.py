"""Who may see or change which cluster.

*Not here*: the decision (console/permissions.py).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models


class Role(models.IntegerChoices):
    """What a member may do; each role includes those before it."""

    VIEWER = 10, "viewer"  # reads everything
    OPERATOR = 20, "operator"  # produces, creates and changes; what can be undone or repeated
    ADMIN = 30, "admin"  # deletes, and manages the connection and its members


class Membership(models.Model):
    """A person's role on a cluster."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    cluster = models.ForeignKey("console.Cluster", on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.VIEWER)

    class Meta:
        """One role for each person and cluster."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "cluster"], name="one_role_per_cluster")]
