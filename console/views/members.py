"""Members of one cluster, and their roles: for admins of the cluster.

*Not here*: rules of it (services/memberships.py), people (users.py).
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST

from console.forms.accounts import MemberForm, RoleForm
from console.models import Cluster, Membership, Role, User
from console.permissions import ADMINISTER, administers_installation, cluster_for
from console.services import audit, memberships

LISTED_MAX = 500


@dataclass(frozen=True, slots=True)
class MemberListPage:
    """Context of console/access/members.html."""

    cluster: Cluster
    members: list[Membership]
    administrators: list[str]  # who may do everything here without being a member
    form: MemberForm
    refused: str = ""
    place: str = "members"
    role_choices = tuple(Role.choices)


@require_http_methods(["GET", "HEAD", "POST"])
def member_list(request: HttpRequest, cluster_id: uuid.UUID) -> HttpResponse:
    """Who has which role; with POST one more."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)
    form = MemberForm(request.POST if request.method == "POST" else None, initial={"role": Role.VIEWER})
    if request.method != "POST":
        return _listed(request, cluster, form)
    if not form.is_valid():
        return _listed(request, cluster, form, status=409)
    name, role = form.cleaned_data["name"], Role(int(form.cleaned_data["role"]))
    try:
        actor = audit.actor_of(request)
        with audit.writing(actor, "member.add", name, cluster=cluster, after={"role": role.label}):
            memberships.add(cluster, memberships.person(name), role)
    except memberships.MembershipRefused as refused:
        form.add_error("name", capfirst(f"{refused}."))
        return _listed(request, cluster, form, status=409)
    messages.success(request, f"{name} is {role.label} of {cluster.name}.")
    return redirect("console:member-list", cluster_id=cluster.pk)


@require_POST
def member_change(request: HttpRequest, cluster_id: uuid.UUID, pk: int) -> HttpResponse:
    """Give a member another role."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, cluster=cluster)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _listed(request, cluster, MemberForm(), refused="choose a role", status=409)
    role = Role(int(form.cleaned_data["role"]))
    before, after = {"role": Role(member.role).label}, {"role": role.label}
    try:
        actor, name = audit.actor_of(request), member.user.username
        with audit.writing(actor, "member.change", name, cluster=cluster, before=before, after=after):
            memberships.change(request.user, member, role)
    except memberships.MembershipRefused as refused:
        return _listed(request, cluster, MemberForm(), refused=str(refused), status=409)
    messages.success(request, f"{member.user.username} is now {role.label} of {cluster.name}.")
    return _back(request, cluster, member)


@require_POST
def member_remove(request: HttpRequest, cluster_id: uuid.UUID, pk: int) -> HttpResponse:
    """Take a member's role away."""
    cluster = cluster_for(request.user, cluster_id, needs=ADMINISTER, changes_cluster=False)
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, cluster=cluster)
    before = {"role": Role(member.role).label}
    try:
        actor, name = audit.actor_of(request), member.user.username
        with audit.writing(actor, "member.remove", name, cluster=cluster, before=before):
            memberships.remove(request.user, member)
    except memberships.MembershipRefused as refused:
        return _listed(request, cluster, MemberForm(), refused=str(refused), status=409)
    messages.success(request, f"{member.user.username} has no role on {cluster.name} any more.")
    return _back(request, cluster, member)


def _back(request: HttpRequest, cluster: Cluster, member: Membership) -> HttpResponse:
    if request.POST.get("back") == "user" and administers_installation(request.user):
        return redirect("console:user-detail", pk=member.user_id)
    if request.user.pk == member.user_id and not administers_installation(request.user):
        return redirect("console:cluster-list")
    return redirect("console:member-list", cluster_id=cluster.pk)


def _listed(
    request: HttpRequest, cluster: Cluster, form: MemberForm, *, refused: str = "", status: int = 200
) -> HttpResponse:
    page = MemberListPage(
        cluster=cluster,
        members=list(cluster.memberships.select_related("user").order_by("user__username")[:LISTED_MAX]),
        administrators=list(
            User.objects.filter(is_superuser=True, is_active=True)
            .order_by("username")
            .values_list("username", flat=True)
        ),
        form=form,
        refused=refused,
    )
    return render(request, "console/access/members.html", {"page": page}, status=status)
