"""Prints the rounds as one table of medians and ratios, and as JSON; says which bars were missed."""

import json
import statistics
from pathlib import Path

from tests.bench.cases import CASES, FACTS_KAFKA_MAX, Case

Rounds = dict[tuple[str, str], list[tuple[float, float]]]  # (case, server) -> (figure, broker CPU) of each round
Row = dict[str, tuple[float, float]]  # server -> (median figure, median CPU)
Facts = dict[str, dict[str, float]]  # server -> what is not a load


def medians(rounds: Rounds) -> dict[str, Row]:
    """Give for each case and server the median figure and CPU (us a request, or ms a MB)."""
    found: dict[str, Row] = {}
    for (case, server), values in rounds.items():
        figure, cpu = (statistics.median(value[i] for value in values) for i in (0, 1))
        found.setdefault(case, {})[server] = (figure, cpu)
    return found


def at_least(what: str, value: float, least: float | None) -> str:
    """Say a value, the bar it has to reach, and whether it does."""
    if least is None:
        return f"{what} {value:.2f}"
    return f"{what} {value:.2f} (at least {least:.2f}{'' if value >= least else ': MISSED'})"


def at_most(what: str, value: float, most: float | None) -> str:
    """Say a value, the bar it must not pass, and whether it does not."""
    if most is None:
        return f"{what} {value:.2f}"
    return f"{what} {value:.2f} (at most {most:.2f}{'' if value <= most else ': MISSED'})"


def verdicts(case: Case, row: Row) -> list[str]:
    """Say how ours stands to the others in this case."""
    if "odradek" not in row:
        return []
    said, (ours, cpu) = [], row["odradek"]
    if case.rate_min is not None:
        said.append(at_least("ours", ours, case.rate_min))
    if "reference" in row:
        reference = row["reference"][0]
        if case.figure == "p50 us":
            said.append(at_most("us more than reference", ours - reference, case.extra_us_max))
        else:
            said.append(at_least("of reference", ours / reference, case.ratio_min))
    if "mock" in row:
        said.append(at_least("of mock", ours / row["mock"][0], None))
    if "kafka" in row:
        kafka, kafka_cpu = row["kafka"]
        if case.kafka_ratio_max is not None:
            said.append(at_most("of kafka", ours / kafka, case.kafka_ratio_max))
        else:
            said.append(at_least("of kafka", ours / kafka, case.kafka_ratio_min))
        said.append(at_most("of its CPU", cpu / kafka_cpu, case.kafka_cpu_max))
    return said


def fact_verdicts(name: str, facts: Facts) -> list[str]:
    """Say how our facts stand to Apache Kafka's."""
    if "kafka" not in facts:
        return []
    return [at_most("of kafka", facts["odradek"][name] / facts["kafka"][name], FACTS_KAFKA_MAX.get(name))]


def show(rounds: Rounds, facts: Facts, servers: list[str], json_path: Path | None) -> bool:
    """Print the table; write the JSON; say whether every bar was met."""
    found, said = medians(rounds), dict[str, list[str]]()
    print(f"{'':32}{''.join(f'{name:>20}' for name in servers)}   ours")
    for case in CASES:
        if case.name not in found:
            continue
        row = found[case.name]
        unit = "us/req" if case.figure != "MB/s" else "ms/MB"
        cells = "".join(
            f"{row[name][0]:>10,.0f} [{row[name][1]:6.2f}] " if name in row else f"{'-':>20}" for name in servers
        )
        said[case.name] = verdicts(case, row)
        print(f"{case.name:32}{cells} {case.figure} [{unit}]  {'; '.join(said[case.name])}")
    for name in facts["odradek"]:
        cells = "".join(f"{facts[server][name]:>19,.1f} " if server in facts else f"{'-':>20}" for server in servers)
        said[name] = fact_verdicts(name, facts)
        print(f"{name:32}{cells} {'; '.join(said[name])}")
    missed = [f"{name}: {words}" for name, all_words in said.items() for words in all_words if "MISSED" in words]
    if json_path is not None:
        result = {"cases": found, "facts": facts, "verdicts": said, "missed": missed}
        json_path.write_text(json.dumps(result, indent=1) + "\n")
    return not missed
