"""The states of a sandbox, and which follow which.

*Invariants*: a state changes only as TRANSITIONS says; an expired sandbox is over for good.
*Not here*: who changes it (services, the runner), what a world does meanwhile.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a sandbox stands."""

    REQUESTED = "requested"  # a row, no world yet
    AWAKE = "awake"  # a runner hosts it
    ASLEEP = "asleep"  # on disk
    EXPIRED = "expired"  # its time is over; its files are gone or about to be


TRANSITIONS: dict[State, tuple[State, ...]] = {
    State.REQUESTED: (State.AWAKE, State.EXPIRED),
    State.AWAKE: (State.ASLEEP, State.EXPIRED),
    State.ASLEEP: (State.AWAKE, State.EXPIRED),
    State.EXPIRED: (),
}


def before(state: State) -> list[State]:
    """The states from which a sandbox may become this one."""
    return [one for one, following in TRANSITIONS.items() if state in following]
