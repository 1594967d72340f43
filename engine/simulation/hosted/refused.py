"""What a learner asked for and cannot have: a sentence, and nothing is done.

Not here: what brokers refuse (those are Kafka's answers).
"""


class Refused(Exception):
    """The action is not carried out; `str(refused)` says why, `field` where."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field

    def __reduce__(self) -> tuple[type["Refused"], tuple[str, str]]:
        return Refused, (self.reason, self.field)
