"""The stages of a member's turn, and what comes after a revocation.

Not here: what leads from one to the next (group_membership.py).
"""

from enum import Enum


class Stage(Enum):
    """Where a member is in its turn."""

    OUT = "out"  # nobody subscribed
    UNJOINED = "unjoined"  # joins with the next poll
    COMMITTING = "committing"  # what was processed, before partitions go
    REVOKING = "revoking"  # whoever listens is not done with that
    JOINING = "joining"
    ASSIGNING = "assigning"  # we lead: the partitions of the topics are being asked for
    SYNCING = "syncing"
    SYNCED = "synced"  # the assignment waits for a poll
    ADDING = "adding"  # whoever listens is not done with what came
    STABLE = "stable"
    LEAVING = "leaving"


STABLE = Stage.STABLE  # by its own name: what an Enum is asked for costs a search, and each event asks for this


class Then(Enum):
    """What comes after partitions were given up."""

    JOIN = "join"
    ADD = "add"
    LEAVE = "leave"


IN_FLIGHT_STAGES = (Stage.JOINING, Stage.ASSIGNING, Stage.SYNCING)
WAITING_STAGES = (Stage.COMMITTING, Stage.REVOKING, Stage.ADDING)  # for a while at most
