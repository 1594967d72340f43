"""Connections to Kafka clusters.

*Invariants*: the id is random and is what addresses carry; Kafka's own cluster id is an attribute that two
connections may share. At most one connection is to the embedded cluster.
Secrets are sealed (services/sealing.py); nothing here shows one.
*Not here*: what is in a cluster (console.kafka asks it), who may see it (membership.py).
"""

import secrets
import uuid
from typing import ClassVar

from django.db import models

MARKS = ("name", "colour", "read_only")  # what everybody sees of a connection
CONNECTION = (  # where, how and as whom
    "bootstrap", "security_protocol", "sasl_mechanism", "sasl_username", "ca_certificate", "client_certificate",
)  # fmt: skip


def random_id() -> uuid.UUID:
    """Return 128 random bits: an address that cannot be guessed."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


class Colour(models.TextChoices):
    """The stripe beside a cluster's name; never a health hue."""

    LOCAL = "local", "grey"
    PRODUCTION = "production", "violet"
    STAGING = "staging", "blue"


class Protocol(models.TextChoices):
    """Kafka's security.protocol: whether there is TLS, and whether one signs in."""

    PLAINTEXT = "PLAINTEXT", "PLAINTEXT: no TLS, no sign-in"
    SSL = "SSL", "SSL: TLS, no sign-in"
    SASL_PLAINTEXT = "SASL_PLAINTEXT", "SASL_PLAINTEXT: sign-in without TLS"
    SASL_SSL = "SASL_SSL", "SASL_SSL: sign-in over TLS"


class Mechanism(models.TextChoices):
    """Kafka's sasl.mechanism."""

    SCRAM_512 = "SCRAM-SHA-512", "SCRAM-SHA-512"
    SCRAM_256 = "SCRAM-SHA-256", "SCRAM-SHA-256"
    PLAIN = "PLAIN", "PLAIN"


class Cluster(models.Model):
    """One connection: a name, where and how to reach it, how it is marked."""

    id = models.UUIDField(primary_key=True, default=random_id, editable=False)
    name = models.CharField(max_length=100, unique=True)
    bootstrap = models.CharField(max_length=1000, help_text="host:port, comma separated")
    # Set for sandboxes alone, by the service that makes them: no form has it.
    unix_path = models.CharField(max_length=120, blank=True, default="", editable=False)
    embedded = models.BooleanField(default=False, help_text="the cluster that `manage.py up` runs")
    colour = models.CharField(max_length=20, choices=Colour.choices, default=Colour.LOCAL)
    read_only = models.BooleanField(default=False, help_text="nothing in the cluster is changed from here")
    security_protocol = models.CharField(max_length=20, choices=Protocol.choices, default=Protocol.PLAINTEXT)
    sasl_mechanism = models.CharField(max_length=20, choices=Mechanism.choices, blank=True)
    sasl_username = models.CharField(max_length=300, blank=True)
    ca_certificate = models.TextField(blank=True, help_text="PEM; empty: the CAs that the system trusts")
    client_certificate = models.TextField(blank=True, help_text="PEM, with the chain")
    sealed_secrets = models.TextField(blank=True, editable=False, help_text="password and key, encrypted")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Listed by name; one embedded cluster at most."""

        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["embedded"], condition=models.Q(embedded=True), name="one_embedded_cluster")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def has_tls(self) -> bool:
        """Whether it is reached by TLS."""
        return self.security_protocol in (Protocol.SSL, Protocol.SASL_SSL)

    @property
    def has_sasl(self) -> bool:
        """Whether one signs in."""
        return self.security_protocol in (Protocol.SASL_PLAINTEXT, Protocol.SASL_SSL)

    @property
    def how_reached(self) -> str:
        """How in words: "SASL SCRAM-SHA-512 over TLS"."""
        if self.has_sasl:
            return f"SASL {self.sasl_mechanism}{' over TLS' if self.has_tls else ', not encrypted'}"
        if self.has_tls:
            return "client certificate over TLS" if self.client_certificate else "TLS"
        return "plaintext"
