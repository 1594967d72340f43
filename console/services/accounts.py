"""People: who there are, what they are, whether they may sign in.

*Invariants*: a generated password is returned once and kept only as a hash; there is always an active administrator;
nobody locks themselves out; a learner is a member of no cluster.
*Not here*: forms and pages (views/users.py), sign-in limits (sign_ins.py), roles on clusters (memberships.py).
"""

import secrets
from typing import Literal

from django.db import IntegrityError, transaction

from console.models import User
from console.services import sessions
from console.services.audit import Refusal

Kind = Literal["person", "administrator", "learner"]


class AccountRefused(Refusal):
    """Nothing was changed, and why."""


def ensure_admin() -> str | None:
    """Make the first administrator, `admin`; return its password, or None when there is an administrator."""
    with transaction.atomic():
        if User.objects.filter(is_superuser=True).exists():
            return None
        password = new_password()
        User.objects.create_superuser("admin", password=password)
    return password


def new_password() -> str:
    """One that nobody guesses and everybody can copy."""
    return secrets.token_urlsafe(15)


def kind_of(user: User) -> Kind:
    """What somebody is in this installation."""
    return "administrator" if user.is_superuser else "learner" if user.is_learner else "person"


def create(name: str, kind: Kind, password: str) -> User:
    """Make a person who can sign in."""
    name = User.normalize_username(name)  # Django does so when it makes them: what looks like a name is that name
    if User.objects.filter(username__iexact=name).exists():
        raise AccountRefused(f"there is already a person called {name}")
    try:
        with transaction.atomic():
            administers = kind == "administrator"
            return User.objects.create_user(
                name, password=password, is_superuser=administers, is_staff=administers, is_learner=kind == "learner"
            )
    except IntegrityError:
        raise AccountRefused(f"there is already a person called {name}") from None


def set_kind(by: User, person: User, kind: Kind) -> None:
    """Make somebody an administrator, a learner, or neither."""
    with transaction.atomic():
        person.refresh_from_db()  # the transactions of two who do this at once come one after the other
        if kind != "administrator":
            _check_not_needed(by, person, "made less than an administrator")
        if kind == "learner" and (count := person.memberships.count()):
            words = "a cluster" if count == 1 else f"{count} clusters"
            raise AccountRefused(
                f"learners are members of no cluster, and {person.username} is of {words}: remove that first"
            )
        person.is_superuser = person.is_staff = kind == "administrator"
        person.is_learner = kind == "learner"
        person.save(update_fields=["is_superuser", "is_staff", "is_learner"])


def set_active(by: User, person: User, *, active: bool) -> None:
    """Let somebody sign in, or end all their sessions and let them in no more; their tokens sleep meanwhile."""
    with transaction.atomic():
        person.refresh_from_db()
        if not active:
            _check_not_needed(by, person, "deactivated")
            sessions.end_all(person)
        person.is_active = active
        person.save(update_fields=["is_active"])


def replace_password(person: User) -> str:
    """Give somebody a new password, returned this once; their sessions end."""
    password = new_password()
    with transaction.atomic():
        person.set_password(password)
        person.save(update_fields=["password"])
        sessions.end_all(person)
    return password


def _check_not_needed(by: User, person: User, what: str) -> None:
    if not (person.is_superuser and person.is_active):
        return
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=person.pk)
    if not others.exists():
        raise AccountRefused(f"the last administrator, {person.username}, cannot be {what}")
    if by.pk == person.pk:
        raise AccountRefused(f"that is you: another administrator has to do it, lest you are {what} by accident")
