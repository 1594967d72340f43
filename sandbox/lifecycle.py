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


def may_become(state: str, other: State) -> bool:
    """Say whether a sandbox in one state may become another."""
    return other in TRANSITIONS[State(state)]
