from collections import Counter

from engine.simulation import campaign

SEEDS = range(36)


def test_no_seed_violates_an_invariant_and_every_fault_is_reached():
    total: Counter[str] = Counter()
    violations = []
    for seed in SEEDS:
        outcome = campaign.run_seed(seed)
        total += outcome.reached
        if outcome.violation:
            violations.append(f"seed {seed}: {outcome.violation}")
    assert not violations, "\n".join(violations)
    assert not [name for name in campaign.MUST_REACH if not total[name]], total


def test_checks_do_not_change_a_history():
    from engine.simulation import swarm
    from engine.simulation.driver import run

    checked = campaign.run_seed(3).world
    unchecked = swarm.build(3)
    run(unchecked, checked.events)
    assert unchecked.history.sha256() == checked.history.sha256()
