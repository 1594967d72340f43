"""`manage.py up`: the product with one command (console/management/up.py)."""

from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import BaseCommand

from console.management import up


class Command(BaseCommand):
    """Its place in `manage.py help`; manage.py itself runs it without loading Django."""

    help = "Set up and run Odradek on this machine: Redis, broker, worker, web."
    requires_system_checks: ClassVar[list[str]] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        up.add_arguments(parser)

    def run_from_argv(self, argv: list[str]) -> None:
        raise SystemExit(up.main(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        up.run(self.create_parser("manage.py", "up").parse_args([]))
