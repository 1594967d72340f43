"""How a Kafka cluster can disappoint the console: few kinds, each with a sentence for people.

Whatever goes wrong below this package is raised as one of these.
Not here: what a page does with them (middleware.py).
"""


class KafkaError(Exception):
    """Any of the kinds below; `str(error)` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClusterUnreachable(KafkaError):
    """No answer in time, or no connection: the page says so with the reason (503)."""


class NotFound(KafkaError):
    """The topic, partition or record is not there (404)."""


class NotAuthorized(KafkaError):
    """The cluster refuses this to the user of the connection (403)."""


class KafkaRefused(KafkaError):
    """The cluster understood and said no; `code` is the protocol's name of the error, `message` the cluster's words."""

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.message = message
