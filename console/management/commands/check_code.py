"""`manage.py check_code`: everything that can be said about the code without running the product.

One line per step with its time; what a failed step said follows it. The exit code is 1
if any step failed. No database, no broker, no network is needed.

Not here: tests of behaviour (`manage.py test`), the rules themselves (pyproject.toml, tests/tidy).
"""

import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

OUTPUT_CHARACTERS_MAX = 20_000


class Step(NamedTuple):
    """One thing to check: its name for people, and the command line."""

    name: str
    command: list[str]


class Command(BaseCommand):
    """Check style, types, direction of imports, templates and tidiness."""

    help = "Check style, types, direction of imports, templates and tidiness of the code; no server is needed."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("steps", nargs="*", metavar="STEP", help="only these steps (by default all)")

    def handle(self, *args: Any, **options: Any) -> None:
        steps = all_steps(settings.BASE_DIR)
        wanted = options["steps"] or [step.name for step in steps]
        unknown = [name for name in wanted if name not in [step.name for step in steps]]
        if unknown:
            self.stderr.write(f"No step {', '.join(unknown)}; there are: {', '.join(step.name for step in steps)}.")
            sys.exit(2)
        failed = [step.name for step in steps if step.name in wanted and not self.passes(step)]
        if failed:
            self.stderr.write(f"Failed: {', '.join(failed)}.")
            sys.exit(1)

    def passes(self, step: Step) -> bool:
        """Run one step, say how it went, and how long it took."""
        started = time.monotonic()
        try:
            run = subprocess.run(
                step.command,
                cwd=settings.BASE_DIR,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            passed, output = run.returncode == 0, run.stdout
        except OSError as error:
            passed, output = False, f"cannot be started: {error}"
        self.stdout.write(f"{'ok    ' if passed else 'FAILED'} {step.name:<10} {time.monotonic() - started:6.1f} s")
        if not passed:
            self.stdout.write(output[-OUTPUT_CHARACTERS_MAX:])
        self.stdout.flush()
        return passed


def all_steps(root: Path) -> list[Step]:
    """Return what is checked, quickest first."""
    scripts = Path(sysconfig.get_path("scripts"))
    templates = [str(path.relative_to(root)) for path in sorted((root / "templates").rglob("*.html"))]
    module = [sys.executable, "-m"]
    return [
        Step("lint", [*module, "ruff", "check", "--output-format", "concise", "."]),
        Step("format", [*module, "ruff", "format", "--check", "--quiet", "."]),
        Step("templates", [str(scripts / "djade"), "--check", "--target-version", "5.2", *templates]),
        Step("imports", [str(scripts / "lint-imports")]),
        Step("tidy", [*module, "pytest", "-q", "-p", "no:django", "-W", "ignore", "tests/tidy"]),
        Step("types", [*module, "mypy"]),
    ]
