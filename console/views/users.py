"""People of this installation: found, made, promoted, let go.

*Not here*: rules of it (services/accounts.py), roles on one cluster (members.py), invite links (invites.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.forms.accounts import ClusterRoleForm, KindForm, PersonForm
from console.models import KINDS, Cluster, ConsoleSession, Membership, Role, User
from console.permissions import check_administrator
from console.services import accounts, audit, memberships, sessions, tokens
from console.views.page_numbers import page_numbers

PAGE_SIZE = 50
ROLES_LISTED_MAX = 200


@dataclass(frozen=True, slots=True)
class UserListPage:
    """Context of console/access/users.html."""

    people: Page
    query: str
    place: str = "users"
    cluster: None = None

    @property
    def numbers(self) -> list[int]:
        """Pages that are named; 0 stands for a gap."""
        return page_numbers(self.people.number, self.people.paginator.num_pages)


@dataclass(frozen=True, slots=True)
class UserNewPage:
    """Context of console/access/user_new.html."""

    form: PersonForm
    refused: str = ""
    person: User | None = None  # who was made
    password: str = ""  # theirs, this once
    place: str = "users"
    cluster: None = None


@dataclass(frozen=True, slots=True)
class UserDetailPage:
    """Context of console/access/user_detail.html."""

    person: User
    kind: str
    roles: list[Membership]
    sessions: int
    tokens: int
    addable: list[Cluster]  # clusters on which they have no role
    refused: str = ""
    password: str = ""  # a new one, this once
    place: str = "users"
    cluster: None = None
    kinds = tuple(KINDS.items())
    role_choices = tuple(Role.choices)


@require_safe
def user_list(request: HttpRequest) -> HttpResponse:
    """All people, searched by a part of their name."""
    check_administrator(request.user)
    query = request.GET.get("q", "").strip()[:150].replace("\0", "")
    people = User.objects.filter(username__icontains=query).annotate(roles=Count("memberships")).order_by("username")
    page = UserListPage(people=Paginator(people, PAGE_SIZE).get_page(request.GET.get("page")), query=query)
    template = "console/access/users.html"
    return render(request, f"{template}#rows" if request.htmx.target == "rows" else template, {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def user_new(request: HttpRequest) -> HttpResponse:
    """Make a person with a password that is shown once."""
    check_administrator(request.user)
    form = PersonForm(request.POST if request.method == "POST" else None, initial={"kind": "person"})
    page = UserNewPage(form=form)
    if request.method == "POST":
        page = _made(request, form) if form.is_valid() else page
    status = 409 if request.method == "POST" and page.person is None else 200
    return render(request, "console/access/user_new.html", {"page": page}, status=status)


def _made(request: HttpRequest, form: PersonForm) -> UserNewPage:
    name, kind = form.cleaned_data["name"], form.cleaned_data["kind"]
    password = accounts.new_password()
    try:
        with audit.writing(audit.actor_of(request), "user.create", name, after={"kind": kind}):
            person = accounts.create(name, kind, password)
    except accounts.AccountRefused as refused:
        return UserNewPage(form=form, refused=str(refused))
    return UserNewPage(form=form, person=person, password=password)


@require_safe
def user_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: what they are, their roles, whether they may sign in."""
    check_administrator(request.user)
    return _detail(request, get_object_or_404(User, pk=pk))


@require_POST
def user_kind(request: HttpRequest, pk: int) -> HttpResponse:
    """Make somebody an administrator, a learner, or neither."""
    check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    form = KindForm(request.POST)
    if not form.is_valid():
        return _detail(request, person, refused="choose what they are")
    before, after = {"kind": accounts.kind_of(person)}, {"kind": form.cleaned_data["kind"]}

    def change(note: audit.Note) -> str:
        accounts.set_kind(request.user, person, after["kind"])
        return f"{person.username} is now {after['kind']}."

    return _changed(request, person, "user.change_kind", change, before=before, after=after)


@require_POST
def user_active(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate somebody, or activate them again."""
    check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    active = request.POST.get("active") == "1"

    def change(note: audit.Note) -> str:
        accounts.set_active(request.user, person, active=active)
        return f"{person.username} may sign in again." if active else f"{person.username} is signed out and stays out."

    action = "user.activate" if active else "user.deactivate"
    return _changed(request, person, action, change, before={"active": person.is_active}, after={"active": active})


@require_POST
def user_sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    """End all sessions of somebody."""
    check_administrator(request.user)
    says = "{} is signed out everywhere."
    return _all_ended(request, pk, "session.end_all", counted="ended", end_all=sessions.end_all, says=says)


@require_POST
def user_tokens(request: HttpRequest, pk: int) -> HttpResponse:
    """Close all tokens of somebody for good."""
    check_administrator(request.user)
    says = "No token of {} opens anything any more."
    return _all_ended(request, pk, "token.revoke_all", counted="revoked", end_all=tokens.revoke_all, says=says)


@require_POST
def user_password(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a new password, shown once."""
    check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    if person.pk == request.user.pk:
        return _detail(request, person, refused="your own password is changed on your account page")
    with audit.writing(audit.actor_of(request), "user.replace_password", person.username):
        password = accounts.replace_password(person)
    return _detail(request, person, password=password)


@require_POST
def user_role(request: HttpRequest, pk: int) -> HttpResponse:
    """Give somebody a role on a cluster where they have none."""
    check_administrator(request.user)
    person = get_object_or_404(User, pk=pk)
    form = ClusterRoleForm(request.POST)
    if not form.is_valid():
        return _detail(request, person, refused="choose a cluster and a role")
    cluster, role = form.cleaned_data["cluster"], Role(int(form.cleaned_data["role"]))
    after = {"role": role.label}

    def change(note: audit.Note) -> str:
        memberships.add(cluster, person, role)
        return f"{person.username} is {role.label} of {cluster.name}."

    return _changed(request, person, "member.add", change, after=after, cluster=cluster)


def _all_ended(
    request: HttpRequest, pk: int, action: str, *, counted: str, end_all: Callable[[User], int], says: str
) -> HttpResponse:
    """Everything of one kind that somebody has is ended; the audit log has how many."""
    person = get_object_or_404(User, pk=pk)

    def change(note: audit.Note) -> str:
        note.after = {counted: end_all(person)}
        return says.format(person.username)

    return _changed(request, person, action, change)


def _changed(
    request: HttpRequest, person: User, action: str, change: Callable[[audit.Note], str], **noted: object
) -> HttpResponse:
    """Do it inside the audit log; then back to the person, or why it was not done."""
    try:
        with audit.writing(audit.actor_of(request), action, person.username, **noted) as note:
            words = change(note)
    except audit.Refusal as refused:
        return _detail(request, User.objects.get(pk=person.pk), refused=str(refused))
    messages.success(request, words)
    return redirect("console:user-detail", pk=person.pk)


def _detail(request: HttpRequest, person: User, *, refused: str = "", password: str = "") -> HttpResponse:
    roles = list(person.memberships.select_related("cluster").order_by("cluster__name")[:ROLES_LISTED_MAX])
    addable = Cluster.objects.exclude(memberships__user=person)[:ROLES_LISTED_MAX]
    page = UserDetailPage(
        person=person,
        kind=accounts.kind_of(person),
        roles=roles,
        sessions=ConsoleSession.objects.filter(user=person).count(),
        tokens=tokens.living(person).count(),
        addable=[] if person.is_superuser or person.is_learner else list(addable),
        refused=refused,
        password=password,
    )
    return render(request, "console/access/user_detail.html", {"page": page}, status=409 if refused else 200)
