"""The test of a connection in five steps, by the same client that the pages use: what was reached, and where it ends.

Invariants:
- The steps are NAMES, always five, in this order; after the one that failed the rest are "not reached".
- It ends within PROBE_S, whatever is at the other end. No secret is in any word of it.
Not here: what to do about a failure (remedies.py), saving (services/connections.py).
"""

import asyncio
import time
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Literal

from console.kafka.cluster import release_of
from console.kafka.connection import ConnectionSpec, new_shell, on_loop
from console.kafka.remedies import remedy
from engine.client.config import parse_bootstrap
from engine.client.errors import (
    AddressNotAllowed,
    AuthenticationFailed,
    ClientError,
    ConnectionFailed,
    NameNotFound,
    TimedOut,
    TlsFailed,
)
from engine.net.client_shell import ClientShell, Reached
from engine.wire.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from engine.wire.messages.metadata import MetadataResponse

CONNECT_MS = 3_000
PROBE_S = 8.0
BROKERS_NAMED_MAX = 5
NAME, CONNECT, TLS, SIGN_IN, KAFKA = range(5)
NAMES = ("Name", "Connection", "TLS", "Sign-in", "Kafka")
FAILED = ("Name not found", "Not connected", "TLS failed", "Sign-in refused", "Not Kafka, or no answer")
STAGES: dict[type[ClientError], int] = {
    NameNotFound: NAME,
    AddressNotAllowed: CONNECT,
    ConnectionFailed: CONNECT,
    TlsFailed: TLS,
    AuthenticationFailed: SIGN_IN,
}
State = Literal["good", "warn", "bad", "none", "unused"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it went."""

    name: str
    state: State
    title: str
    detail: str = ""
    remedy: str = ""
    took_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """A whole test."""

    steps: tuple[Step, ...]
    took_ms: int
    cluster_id: str | None = None

    @property
    def failed(self) -> Step | None:
        """The step that failed."""
        return next((step for step in self.steps if step.state == "bad"), None)

    @property
    def passed(self) -> bool:
        """Whether all is well."""
        return self.failed is None

    @property
    def stopped_at(self) -> int:
        """Which step failed, from 1."""
        return next((number for number, step in enumerate(self.steps, 1) if step.state == "bad"), 0)

    @property
    def sentence(self) -> str:
        """The failed step in words, for a command line and for the audit log."""
        step = self.failed
        return "" if step is None else f"{step.title}: {step.detail}"


@dataclass(slots=True)
class _Found:
    """What the cluster said."""

    metadata: MetadataResponse
    apis: ApiVersionsResponse
    brokers: dict[int, object]  # what each broker answered, or the error
    took_ms: int


def probe(spec: ConnectionSpec) -> Probe:
    """Test a connection."""
    begun = time.monotonic()
    future = on_loop(_run(spec, begun))
    try:
        return future.result(PROBE_S + 1)
    except FutureTimeout:
        future.cancel()
        return _told(spec, TimedOut(f"no answer within {PROBE_S:g} s"), Reached(), False, _ms_since(begun))


async def _run(spec: ConnectionSpec, begun: float) -> Probe:
    shell = new_shell(spec, connect_timeout_ms=CONNECT_MS, request_timeout_ms=CONNECT_MS)
    await shell.start()
    try:
        async with asyncio.timeout(PROBE_S):
            found: _Found | ClientError = await _ask(shell)
    except ClientError as error:
        found = error
    except TimeoutError:
        found = TimedOut(f"no answer within {PROBE_S:g} s")
    finally:
        peer, reached = _furthest(shell, spec)
        signed_in = shell.machine.connections.is_ready(peer)
        await shell.close()
    return _told(spec, found, reached, signed_in, _ms_since(begun))


async def _ask(shell: ClientShell) -> _Found:
    begun = time.monotonic()
    limit_ms = int(PROBE_S * 700)
    metadata = await shell.metadata([], timeout_ms=limit_ms)
    apis: ApiVersionsResponse = await shell.send(ApiVersionsRequest("odradek-console", "0.1.0"), timeout_ms=limit_ms)
    took_ms = _ms_since(begun)
    brokers = await shell.send_everywhere(ApiVersionsRequest("odradek-console", "0.1.0"), timeout_ms=CONNECT_MS)
    return _Found(metadata, apis, dict(brokers), took_ms)


def _furthest(shell: ClientShell, spec: ConnectionSpec) -> tuple[str, Reached]:
    """The bootstrap server that the test came furthest with."""

    def how_far(peer: str) -> tuple[bool, bool, bool, bool]:
        reached = shell.reached.get(peer, Reached())
        ready = shell.machine.connections.is_ready(peer)
        return ready, reached.handshake is not None, bool(reached.address), bool(reached.addresses)

    best = max(parse_bootstrap(spec.bootstrap), key=how_far)
    return best, shell.reached.get(best, Reached())


def _told(spec: ConnectionSpec, found: _Found | ClientError, reached: Reached, signed_in: bool, took_ms: int) -> Probe:
    at = _stage(found, reached, spec, signed_in) if isinstance(found, ClientError) else None
    steps = []
    for number, name in enumerate(NAMES):
        if at is not None and number > at:
            steps.append(Step(name, "none", f"{name}: not reached"))
        elif number == at:
            assert isinstance(found, ClientError), "only an error stops a test"
            steps.append(Step(name, "bad", FAILED[number], found.reason, remedy(found, spec)))
        elif number == KAFKA:
            assert isinstance(found, _Found), "nothing stopped the test"
            steps.append(_kafka_step(found))
        else:
            steps.append(_passed(number, spec, reached))
    cluster_id = found.metadata.cluster_id if isinstance(found, _Found) else None
    return Probe(tuple(steps), took_ms, cluster_id)


def _stage(error: ClientError, reached: Reached, spec: ConnectionSpec, signed_in: bool) -> int:
    """Which step an error belongs to; a time that was up belongs to the step that was under way."""
    for kind, stage in STAGES.items():
        if isinstance(error, kind):
            return stage
    if not isinstance(error, TimedOut) or signed_in:
        return KAFKA
    if not reached.addresses:
        return NAME
    if not reached.address:
        return CONNECT
    return TLS if spec.tls is not None and reached.handshake is None else KAFKA


def _passed(number: int, spec: ConnectionSpec, reached: Reached) -> Step:
    if number == NAME:
        return Step(NAMES[NAME], "good", "Name found", ", ".join(reached.addresses[:4]), took_ms=reached.found_ms)
    if number == CONNECT:
        return Step(NAMES[CONNECT], "good", "Connected", reached.address, took_ms=reached.connected_ms)
    if number == TLS:
        agreed = reached.handshake
        if spec.tls is None or agreed is None:
            return Step(NAMES[TLS], "unused", "No TLS", "All that is sent, passwords too, can be read on the way.")
        version = agreed.version.replace("TLSv", "TLS ")
        detail = f"{agreed.subject}, signed by {agreed.issuer or 'nobody named'}, until {agreed.until}"
        return Step(NAMES[TLS], "good", f"{version}, certificate trusted", detail, took_ms=reached.trusted_ms)
    if spec.sasl is None:
        who = (
            "The client certificate says who we are."
            if spec.tls is not None and spec.tls.key_pem
            else "Nobody in particular."
        )
        return Step(NAMES[SIGN_IN], "unused", "No sign-in", who)
    return Step(NAMES[SIGN_IN], "good", "Signed in", f"as {spec.sasl.user}, by {spec.sasl.mechanism}")


def _kafka_step(found: _Found) -> Step:
    name = NAMES[KAFKA]
    levels = {entry.name: entry.max_version_level for entry in found.apis.finalized_features}
    release = release_of(levels.get("metadata.version"))
    count = len(found.metadata.brokers)
    detail = f"Cluster {found.metadata.cluster_id or 'without an id'}, {count} broker{'' if count == 1 else 's'}, "
    detail += f"{len(found.apis.api_keys)} APIs"
    title = f"Kafka {release} answers" if release else "Kafka answers"
    lost = {node: answer for node, answer in found.brokers.items() if isinstance(answer, ClientError)}
    if not lost:
        return Step(name, "good", title, detail, took_ms=found.took_ms)
    said = "; ".join(f"broker {node}: {answer}" for node, answer in list(lost.items())[:BROKERS_NAMED_MAX])
    helps = (
        "The cluster gives clients these addresses (advertised.listeners): they must be reachable from this machine."
    )
    if len(lost) == len(found.brokers):
        return Step(name, "bad", "None of its brokers can be reached", f"{detail}; {said}", helps, found.took_ms)
    return Step(name, "warn", f"{title}, but not every broker", f"{detail}; {said}", helps, found.took_ms)


def _ms_since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
