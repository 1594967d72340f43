"""`manage.py add_cluster NAME BOOTSTRAP`: what the page "Add a cluster" does, for scripts and set-ups.

The password comes from ODRADEK_CLUSTER_PASSWORD or as a line of the standard input, never from the command line: that
everybody on the machine can read. The pass phrase of a key comes from ODRADEK_KEY_PASS_PHRASE, or is asked for. The
connection is tested first, and saved only if all five steps pass.
"""

import getpass
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.forms.connections import ConnectionForm
from console.kafka import private_keys
from console.management import database
from console.models import Colour, Mechanism, Protocol
from console.services import audit, connections
from console.services.clusters import next_colour

PASSWORD_VARIABLE = "ODRADEK_CLUSTER_PASSWORD"  # noqa: S105 - the name of a variable
PHRASE_VARIABLE = "ODRADEK_KEY_PASS_PHRASE"
OPTIONS = {
    "name": "NAME", "bootstrap": "BOOTSTRAP", "security_protocol": "--security-protocol", "sasl_username": "--user",
    "sasl_mechanism": "--sasl-mechanism", "password": PASSWORD_VARIABLE, "ca_certificate": "--ca", "colour": "--colour",
    "client_certificate": "--certificate", "client_key": "--key",
    "pass_phrase": PHRASE_VARIABLE,
}  # fmt: skip


class Command(BaseCommand):
    """Add a connection to a Kafka cluster, once its test passes."""

    help = (
        "Add a connection to a Kafka cluster, once its test passes. The password is read from "
        f"{PASSWORD_VARIABLE}, or else from the standard input; the pass phrase of a key that has one is read from "
        f"{PHRASE_VARIABLE}, or else asked for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what the console calls it")
        parser.add_argument("bootstrap", help="host:port, several separated by commas")
        parser.add_argument("--data", type=Path, metavar="DIR", help="data directory (read by manage.py itself)")
        parser.add_argument("--security-protocol", choices=Protocol.values, help="default: by the other options")
        parser.add_argument("--sasl-mechanism", choices=Mechanism.values, default=Mechanism.SCRAM_512.value)
        parser.add_argument("--user", default="", help="who signs in (SASL)")
        parser.add_argument("--ca", type=Path, metavar="FILE", help="the CA's certificate, PEM")
        parser.add_argument("--certificate", type=Path, metavar="FILE", help="the client's certificate, PEM")
        parser.add_argument("--key", type=Path, metavar="FILE", help=f"its key, PEM ({PHRASE_VARIABLE} opens it)")
        parser.add_argument("--colour", choices=Colour.values, help="default: the one that the fewest have")
        parser.add_argument("--read-only", action="store_true", help="nothing in the cluster is changed from here")

    def handle(self, *args: Any, **options: Any) -> None:
        database.ready()
        form = ConnectionForm(self._typed(options))
        wanted = connections.wanted(form, None)
        if wanted is None:
            field, words = next(iter(form.errors.items()))
            raise CommandError(f"{OPTIONS.get(field, field)}: {words[0]}")
        actor = audit.Actor(None, _login(), "command")
        try:
            failed = connections.save(actor, wanted)
        except connections.ConnectionRefused as refused:
            raise CommandError(f"Nothing was saved: {refused}.") from None
        if failed is not None:
            step = failed.failed
            assert step is not None, "a test that failed has a step that did"
            number = failed.stopped_at
            words = f"Nothing was saved: step {number} of {len(failed.steps)} failed. {step.title}: {step.detail}."
            raise CommandError(f"{words} {step.remedy}".strip())
        self.stdout.write(f"{wanted.cluster.name} is added: {wanted.cluster.how_reached}.")

    def _typed(self, options: dict[str, Any]) -> dict[str, Any]:
        """The options as the form wants them."""
        protocol = options["security_protocol"] or _protocol(options)
        signs_in, key = protocol.startswith("SASL_"), _text(options["key"])
        typed = {
            "name": options["name"],
            "bootstrap": options["bootstrap"],
            "colour": options["colour"] or next_colour(),
            "security_protocol": protocol,
            "sasl_mechanism": options["sasl_mechanism"],
            "sasl_username": options["user"],
            "password": _password() if signs_in else "",
            "ca_certificate": _text(options["ca"]),
            "client_certificate": _text(options["certificate"]),
            "client_key": key,
            "pass_phrase": _phrase() if private_keys.is_locked(key) else "",
        }
        if options["user"] and not signs_in:
            raise CommandError(f"--user: {protocol} has no sign-in; choose SASL_SSL or SASL_PLAINTEXT.")
        for name in ("ca", "certificate", "key"):
            if options[name] and not protocol.endswith("SSL"):
                raise CommandError(f"--{name}: {protocol} has no TLS; choose SSL or SASL_SSL.")
        return typed | ({"read_only": "on"} if options["read_only"] else {})


def _protocol(options: dict[str, Any]) -> str:
    tls = bool(options["ca"] or options["certificate"])
    if options["user"]:
        return (Protocol.SASL_SSL if tls else Protocol.SASL_PLAINTEXT).value
    return (Protocol.SSL if tls else Protocol.PLAINTEXT).value


def _password() -> str:
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\r\n")


def _phrase() -> str:
    given = os.environ.get(PHRASE_VARIABLE, "")
    return given if given or not sys.stdin.isatty() else getpass.getpass("Pass phrase of the key: ")


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no PEM text"
        raise CommandError(f"{path}: {reason}") from None


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "somebody at the command line"
