"""What can be set about a client: typed, checked, with Kafka's defaults and Kafka's names in the comments.

Invariant: a config that exists is usable; wrong values raise ValueError with a sentence.
Secrets are never in a repr.
Not here: what a value does (the module that reads it); certificates are read by the shell (net/tls.py).
"""

from dataclasses import dataclass, field
from typing import Literal

from engine.client.partitioners import PARTITIONERS
from engine.core.limits import FRAME_BYTES_MAX
from engine.core.records.compression import CODEC_NUMBERS

Acks = Literal[-1, 0, 1]
OffsetReset = Literal["earliest", "latest", "none"]
ASSIGNORS = ("range", "roundrobin", "sticky", "cooperative-sticky")
PORT_DEFAULT = 9092
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
PEM_CHARACTERS_MAX = 30_000


def parse_bootstrap(text: str) -> tuple[str, ...]:
    """Turn "host:port, host:port" into peers; a missing port is 9092. ValueError says what is wrong."""
    peers: dict[str, None] = {}
    for part in text.split(","):
        server = part.strip()
        if server:
            peers[_parse_server(server)] = None
    if not peers:
        raise ValueError("no bootstrap server: write host:port, or several separated by commas")
    return tuple(peers)


def _parse_server(server: str) -> str:
    bare = server.count(":") > 1 and not server.startswith("[")
    if bare:
        raise ValueError(f"write an IPv6 address in brackets: [{server}]:{PORT_DEFAULT}")
    host, separator, port = server.rpartition(":")
    if not separator or server.endswith("]"):
        host, port = server, str(PORT_DEFAULT)
    whole = host.startswith("[") and host.endswith("]")
    bare_host = host[1:-1] if whole else host
    if not bare_host or any(letter.isspace() or letter in "/@?#\\[]" for letter in bare_host):
        raise ValueError(f"{server!r} is not a host:port")
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        raise ValueError(f"{server!r}: the port must be a number from 1 to 65535")
    return f"{host}:{int(port)}"


@dataclass(frozen=True, slots=True)
class Sasl:
    """Who signs in at the brokers, and how."""

    mechanism: str  # sasl.mechanism
    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if self.mechanism not in MECHANISMS:
            raise ValueError(f"sasl.mechanism is one of {', '.join(MECHANISMS)}")
        if not self.user or "\0" in self.user:
            raise ValueError("SASL needs the name of a user")
        if not self.password or "\0" in self.password:
            raise ValueError("SASL needs a password")


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS with the brokers: whom we trust, and who we are. Names are always checked."""

    ca_pem: str = ""  # ssl.truststore.certificates; empty: the system's
    certificate_pem: str = ""  # ssl.keystore.certificate.chain
    key_pem: str = field(default="", repr=False)  # ssl.keystore.key, not encrypted

    def __post_init__(self) -> None:
        if bool(self.certificate_pem) != bool(self.key_pem):
            raise ValueError("a client certificate and its key come together")
        pems = (self.ca_pem, self.certificate_pem, self.key_pem)
        if not all(pem.isascii() for pem in pems):
            raise ValueError("a certificate or key in PEM has letters of ASCII only")
        if max(map(len, pems)) > PEM_CHARACTERS_MAX:
            raise ValueError(f"a certificate or key in PEM has at most {PEM_CHARACTERS_MAX} characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerConfig:
    """How records are sent."""

    acks: Acks = -1  # acks (-1 is all)
    idempotent: bool = True  # enable.idempotence
    linger_ms: int = 5  # linger.ms
    batch_bytes: int = 16 << 10  # batch.size, before compression
    request_bytes_max: int = 1 << 20  # max.request.size
    compression: str = "none"  # compression.type
    partitioner: str = "murmur2"
    ignore_keys: bool = False  # partitioner.ignore.keys: spread records as if they had none
    delivery_timeout_ms: int = 120_000  # delivery.timeout.ms
    in_flight_max: int = 5  # batches of one partition on their way; 1 is used without idempotence, to keep the order
    buffer_bytes_max: int = 32 << 20  # buffer.memory: a call beyond it is refused, nobody is blocked

    def __post_init__(self) -> None:
        if self.acks not in (-1, 0, 1):
            raise ValueError("acks is -1 (all), 0 or 1")
        if self.idempotent and self.acks != -1:
            raise ValueError("an idempotent producer needs acks=-1 (all)")
        if self.idempotent and not 1 <= self.in_flight_max <= 5:
            raise ValueError("an idempotent producer has 1 to 5 batches in flight: brokers remember five")
        if self.partitioner not in PARTITIONERS:
            raise ValueError(f"the partitioner is one of {', '.join(PARTITIONERS)}")
        if self.compression not in CODEC_NUMBERS:
            raise ValueError(f"compression.type is one of {', '.join(CODEC_NUMBERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerConfig:
    """How records are fetched, and in which group."""

    wait_ms_max: int = 500  # fetch.max.wait.ms
    bytes_min: int = 1  # fetch.min.bytes
    bytes_max: int = 50 << 20  # fetch.max.bytes
    partition_bytes_max: int = 1 << 20  # max.partition.fetch.bytes
    read_committed: bool = False  # isolation.level
    check_crcs: bool = True  # check.crcs: a batch that is not what was written is an error, not handed out
    offset_reset: OffsetReset = "latest"  # auto.offset.reset
    sessions: bool = True  # KIP-227: say only what changed since the last fetch
    group_id: str | None = None  # group.id
    group_instance_id: str | None = None  # group.instance.id: a static member (KIP-345)
    assignors: tuple[str, ...] = ("range", "cooperative-sticky")  # partition.assignment.strategy, the dearest first
    session_timeout_ms: int = 45_000  # session.timeout.ms
    heartbeat_interval_ms: int = 3_000  # heartbeat.interval.ms
    max_poll_interval_ms: int = 300_000  # max.poll.interval.ms: the rebalance timeout too
    auto_commit: bool = True  # enable.auto.commit
    auto_commit_interval_ms: int = 5_000  # auto.commit.interval.ms

    def __post_init__(self) -> None:
        if self.group_id == "":
            raise ValueError("a group needs a name: group.id is empty")
        if self.group_instance_id is not None and (self.group_id is None or not self.group_instance_id):
            raise ValueError("group.instance.id names a static member of a group: it needs a group.id, and a name")
        unknown = [name for name in self.assignors if name not in ASSIGNORS]
        if unknown or not self.assignors or len(dict.fromkeys(self.assignors)) < len(self.assignors):
            raise ValueError(f"partition.assignment.strategy is one or several of {', '.join(ASSIGNORS)}, each once")
        if not 0 < self.heartbeat_interval_ms < self.session_timeout_ms:
            raise ValueError("heartbeat.interval.ms must be more than nothing and less than session.timeout.ms")
        if not 0 < self.max_poll_interval_ms < 1 << 31 or self.session_timeout_ms >= 1 << 31:
            raise ValueError("max.poll.interval.ms and session.timeout.ms are from 1 to 2147483647")
        if self.auto_commit_interval_ms <= 0:
            raise ValueError("auto.commit.interval.ms must be more than nothing")

    @property
    def cooperative(self) -> bool:
        """Whether members keep their partitions through a rebalance (KIP-429): only if every assignor allows it."""
        return self.assignors == ("cooperative-sticky",)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig:
    """A client of one cluster."""

    bootstrap: tuple[str, ...]  # bootstrap.servers, "host:port"
    client_id: str = "odradek"  # client.id
    connect_timeout_ms: int = 10_000  # socket.connection.setup.timeout.ms
    request_timeout_ms: int = 30_000  # request.timeout.ms: then the connection is given up
    metadata_age_ms_max: int = 300_000  # metadata.max.age.ms
    backoff_ms_min: int = 100  # retry.backoff.ms
    backoff_ms_max: int = 1_000  # retry.backoff.max.ms
    in_flight_max: int = 5  # max.in.flight.requests.per.connection
    frame_bytes_max: int = FRAME_BYTES_MAX  # receive: what one answer may be
    create_topics: bool = False  # allow.auto.create.topics
    tls: Tls | None = None  # security.protocol SSL and SASL_SSL
    sasl: Sasl | None = None  # security.protocol SASL_PLAINTEXT and SASL_SSL
    producer: ProducerConfig = ProducerConfig()
    consumer: ConsumerConfig = ConsumerConfig()

    def __post_init__(self) -> None:
        if not self.bootstrap:
            raise ValueError("no bootstrap server")
