"""`manage.py prepare`: the console's side of the set-up; `up` runs it at each start.

Prints, last, one line of JSON: {"password": the first administrator's, or null when there was one already}.
"""

import json
from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management import call_command
from django.core.management.base import BaseCommand

from console.services.accounts import ensure_admin
from console.services.clusters import ensure_embedded

CLUSTER_NAME = "Local cluster"


class Command(BaseCommand):
    """Database, static files, first administrator, the embedded cluster's entry; each only where it is missing."""

    help = "Prepare the data directory: database, static files, first administrator, embedded cluster."
    requires_system_checks: ClassVar[list[str]] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bootstrap", default="localhost:9092", help="address of the embedded cluster")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        ensure_embedded(CLUSTER_NAME, options["bootstrap"])
        self.stdout.write(json.dumps({"password": ensure_admin()}))
