"""`python3 manage.py accept NAME`: long campaigns, run before something is called done; they print their figures.

Not here: what every submission runs (`manage.py test`).
"""

import tempfile
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

CAMPAIGNS = ("kills",)


class Command(BaseCommand):
    help = "Run one of the long campaigns: " + ", ".join(CAMPAIGNS)
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=CAMPAIGNS)
        parser.add_argument("--rounds", type=int, default=200)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--durability", choices=("fsync", "pagecache"), default="fsync")
        parser.add_argument("--dir", type=Path, help="where the broker's files go; temporary by default")

    def handle(self, *args: object, **options: object) -> None:
        from tests.engine.compat import kills

        with tempfile.TemporaryDirectory(dir=options["dir"], prefix="accept-") as directory:  # type: ignore[call-overload]
            report = kills.run(
                Path(directory),
                rounds=int(str(options["rounds"])),
                seed=int(str(options["seed"])),
                durability=str(options["durability"]),
                pause_s=0.001,
            )
        self.stdout.write(str(report))
        if report.lost or report.duplicated:
            raise CommandError("\n".join((*report.lost[:20], *report.duplicated[:20])))
