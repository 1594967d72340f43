"""One request of the client on its way: what the parts of the client hand to each other.

Invariants:
- A Request ends exactly once (`ended`): with the decoded answer or with a ClientError.
- A target is plain data: ANY, CONTROLLER, ("node", id), ("leader", topic, partition) or ("peer", "host:port").

Not here: which broker it goes to (cluster.py), its bytes (connection.py).
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.client.errors import ClientError
from engine.wire.primitives import Message


class Chance(Protocol):
    """The random numbers that a client is given."""

    def randrange(self, stop: int, /) -> int:
        """A number from 0 to stop - 1."""


NEVER = 1 << 62  # a deadline that does not come: of what waits for nothing
Target = tuple[Any, ...]
ANY: Target = ("any",)
CONTROLLER: Target = ("controller",)


@dataclass(slots=True, eq=False)
class Request:
    """One request of the wire protocol, and who wants its answer."""

    message: Message
    target: Target
    deadline_ms: int  # then whoever asked gets TimedOut
    owner: str  # the part of the client that is given the answer: its OWNER
    call: int = 0  # the call's number, for the owner "call"
    part: Any = None  # the owner's own note: plain data
    patient: bool = False  # wait for brokers to come back until the deadline, instead of failing soon
    repeatable: bool = True  # may be sent again when the connection was lost before the answer
    once: bool = False  # never sent again here: its owner decides (the order of Produce, sessions of Fetch)
    answered: bool = True  # False: Produce with acks=0
    lane: str = ""  # which connection to the broker: answers of one lane come in order
    answer_ms: int = 0  # how long the broker may take, if that is longer than request.timeout.ms
    version_max: int = 0x7FFF  # do not use a later version (Fetch and Produce by topic name)
    number: int = 0  # given by Cluster.send
    peer: str = ""  # where it was last sent
    version: int = -1  # with which it was last sent
    attempts: int = 0
    refreshed: bool = False  # metadata was asked for on its behalf because its node could not be reached
    sent: bool = False  # its bytes were on their way at least once
    failed_peers: dict[str, ClientError] = field(default_factory=dict)  # peers tried, with why it failed
    last_reason: str = ""  # why it waits, for the sentence of TimedOut
    ended: bool = False


# How a request ended: with its answer (None where none is due), or with why there is none. A plain pair, for there are
# two of each request.
Finished = tuple[Request, Message | ClientError | None]
