"""`manage.py test`: the whole suite (console/management/testing.py)."""

from typing import Any, ClassVar

from django.core.management.base import BaseCommand

from console.management import testing


class Command(BaseCommand):
    """Its place in `manage.py help`; manage.py itself runs it without loading Django."""

    help = "Provide what the tests need, then run them: test [--no-system-packages] [pytest's arguments]."
    requires_system_checks: ClassVar[list[str]] = []

    def run_from_argv(self, argv: list[str]) -> None:
        raise SystemExit(testing.main(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        raise SystemExit(testing.main(list(args)))
