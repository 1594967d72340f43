"""Forms about connections to clusters: how to reach one, how it is marked, and agreeing to its removal.

Invariants:
- A secret that was typed is never in the page again; one that an earlier page carries counts as typed.
- A pass phrase is kept nowhere, not even in the page: the key it opened is.
- A kept secret goes nowhere else than before: who changes where or how to connect types it again.
Not here: keeping, carrying and sealing secrets, the test and the saving (services/connections.py).
"""

import copy
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from console.kafka import private_keys
from console.models import CONNECTION, MARKS, Cluster, Colour, Mechanism, Protocol
from engine.client.config import PEM_CHARACTERS_MAX, parse_bootstrap

PEM = {"required": False, "max_length": PEM_CHARACTERS_MAX, "strip": True}
LOCKED_KEY = "locked_key"  # of a page: one that its pass phrase did not open yet
WHERE = ("bootstrap", "security_protocol", "sasl_mechanism", "ca_certificate")


class MarksForm(forms.Form):
    """What everybody sees of a connection, and whether anything is changed through it."""

    name = forms.CharField(max_length=100, error_messages={"required": "Give it a name."})
    colour = forms.ChoiceField(choices=Colour.choices, initial=Colour.LOCAL)
    read_only = forms.BooleanField(required=False)

    def __init__(self, data: Any = None, *, cluster: Cluster | None = None, **how: Any) -> None:
        if cluster is not None:
            how.setdefault("initial", {name: getattr(cluster, name) for name in MARKS})
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
    def typed(self) -> Cluster:
        """The connection with what was typed, not saved. Valid forms only."""
        assert self.cluster is not None, "marks are of a connection"
        return self._typed_into(copy.copy(self.cluster))

    @property
    def secrets(self) -> dict[str, str]:
        """Marks have none."""
        return {}

    @property
    def typed_secrets(self) -> dict[str, str]:
        """Marks have none."""
        return {}

    def refuse(self, words: str) -> None:
        """Take an error that is found later."""
        self.add_error(None, words)

    def _typed_into(self, cluster: Cluster) -> Cluster:
        for name in MARKS:
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
    pass_phrase = forms.CharField(required=False, max_length=1000, strip=False)  # of the key; used once, never kept

    def __init__(
        self,
        data: Any = None,
        *,
        cluster: Cluster | None = None,
        moves: bool = True,
        kept: Mapping[str, str] | None = None,
        carried: Mapping[str, str] | None = None,
        colour: str = Colour.LOCAL,
    ) -> None:
        """`moves`: whether this person may say where to connect; secrets: those kept, those an earlier page carries.

        `colour` is what a new connection is offered.
        """
        names = (*MARKS, *CONNECTION)
        initial = {name: getattr(cluster, name) for name in names} if cluster is not None else {"colour": colour}
        super().__init__(data, cluster=cluster, initial=initial)
        self.moves, self.kept, self.carried = moves, kept or {}, carried or {}
        self.found: dict[str, str] = {}
        self.fresh: dict[str, str] = {}

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
            asked |= {"ca_certificate": "", "client_certificate": "", "client_key": "", "pass_phrase": ""}
        if signs_in:
            self._need(asked, "sasl_mechanism", "Choose a mechanism.")
            self._need(asked, "sasl_username", "Type the name of a user.")
            self._take_secret("password", asked, "password", "Type the password.")
        opens = self._open_key(asked)
        if has_tls and asked.get("client_certificate"):
            if opens:
                self._take_secret("key", asked, "client_key", "Paste the key of the client certificate.")
        elif has_tls and (asked.get("client_key") or not opens):
            self.add_error("client_certificate", "Paste the certificate of this key too.")
        return asked

    def refuse(self, words: str) -> None:
        """An error at the field that these words are about: certificates and keys are tried out elsewhere."""
        field = "ca_certificate" if "CA certificate" in words else "client_certificate"
        self.add_error(field, f"{words[:1].upper()}{words[1:]}.")

    @property
    def typed(self) -> Cluster:
        """The connection as it was typed, not saved. Valid forms only."""
        cluster = copy.copy(self.cluster) if self.cluster is not None else Cluster()
        for name in CONNECTION:
            setattr(cluster, name, self.cleaned_data[name])
        return self._typed_into(cluster)

    @property
    def secrets(self) -> dict[str, str]:
        """The password and the key that this connection has: typed, carried or kept."""
        return self.found

    @property
    def typed_secrets(self) -> dict[str, str]:
        """Those of them that somebody typed: a kept one that a page carried would count as typed, and go anywhere."""
        return self.fresh

    @property
    def has_password(self) -> bool:
        """For the words in the field."""
        return "password" in {**self.found, **self.kept}

    @property
    def has_key(self) -> bool:
        """For the words in the field."""
        return "key" in {**self.found, **self.kept}

    def _open_key(self, asked: dict[str, Any]) -> bool:
        """Make the key one without its pass phrase; False if it does not open: then the page carries it as it is."""
        key, phrase = asked.get("client_key") or self.carried.get(LOCKED_KEY) or "", asked.get("pass_phrase") or ""
        if not key and phrase and "client_key" not in self.errors:
            self.add_error("client_key", "Paste the key too that this pass phrase opens.")
        if not key or not (phrase or private_keys.is_locked(key)):
            return True
        try:
            asked["client_key"] = private_keys.opened(key, phrase)
        except ValueError as error:
            self.add_error("pass_phrase", str(error))
            self.fresh[LOCKED_KEY] = key
            return False
        return True

    @property
    def has_locked_key(self) -> bool:
        """For the words in the field: it waits for its pass phrase."""
        return LOCKED_KEY in self.fresh

    def _need(self, asked: dict[str, Any], name: str, words: str) -> None:
        if not asked.get(name) and name not in self.errors:
            self.add_error(name, words)

    def _take_secret(self, key: str, asked: dict[str, Any], field: str, words: str) -> None:
        found = asked.get(field) or self.carried.get(key)
        if found:
            self.fresh[key] = found
        elif key in self.kept:
            moved = [name for name in WHERE if asked.get(name) != getattr(self.cluster, name)]
            if moved and field not in self.errors:
                self.add_error(field, "Type it again: what is kept would go to another place, or by another way.")
            found = self.kept[key]
        if found:
            self.found[key] = found
        elif field not in self.errors:
            self.add_error(field, words)
