"""Who hosts a sandbox: a lease that its runner renews, and that another one takes when it is over.

*Invariants*: at any time at most one runner holds a lease that is not over; a runner that could not renew stops
hosting before its lease is over (it stops SAFETY_S earlier).
*Not here*: the row (models), the statement that takes it at once (services).
"""

LEASE_S = 15.0
RENEW_S = 5.0
SAFETY_S = 3.0


def may_take(holder: str, until_s: float, runner: str, now_s: float) -> bool:
    """Say whether a runner may take a sandbox now."""
    return holder in ("", runner) or now_s >= until_s


def must_let_go(until_s: float, now_s: float) -> bool:
    """Say whether a runner must stop hosting, because its lease will soon be anybody's."""
    return now_s >= until_s - SAFETY_S
