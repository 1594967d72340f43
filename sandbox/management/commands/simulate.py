"""Run a simulated world: one broker, its clients and what goes wrong, all from one seed.

    python3 manage.py simulate --seed 42 --events 5000
    python3 manage.py simulate --seeds 100

It needs no database. One seed gives one history; the last line is its SHA-256.
"""

import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from engine.simulation import campaign, swarm
from engine.simulation.driver import step
from engine.simulation.reached import reached
from engine.simulation.world import World


class Command(BaseCommand):
    help = "Run one simulated world (--seed, --events), or many to their end (--seeds)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="which world; with --seeds the first of them")
        parser.add_argument("--events", type=int, help="how many events; without it the world runs to its end")
        parser.add_argument("--seeds", type=int, help="run so many seeds to their end, and sum up what they reached")
        parser.add_argument("--steps", action="store_true", help="print every event with its number and its cause")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["seeds"] is not None:
            self._campaign(options["seed"], options["seeds"])
            return
        world = swarm.build(options["seed"])
        began = time.perf_counter()
        while not self._is_over(world, options["events"]):
            if options["steps"]:
                self._print_event(world)
            if not step(world):
                break
        seconds = time.perf_counter() - began
        self.stderr.write(f"{world.events:,} events in {seconds:.2f} s, {world.events / max(seconds, 1e-9):,.0f}/s")
        violation = campaign.check_from_here(world)
        self._print_reached(reached(world))
        self.stdout.write(f"{world.now_us / 1000:.1f} simulated ms")
        self.stdout.write(f"checked to the end: {violation or 'every invariant holds'}")
        self.stdout.write(f"history {world.history.sha256()}")
        if violation:
            raise CommandError(violation)

    def _is_over(self, world: World, events: int | None) -> bool:
        if events is not None:
            return world.events >= events
        return (
            world.events >= campaign.EVENTS_MAX
            or world.now_us > campaign.TIME_US_MAX
            or (world.events % 50 == 0 and swarm.finished(world))
        )

    def _campaign(self, first: int, count: int) -> None:
        total: Counter[str] = Counter()
        failed = []
        for seed in range(first, first + count):
            outcome = campaign.run_seed(seed)
            total += outcome.reached
            if outcome.violation:
                failed.append(seed)
                self.stdout.write(f"seed {seed}: {outcome.violation}")
        self._print_reached(total)
        missed = [name for name in campaign.MUST_REACH if not total[name]]
        if missed:
            self.stdout.write(f"never reached: {', '.join(missed)}")
        self.stdout.write(f"{count - len(failed)} of {count} seeds kept every invariant")
        if failed:
            raise CommandError(f"seeds that did not: {failed}")

    def _print_event(self, world: World) -> None:
        if world.heap:
            at_us, number, cause, kind, subject, detail = world.heap[0]
            shown = f"{len(detail)} bytes" if isinstance(detail, bytes) else repr(detail)
            self.stdout.write(
                f"{at_us / 1000:10.3f} ms  {number:6} <- {cause:<6} {kind:12} {subject!s:16} {shown}"[:160]
            )

    def _print_reached(self, found: Counter[str]) -> None:
        for name in sorted(found):
            self.stdout.write(f"{name:42} {found[name]:10,}")
