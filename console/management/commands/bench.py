"""`python3 manage.py bench`: the broker's speed beside the physical limit, in one run, as ratios.

Exit code 1 if a bar was missed. Not here: what is measured (tests/bench/cases.py).
"""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from tests.bench.load import BenchError
from tests.bench.run import SERVERS, run


class Command(BaseCommand):
    help = "Measure the broker beside a reference in C: medians of interleaved rounds, as ratios."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rounds", type=int, default=3, help="rounds over all cases (default 3)")
        parser.add_argument("--only", default="", help="only cases whose name has this in it")
        parser.add_argument("--servers", default=",".join(SERVERS), help="which servers, with commas between")
        parser.add_argument("--json", type=Path, help="write medians and facts to this file too")

    def handle(self, *args: object, **options: object) -> None:
        servers = str(options["servers"]).split(",")
        unknown = [name for name in servers if name not in SERVERS]
        rounds = options["rounds"]
        if unknown or not isinstance(rounds, int) or rounds < 1:
            raise CommandError(f"servers are {', '.join(SERVERS)}; rounds at least 1")
        try:
            json_path = options["json"] if isinstance(options["json"], Path) else None
            met = run(rounds=rounds, only=str(options["only"]), servers=servers, json_path=json_path)
        except BenchError as failed:
            raise CommandError(str(failed)) from failed
        if not met:
            raise CommandError("a bar was missed")
