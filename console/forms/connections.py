"""Forms about connections to clusters: how to reach one, how it is marked, and agreeing to its removal.

Invariants:
- A secret that was typed is never in the page again. So that nobody types it twice between test and save, the page
  carries it sealed, readable for an hour, for this person and this connection only.
- A kept secret goes nowhere else than before: who changes where or how to connect types it again.
Not here: the test and the saving (services/connections.py).
"""

import copy
import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.kafka.connection import check_spec
from console.models import Cluster, Colour, Mechanism, Protocol
from console.services import sealing
from console.services.clusters import secrets_of
from console.services.connections import CONNECTION, Wanted
from engine.client.config import PEM_CHARACTERS_MAX, parse_bootstrap

CARRIED_S = 3600
PEM = {"required": False, "max_length": PEM_CHARACTERS_MAX, "strip": True}
WHERE = ("bootstrap", "security_protocol", "sasl_mechanism", "ca_certificate")


class MarksForm(forms.Form):
    """What everybody sees of a connection, and whether anything is changed through it."""

    name = forms.CharField(max_length=100, error_messages={"required": "Give it a name."})
    colour = forms.ChoiceField(choices=Colour.choices, initial=Colour.LOCAL)
    read_only = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, cluster: Cluster | None = None, **how: Any) -> None:
        if cluster is not None:
            how.setdefault("initial", {name: getattr(cluster, name) for name in ("name", "colour", "read_only")})
        super().__init__(data, **how)
        self.cluster = cluster

    def clean_name(self) -> str:
        """One that can be read, and that no other connection has."""
        name = str(self.cleaned_data["name"])
        if not name.isprintable():
            raise ValidationError("A name has no line breaks and no control characters.")
        others = Cluster.objects.filter(name__iexact=name)
        if self.cluster is not None:
            others = others.exclude(pk=self.cluster.pk)
        if others.exists():
            raise ValidationError(f"There is a connection named {name} already.")
        return name

    @property
    def wanted(self) -> Wanted:
        """The connection with what was typed. Valid forms only."""
        assert self.cluster is not None, "marks are of a connection"
        return Wanted(self._typed_into(copy.copy(self.cluster)), {}, self.cluster)

    def _typed_into(self, cluster: Cluster) -> Cluster:
        for name in ("name", "colour", "read_only"):
            setattr(cluster, name, self.cleaned_data[name])
        return cluster


class ConnectionForm(MarksForm):
    """A whole connection."""

    bootstrap = forms.CharField(max_length=1000, error_messages={"required": "Write host:port of a broker."})
    security_protocol = forms.ChoiceField(choices=Protocol.choices, initial=Protocol.PLAINTEXT)
    sasl_mechanism = forms.ChoiceField(choices=Mechanism.choices, initial=Mechanism.SCRAM_512, required=False)
    sasl_username = forms.CharField(required=False, max_length=300)
    password = forms.CharField(required=False, max_length=2000, strip=False)
    ca_certificate = forms.CharField(**PEM)
    client_certificate = forms.CharField(**PEM)
    client_key = forms.CharField(**PEM)
    carried = forms.CharField(required=False, max_length=100_000)

    def __init__(
        self, data: Any = None, *, cluster: Cluster | None = None, user_id: int = 0, moves: bool = True
    ) -> None:
        """`moves`: whether this person may say where to connect."""
        names = ("name", "colour", "read_only", *CONNECTION)
        initial = {name: getattr(cluster, name) for name in names} if cluster is not None else {}
        super().__init__(data, cluster=cluster, initial=initial)
        self.user_id, self.moves = user_id, moves
        self.secrets: dict[str, str] = {}
        self.kept = self._kept()

    def clean_bootstrap(self) -> str:
        """host:port, host:port."""
        try:
            found = ",".join(parse_bootstrap(self.cleaned_data["bootstrap"]))
        except ValueError as error:
            raise ValidationError(f"{str(error)[:300]}.") from None
        if not self.moves and (self.cluster is None or found != self.cluster.bootstrap):
            raise ValidationError("Only an administrator of this installation says where it connects to.")
        return found

    def clean(self) -> dict[str, Any]:
        """Only what the protocol needs stays, all that it needs is there, and it can be used."""
        asked: dict[str, Any] = self.cleaned_data
        protocol = asked.get("security_protocol", "")
        signs_in, has_tls = protocol.startswith("SASL_"), protocol.endswith("SSL")
        if not signs_in:
            asked |= {"sasl_mechanism": "", "sasl_username": "", "password": ""}
        if not has_tls:
            asked |= {"ca_certificate": "", "client_certificate": "", "client_key": ""}
        carried = self._carried(asked.get("carried", ""))
        if signs_in:
            self._need(asked, "sasl_mechanism", "Choose a mechanism.")
            self._need(asked, "sasl_username", "Type the name of a user.")
            self._take_secret("password", asked, "password", carried, "Type the password.")
        if has_tls and asked.get("client_certificate"):
            self._take_secret("key", asked, "client_key", carried, "Paste the key of the client certificate.")
        elif has_tls and asked.get("client_key"):
            self.add_error("client_certificate", "Paste the certificate of this key too.")
        if not self.errors:
            self._check_usable()
        return asked

    @property
    def wanted(self) -> Wanted:
        """The connection as it was typed."""
        cluster = copy.copy(self.cluster) if self.cluster is not None else Cluster()
        for name in CONNECTION:
            setattr(cluster, name, self.cleaned_data[name])
        return Wanted(self._typed_into(cluster), self.secrets, self.cluster)

    @property
    def carries(self) -> str:
        """What was typed as a secret, sealed, for the next page of the same person."""
        if not self.secrets:
            return ""
        return sealing.seal({**self.secrets, "until": str(int(time.time()) + CARRIED_S)}, place=self._place)

    def has(self, name: str) -> bool:
        """Whether a secret is there already, typed or kept."""
        return name in self.secrets or name in self.kept

    @property
    def has_password(self) -> bool:
        """For the words in the field."""
        return self.has("password")

    @property
    def has_key(self) -> bool:
        """For the words in the field."""
        return self.has("key")

    def _need(self, asked: dict[str, Any], name: str, words: str) -> None:
        if not asked.get(name) and name not in self.errors:
            self.add_error(name, words)

    def _take_secret(self, key: str, asked: dict[str, Any], field: str, carried: dict[str, str], words: str) -> None:
        found = asked.get(field) or carried.get(key)
        if not found and key in self.kept:
            moved = [name for name in WHERE if asked.get(name) != getattr(self.cluster, name)]
            if moved and field not in self.errors:
                self.add_error(field, "Type it again: what is kept would go to another place, or by another way.")
            found = self.kept[key]
        if found:
            self.secrets[key] = found
        elif field not in self.errors:
            self.add_error(field, words)

    def _check_usable(self) -> None:
        try:
            check_spec(self.wanted.spec)
        except ValueError as error:
            words = str(error)
            field = "ca_certificate" if "CA certificate" in words else "client_certificate"
            self.add_error("client_key" if "pass phrase" in words else field, f"{words[:1].upper()}{words[1:]}.")

    @property
    def _place(self) -> str:
        return f"form:{self.user_id}:{self.cluster.pk if self.cluster is not None else 'new'}"

    def _carried(self, sealed: str) -> dict[str, str]:
        """What an earlier page carries; nothing if that is too old, or another's."""
        if not sealed:
            return {}
        try:
            found = sealing.unseal(sealed, place=self._place)
        except sealing.Unreadable:
            return {}
        return found if int(found.pop("until", "0")) >= time.time() else {}

    def _kept(self) -> dict[str, str]:
        try:
            return secrets_of(self.cluster) if self.cluster is not None else {}
        except sealing.Unreadable:
            return {}
