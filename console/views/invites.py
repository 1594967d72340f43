"""Invite links: made and closed by administrators, followed by whoever was invited.

*Invariants*: the link is shown in the answer that made it and never again; looking at a link changes nothing.
"""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from console.forms.accounts import AcceptForm, InviteForm
from console.models import Cluster, Invite, Role, User
from console.permissions import check_administrator
from console.services import accounts, audit, invites
from console.views.accounts import begin_session

CLUSTERS_MAX = 200


@dataclass(frozen=True, slots=True)
class InviteListPage:
    """Context of console/access/invites.html."""

    open: list[Invite]
    form: InviteForm
    refused: str = ""
    link: str = ""  # of the one just made, this once
    note: str = ""
    place: str = "users"
    cluster: None = None


@require_http_methods(["GET", "HEAD", "POST"])
def invite_list(request: HttpRequest) -> HttpResponse:
    """Links that are open; with POST one more."""
    check_administrator(request.user)
    clusters = list(Cluster.objects.all()[:CLUSTERS_MAX])
    asked = request.POST if request.method == "POST" else None
    form = InviteForm(asked, clusters=clusters, initial={"days": 7})
    refused = link = note = ""
    if request.method == "POST" and form.is_valid():
        note = form.cleaned_data["note"]
        after = {
            "learner": form.cleaned_data["is_learner"],
            "roles": {cluster.name: Role(role).label for cluster, role in form.roles.items()},
            "days": form.cleaned_data["days"],
        }
        try:
            with audit.writing(audit.actor_of(request), "invite.create", note, after=after):
                _, secret = invites.create(
                    request.user,
                    note,
                    roles=form.roles,
                    is_learner=form.cleaned_data["is_learner"],
                    days=form.cleaned_data["days"],
                )
            link = request.build_absolute_uri(reverse("console:invite-accept", args=[secret]))
            form = InviteForm(None, clusters=clusters, initial={"days": 7})
        except invites.InviteRefused as refusal:
            refused = str(refusal)
    page = InviteListPage(open=invites.open_ones(), form=form, refused=refused, link=link, note=note)
    status = 409 if request.method == "POST" and not link else 200
    return render(request, "console/access/invites.html", {"page": page}, status=status)


@require_POST
def invite_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a link."""
    check_administrator(request.user)
    invite = get_object_or_404(Invite, pk=pk)
    try:
        with audit.writing(audit.actor_of(request), "invite.revoke", invite.note):
            invites.revoke(invite)
        messages.success(request, f"The link for {invite.note} is closed.")
    except invites.InviteRefused as refused:
        messages.error(request, f"Nothing was closed: {refused}.")
    return redirect("console:invite-list")


@login_not_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def invite_accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a name and a password, and come in."""
    try:
        invite = invites.find(secret)
    except invites.InviteRefused as refused:
        return render(request, "console/access/invite_closed.html", {"reason": str(refused)}, status=404)
    typed = User(username=request.POST.get("name", "")[:150])
    form = AcceptForm(request.POST if request.method == "POST" else None, person=typed)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        actor = audit.Actor(None, f"invited: {invite.note}", "invite link", request.META.get("REMOTE_ADDR", ""))
        try:
            with audit.writing(actor, "invite.accept", name):
                user = invites.accept(secret, name, form.cleaned_data["password"])
            begin_session(request, user)
            return redirect("console:home")
        except accounts.AccountRefused as refused:
            form.add_error("name", capfirst(f"{refused}."))
        except invites.InviteRefused as refused:
            return render(request, "console/access/invite_closed.html", {"reason": str(refused)}, status=404)
    status = 409 if request.method == "POST" else 200
    return render(request, "console/access/invite_accept.html", {"form": form, "invite": invite}, status=status)
