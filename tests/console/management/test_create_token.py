from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from console.models import ApiToken, AuditEntry, Cluster, Role


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_only_the_token_is_printed_and_it_works(cast):
    value = run("vera", "--scope", "read")
    assert value.startswith("odradek_") and value.count("\n") == 1 and " " not in value
    assert Client().get("/v3/clusters", headers={"Authorization": f"Bearer {value.strip()}"}).status_code == 200
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user_name, entry.via) == ("token.create", "vera", "manage.py create_token")


def test_scope_cluster_and_days_are_what_was_asked_for(cast):
    run("otto", "--scope", "write", "--cluster", str(cast.cluster.pk), "--expires-days", "7")
    run("otto", "--scope", "admin", "--cluster", "orders-eu")
    second, first = ApiToken.objects.all()
    assert (first.role, first.every_cluster, list(first.clusters.all())) == (Role.OPERATOR, False, [cast.cluster])
    assert (first.expires_at - first.created_at).days in (6, 7) and second.expires_at is None
    assert (first.name, second.name) == ("command line", "command line 2")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody", "--scope", "read"], "There is no person called nobody."),
        (["vera", "--scope", "read", "--cluster", "other"], "vera sees no cluster with the id or name other."),
        (["vera", "--scope", "read", "--expires-days", "0"], "--expires-days is from 1 to 3650."),
        (["lea", "--scope", "read"], "a learner has no cluster that a token could open."),
    ],
)
def test_what_cannot_be_is_said_in_one_line(cast, arguments, words):
    Cluster.objects.create(name="other", bootstrap="h:1")
    with pytest.raises(CommandError, match=words):
        run(*arguments)
    assert not ApiToken.objects.exists()


@pytest.mark.django_db
def test_where_nobody_is_yet_it_says_what_makes_somebody():
    with pytest.raises(CommandError, match="Nobody is there yet"):
        run("admin", "--scope", "admin")
