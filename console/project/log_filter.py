"""Which lines of Django's go into the log: what an operator has to act on.

Django warns of each answer from 400 on, and of each suspicious request. But that a form was refused, an address is
nobody's, a page does not answer for a cluster that is gone: whoever asked is told so, and nobody else can mend it.

*Not here*: where lines go (settings.py), what happens to clusters (services/outages.py).
"""

import logging

TOLD_ON_THE_PAGE = ("django.security.csrf", "django.security.RequestDataTooBig", "django.security.TooManyFieldsSent")


class ForOperators(logging.Filter):
    """Lets faults of ours pass, and what is wrong with the installation (as a host name that it does not know)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        if record.name in TOLD_ON_THE_PAGE:
            return False
        status = getattr(record, "status_code", 500)  # faults that are no answers have none
        return status == 500 or record.name != "django.request"
