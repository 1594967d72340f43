"""Adding, editing and removing connections: each tested before it is saved, each in the audit log, secrets in neither.

Invariants:
- Where to connect or as whom is saved only after a test of exactly that has passed. Name, colour and the read-only
  switch need none. The embedded cluster's address is its supervisor's, and it is never removed.
- Secrets are sealed before they reach the database; the audit log says that one was set, never what.
Not here: who may (permissions.py, the views), what a form looks like (forms/connections.py).
"""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from console.kafka import probe
from console.kafka.connection import ConnectionSpec
from console.models import Cluster
from console.services import audit, sealing
from console.services.clusters import place_of, secrets_of, spec_of

CONNECTION = (
    "bootstrap", "security_protocol", "sasl_mechanism", "sasl_username", "ca_certificate", "client_certificate",
)  # fmt: skip
MARKS = ("name", "colour", "read_only")
CERTIFICATES = ("ca_certificate", "client_certificate")


class ConnectionRefused(audit.Refusal):
    """A connection was not saved or removed; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A connection as somebody wants it: not saved yet."""

    cluster: Cluster  # unsaved, or with unsaved changes
    secrets: dict[str, str]
    before: Cluster | None = None  # as it is kept, when one is edited

    @property
    def spec(self) -> ConnectionSpec:
        """How it would be reached."""
        return spec_of(self.cluster, self.secrets)

    @property
    def reconnects(self) -> bool:
        """Whether more than its marks is another: then it is tested."""
        if self.before is None:
            return True
        if any(getattr(self.cluster, name) != getattr(self.before, name) for name in CONNECTION):
            return True
        try:
            return self.secrets != secrets_of(self.before)
        except sealing.Unreadable:
            return True


def test(actor: audit.Actor, wanted: Wanted) -> probe.Probe:
    """Test it, and keep in the audit log that somebody had this console connect there."""
    cluster = wanted.before
    with audit.writing(
        actor, "cluster.test", wanted.cluster.name, cluster=cluster, after=facts(wanted.cluster)
    ) as note:
        found = probe.probe(wanted.spec)
        note.reason = found.sentence
    return found


def save(actor: audit.Actor, wanted: Wanted) -> probe.Probe | None:
    """Save it if its test passes; give the test that failed, else None. ConnectionRefused: why not."""
    cluster, before = wanted.cluster, wanted.before
    verb = "cluster.edit" if before is not None else "cluster.add"
    kept = facts(before) if before is not None else None
    with audit.writing(actor, verb, cluster.name, cluster=before, before=kept, after=facts(cluster)) as note:
        if wanted.reconnects:
            found = probe.probe(wanted.spec)
            if not found.passed:
                note.result, note.reason = ConnectionRefused.result, f"the test failed. {found.sentence}"
                return found
            cluster.sealed_secrets = sealing.seal(wanted.secrets, place=place_of(cluster)) if wanted.secrets else ""
            note.after = {**facts(cluster), "secrets": "set" if wanted.secrets else "none"}
        try:
            with transaction.atomic():
                cluster.save()
        except IntegrityError:
            raise ConnectionRefused(f"there is a connection named {cluster.name} already") from None
    return None


def remove(actor: audit.Actor, cluster: Cluster, typed: str) -> None:
    """Forget a connection and the roles on it; ConnectionRefused: why not. In the cluster nothing changes."""
    with audit.writing(actor, "cluster.remove", cluster.name, cluster=cluster, before=facts(cluster)):
        if cluster.embedded:
            raise ConnectionRefused("the built-in cluster is not removed: it runs with this console")
        if typed != cluster.name:
            raise ConnectionRefused(f"type its name, {cluster.name}, exactly")
        cluster.delete()


def facts(cluster: Cluster) -> dict[str, Any]:
    """What the audit log may know of a connection."""
    found = {name: getattr(cluster, name) for name in (*MARKS, *CONNECTION) if name not in CERTIFICATES}
    for name in CERTIFICATES:
        found[name] = "given" if getattr(cluster, name) else "none"
    return found
