"""People who sign in."""

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser
from django.db import models

if TYPE_CHECKING:
    from console.models.token import ApiToken


KINDS = {
    "person": "person: has roles on clusters",
    "administrator": "administrator: may do everything everywhere",
    "learner": "learner: has sandboxes only",
}


class User(AbstractUser):
    """A person. A superuser ("administrator") sees every cluster; others see those they are a member of.

    *Invariant*: a learner has sandboxes of their own and is a member of no cluster.
    """

    is_learner = models.BooleanField(default=False, help_text="has sandboxes only; never a role on a cluster")

    # The token by which this request came, if it did: permissions.py grants no more than both of them may.
    token: "ApiToken | None" = None
