"""`manage.py create_token USER`: an API token from the command line; its value is all that stdout gets."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from console.management import database
from console.models import SCOPES, TOKEN_DAYS_MAX, Cluster, User
from console.permissions import clusters_of
from console.services import audit, tokens

VIA = "manage.py create_token"


class Command(BaseCommand):
    """Make a token for somebody, and print it once."""

    help = "Make an API token of USER and print it, this once; the token is all that is written to stdout."
    requires_system_checks: ClassVar[list[str]] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", metavar="USER", help="whose token it is: it never does more than they may")
        parser.add_argument("--scope", choices=list(SCOPES), required=True, help="the most that it may do")
        parser.add_argument(
            "--cluster", metavar="ID", action="append", help="only this cluster, by id or name (may be repeated)"
        )
        parser.add_argument("--expires-days", type=int, metavar="N", help="when it ends (default: never)")
        parser.add_argument("--name", default="command line", help="what it is called (default: %(default)s)")
        parser.add_argument("--data", type=Path, metavar="DIR", help="data directory (read by manage.py itself)")

    def handle(self, *args: Any, **options: Any) -> None:
        database.ready()
        owner = User.objects.filter(username=options["user"]).first()
        if owner is None:
            hint = "" if User.objects.exists() else " Nobody is there yet: `python3 manage.py up` makes admin."
            raise CommandError(f"There is no person called {options['user']}.{hint}")
        days = options["expires_days"]
        if days is not None and not 1 <= days <= TOKEN_DAYS_MAX:
            raise CommandError(f"--expires-days is from 1 to {TOKEN_DAYS_MAX}.")
        chosen = None if options["cluster"] is None else [self.cluster(owner, wanted) for wanted in options["cluster"]]
        role = SCOPES[options["scope"]]
        name = self.free_name(owner, options["name"])
        after = {"scope": options["scope"], "clusters": [c.name for c in chosen] if chosen else "all", "days": days}
        try:
            with audit.writing(audit.Actor(owner, owner.username, VIA), "token.create", name, after=after):
                _, value = tokens.create(owner, name, role, clusters=chosen, days=days)
        except tokens.TokenRefused as refused:
            raise CommandError(f"{refused}.") from None
        self.stdout.write(value)

    def cluster(self, owner: User, wanted: str) -> Cluster:
        """The cluster of this id or name, if the owner sees it."""
        try:
            found = clusters_of(owner).filter(pk=wanted).first()
        except ValidationError:
            found = clusters_of(owner).filter(name=wanted).first()
        if found is None:
            raise CommandError(f"{owner.username} sees no cluster with the id or name {wanted}.")
        return found

    def free_name(self, owner: User, name: str) -> str:
        """The name, numbered if one of that name lives."""
        taken = {token.name for token in tokens.of(owner)}
        names = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
        return next(free for free in names if free not in taken)
