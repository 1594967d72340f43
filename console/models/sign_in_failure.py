"""Failed sign-ins that still count against a name or an address.

In the database, not in a process's memory: the count holds across processes and restarts.

*Not here*: how many are too many (services/sign_ins.py).
"""

from django.db import models


class SignInFailure(models.Model):
    """A count; after `until` it is as if there were none."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)
    entry_id = models.BigIntegerField(null=True, help_text="the audit entry that tells of them")
