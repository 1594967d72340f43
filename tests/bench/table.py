"""Prints the rounds as one table of medians and ratios, and as JSON; says which bars were missed."""

import json
import statistics
from pathlib import Path

from tests.bench.cases import CASES, Case

Rounds = dict[tuple[str, str], list[tuple[float, float]]]  # (case, server) -> (figure, broker CPU) of each round


def medians(rounds: Rounds) -> dict[str, dict[str, tuple[float, float]]]:
    """Give for each case and server the median figure and CPU (us a request, or ms a MB)."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for (case, server), values in rounds.items():
        figure, cpu = (statistics.median(value[i] for value in values) for i in (0, 1))
        found.setdefault(case, {})[server] = (figure, cpu)
    return found


def verdict(case: Case, reference: float, ours: float) -> tuple[str, bool]:
    """Say how ours stands to the reference, and whether the bar is met."""
    if case.figure == "p50 us":
        extra = ours - reference
        bar = "" if case.extra_us_max is None else f" (at most +{case.extra_us_max:g})"
        return f"{extra:+.0f} us{bar}", case.extra_us_max is None or extra <= case.extra_us_max
    ratio = ours / reference
    bar = "" if case.ratio_min is None else f" (at least {case.ratio_min:.2f})"
    return f"{ratio:.2f}{bar}", case.ratio_min is None or ratio >= case.ratio_min


def show(rounds: Rounds, facts: dict[str, float], servers: list[str], json_path: Path | None) -> bool:
    """Print the table; write the JSON; say whether every bar was met."""
    found, met = medians(rounds), True
    heads = "".join(f"{name:>22}" for name in servers)
    print(f"{'':32}{heads}   ours / reference")
    for case in CASES:
        if case.name not in found:
            continue
        row = found[case.name]
        unit = "us/req" if case.figure == "requests/s" else "ms/MB"
        cells = "".join(
            f"{row[name][0]:>11,.0f} [{row[name][1]:6.2f}]  " if name in row else f"{'-':>22}" for name in servers
        )
        words = ""
        if {"reference", "odradek"} <= row.keys():
            words, good = verdict(case, row["reference"][0], row["odradek"][0])
            met = met and good
            words += "" if good else "   MISSED"
        print(f"{case.name:32}{cells} {case.figure} [{unit}]  {words}")
    for name, value in facts.items():
        print(f"{name:32}{value:>14,.1f}")
    if json_path is not None:
        json_path.write_text(json.dumps({"cases": found, "facts": facts}, indent=1) + "\n")
    return met
