"""Adding, editing and removing connections: each tested before it is saved, each in the audit log, secrets in neither.

Invariants:
- Where to connect or as whom is saved only after a test of exactly that has passed. Name, colour and the read-only
  switch need none. The embedded cluster's address is its supervisor's, and it is never removed.
- A secret that a page carries opens for the same person and connection, for an hour, and nowhere else.
- Secrets are sealed before they reach the database; the audit log says that one was set, never what.
Not here: who may (permissions.py, the views), what a form looks like (forms/connections.py).
"""

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import IntegrityError, transaction

from console.kafka import probe
from console.kafka.connection import ConnectionSpec, check_spec
from console.models import CONNECTION, MARKS, Cluster
from console.services import audit, sealing
from console.services.clusters import place_of, secrets_of, spec_of

CARRIED_S = 3600
CARRIED_MAX = 100_000
CHANGED = "somebody else changed this connection meanwhile; what you typed is still here, look before you save it"
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
        return self.secrets != kept(self.before)


class Typed(Protocol):
    """What a form (forms/connections.py) says of a connection."""

    secrets: dict[str, str]

    def is_valid(self) -> bool:
        """Whether it can be used."""

    @property
    def typed(self) -> Cluster:
        """The connection, unsaved."""

    def refuse(self, words: str) -> None:
        """Take an error that is found here."""


def wanted(form: Typed, before: Cluster | None) -> Wanted | None:
    """What a form wants; None if it is not valid, with its errors in the form."""
    if not form.is_valid():
        return None
    found = Wanted(form.typed, dict(form.secrets), before)
    try:
        check_spec(found.spec)
    except ValueError as error:
        form.refuse(str(error))
        return None
    return found


def kept(cluster: Cluster | None) -> dict[str, str]:
    """The secrets of a connection; none if they do not open: then they are typed again."""
    try:
        return secrets_of(cluster) if cluster is not None else {}
    except sealing.Unreadable:
        return {}


def carry(secrets: dict[str, str], *, person: int, cluster: Cluster | None) -> str:
    """Secrets that a page carries from a test to the save, so that nobody types them twice; "" for none.

    Sealed, and opened again for an hour, for the same person and connection only.
    """
    if not secrets:
        return ""
    return sealing.seal({**secrets, "until": str(int(time.time()) + CARRIED_S)}, place=_page_of(person, cluster))


def carried(sealed: str, *, person: int, cluster: Cluster | None) -> dict[str, str]:
    """What a page carries; nothing if that is too old, another's, or no seal of ours."""
    if not sealed or len(sealed) > CARRIED_MAX:
        return {}
    try:
        found = sealing.unseal(sealed, place=_page_of(person, cluster))
    except sealing.Unreadable:
        return {}
    return found if int(found.pop("until", "0")) >= time.time() else {}


def _page_of(person: int, cluster: Cluster | None) -> str:
    return f"page:{person}:{cluster.pk if cluster is not None else 'new'}"


def test(actor: audit.Actor, wanted: Wanted) -> probe.Probe:
    """Test it, and keep in the audit log that somebody had this console connect there."""
    cluster = wanted.before
    with audit.writing(
        actor, "cluster.test", wanted.cluster.name, cluster=cluster, after=facts(wanted.cluster)
    ) as note:
        found = probe.probe(wanted.spec)
        note.reason = found.sentence
        if not found.passed:
            note.result = ConnectionRefused.result
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
                _check_unchanged(before)
                cluster.save()
        except IntegrityError:
            raise ConnectionRefused(f"there is a connection named {cluster.name} already") from None
    return None


def _check_unchanged(before: Cluster | None) -> None:
    """A test takes seconds, and to save writes the whole row: nobody's change of that time may be lost in it."""
    if before is None:
        return
    now = Cluster.objects.filter(pk=before.pk).first()
    if now is None:
        raise ConnectionRefused("somebody else removed this connection meanwhile")
    if mark_of(now) != mark_of(before):
        raise ConnectionRefused(CHANGED)


def remove(actor: audit.Actor, cluster: Cluster, typed: str) -> None:
    """Forget a connection and the roles on it; ConnectionRefused: why not. In the cluster nothing changes."""
    with audit.writing(actor, "cluster.remove", cluster.name, cluster=cluster, before=facts(cluster)):
        if cluster.embedded:
            raise ConnectionRefused("the built-in cluster is not removed: it runs with this console")
        if typed != cluster.name:
            raise ConnectionRefused(f"type its name, {cluster.name}, exactly")
        cluster.delete()


def mark_of(cluster: Cluster) -> str:
    """Another one when anything of the connection is another: what a page was made from."""
    parts = [str(getattr(cluster, name)) for name in (*MARKS, *CONNECTION, "sealed_secrets")]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def facts(cluster: Cluster) -> dict[str, Any]:
    """What the audit log may know of a connection."""
    found = {name: getattr(cluster, name) for name in (*MARKS, *CONNECTION) if name not in CERTIFICATES}
    for name in CERTIFICATES:
        found[name] = "given" if getattr(cluster, name) else "none"
    return found
