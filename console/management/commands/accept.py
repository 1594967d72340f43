"""`python3 manage.py accept NAME`: long campaigns, run before something is called done; they print their figures.

Not here: what every submission runs (`manage.py test`).
"""

import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

Options = dict[str, object]
VIOLATIONS_SHOWN = 100
FIGURES = ": median "  # what a line with a figure says


def run_kills(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Kill the broker under producers: no acknowledged record may be lost."""
    from tests.engine.compat import kills

    report = kills.run(
        directory,
        rounds=int(str(options["rounds"] or 200)),
        seed=int(str(options["seed"])),
        durability=str(options["durability"]),
        pause_s=0.001,
    )
    return str(report), [*report.lost, *report.duplicated]


def run_commits(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Kill the broker after commits: no acknowledged one may be lost."""
    from tests.engine.compat import commits

    report = commits.run(
        directory,
        rounds=int(str(options["rounds"] or 50)),
        seed=int(str(options["seed"])),
        durability=str(options["durability"]),
    )
    return str(report), report.lost


def run_churn(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Stir a group of twenty: every record read, none skipped, one owner a generation, quick rebalances."""
    from tests.engine.compat import churn

    report = churn.run(directory, seconds=float(str(options["seconds"])), seed=int(str(options["seed"])))
    return str(report), report.violations


def run_kafka_python(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Run kafka-python's own integration tests against the broker."""
    from tests.engine.compat import kafka_python_suite
    from tests.engine.compat.brokers import odradek

    suite = directory / "suite"
    suite.mkdir()
    try:
        with odradek(directory, {"durability": str(options["durability"])}) as broker:
            report = kafka_python_suite.run(suite, broker.bootstrap)
    except kafka_python_suite.SuiteError as failed:
        raise CommandError(str(failed)) from failed
    return str(report), report.failed


def run_differential(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Ask the broker and Apache Kafka the same questions, in every API and version."""
    if not os.environ.get("KAFKA_START"):
        raise CommandError("KAFKA_START names no Apache Kafka to compare with")
    output, failures = run_pytest(directory, "tests/engine/compat/differential_campaign.py")
    return output[-1], failures


def run_groups(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Show the list of a thousand groups: how soon a page begins."""
    output, failures = run_pytest(directory, "tests/console/many_groups_campaign.py")
    return "\n".join(line.lstrip(".") for line in output if line.lstrip(".").startswith("groups/")), failures


def run_sandbox(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Show what a hosted sandbox costs, and how soon it answers, beside the bars."""
    campaigns = "tests/sandbox/sandbox_campaign.py", "tests/browser/sandbox_crowd_campaign.py"
    output, failures = run_pytest(directory, *campaigns, "--timeout=1800")
    return "\n".join(line.lstrip(".") for line in output if line.lstrip(".").startswith("sandbox/")), failures


def run_console(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Run all browser tests with Apache Kafka as the cluster: the same pages must say the same."""
    if not os.environ.get("KAFKA_START"):
        raise CommandError("KAFKA_START names no Apache Kafka to look at")
    os.environ["ODRADEK_BROWSER_CLUSTER"] = "apache_kafka"
    output, failures = run_pytest(directory, "tests/browser")
    return output[-1], failures


def run_produce(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Send fifty records by the form: how soon each is seen in the live tail of another browser."""
    output, failures = run_pytest(directory, "tests/browser/produce_campaign.py")
    return "\n".join(line.lstrip(".") for line in output if FIGURES in line), failures


def run_search(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Search three million records of 100 bytes: how many a second, and all found that a client finds."""
    from tests.console.search import speed_campaign

    report = speed_campaign.run(directory, seed=int(str(options["seed"])))
    return str(report), report.violations


def run_tail(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Watch 20,000 records a second for a minute: what it costs the browser and the web process."""
    output, failures = run_pytest(directory, "tests/browser/tail_campaign.py")
    return "\n".join(line for line in output if line.startswith("tail:")), failures


def run_console_speed(directory: Path, options: Options) -> tuple[str, list[str]]:
    """Show pages of very many topics, and of one cluster while another hangs: how soon a page begins."""
    output, failures = run_pytest(directory, "tests/console/speed_campaign.py")
    return "\n".join(line.lstrip(".") for line in output if line.lstrip(".").startswith("speed:")), failures


def run_pytest(directory: Path, campaign: str, *more: str) -> tuple[list[str], list[str]]:
    """Run a campaign that is written as tests; return what it printed, and that again if it failed."""
    options = ["-s", "-rfE", "--tb=short", "-p", "no:cacheprovider", f"--basetemp={directory}/pytest", *more]
    command = [sys.executable, "-m", "pytest", campaign, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines() or [done.stderr]
    return lines, lines[-VIOLATIONS_SHOWN:] if done.returncode else []  # the names of what failed stand at the end


CAMPAIGNS: dict[str, Callable[[Path, Options], tuple[str, list[str]]]] = {
    "kills": run_kills, "commits": run_commits, "churn": run_churn, "kafka-python": run_kafka_python,
    "differential": run_differential, "groups": run_groups,
    "sandbox": run_sandbox,
    "console": run_console, "produce": run_produce, "search": run_search,
    "tail": run_tail, "console-speed": run_console_speed,
}  # fmt: skip


class Command(BaseCommand):
    help = "Run one of the long campaigns: " + ", ".join(CAMPAIGNS)
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=CAMPAIGNS)
        parser.add_argument("--rounds", type=int, help="kills (default 200) and commits (default 50)")
        parser.add_argument("--seconds", type=float, default=180, help="churn (default 180)")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--durability", choices=("fsync", "pagecache"), default="fsync")
        parser.add_argument("--dir", type=Path, help="where the broker's files go; temporary by default")

    def handle(self, *args: object, **options: object) -> None:
        with tempfile.TemporaryDirectory(dir=options["dir"], prefix="accept-") as directory:  # type: ignore[call-overload]
            report, violations = CAMPAIGNS[str(options["name"])](Path(directory), options)
        self.stdout.write(report)
        if violations:
            raise CommandError("\n".join(violations[:VIOLATIONS_SHOWN]))
