"""One's own account: the password, the sessions, the API tokens.

*Not here*: signing in and out (accounts.py), other people's accounts (users.py).
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from console.forms.accounts import PasswordChangeForm, TokenForm
from console.models import SCOPES, ApiToken, Cluster, ConsoleSession
from console.permissions import clusters_of
from console.services import audit, sessions, sign_ins, tokens
from console.views.accounts import sign_out


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Context of console/access/account.html."""

    form: PasswordChangeForm
    sessions: list[ConsoleSession]
    this: str  # the name of the session of this request
    tokens: int  # that open something
    place: str = "account"
    cluster: None = None


@dataclass(frozen=True, slots=True)
class TokenListPage:
    """Context of console/access/tokens.html."""

    tokens: list[tuple[ApiToken, str, bool]]  # with the word for its scope, and whether it still opens anything
    clusters: list[Cluster]
    form: TokenForm
    refused: str = ""
    value: str = ""  # of the one just made, this once
    made: str = ""
    address: str = ""  # of this console, for an example
    place: str = "account"
    cluster: None = None


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Password and sessions."""
    return _account(request, PasswordChangeForm(person=request.user))


@sensitive_post_parameters()
@require_POST
def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's own password; all other sessions end, and the tokens if that is asked for."""
    form = PasswordChangeForm(request.POST, person=request.user)
    # Who sits at somebody else's browser guesses no faster here than at the door.
    whose = {"name": request.user.get_username(), "address": request.META.get("REMOTE_ADDR", "")}
    valid = form.is_valid()
    if "old" in form.cleaned_data:
        tries = sign_ins.begin(**whose)
        if not tries.allowed:
            form.add_error("old", f"Too many tries. Wait {tries.wait_s} s.")
        elif request.user.check_password(form.cleaned_data["old"]):
            sign_ins.succeeded(**whose)
        else:
            sign_ins.failed(**whose)
            form.add_error("old", "That is not your password.")
    if not valid or form.errors:
        return _account(request, form, status=409)
    with audit.writing(audit.actor_of(request), "user.change_password", request.user.get_username()) as note:
        request.user.set_password(form.cleaned_data["password"])
        request.user.save(update_fields=["password"])
        update_session_auth_hash(request, request.user)
        note.after = {"sessions ended": sessions.end_others(request.user, _key(request))}
        if form.cleaned_data["revoke_tokens"]:
            note.after["tokens revoked"] = tokens.revoke_all(request.user)
    also = "" if "tokens revoked" not in note.after else " Your tokens open nothing any more."
    messages.success(request, f"Your password is changed, and every other session of yours has ended.{also}")
    return redirect("console:account")


@require_POST
def session_end(request: HttpRequest, name: str) -> HttpResponse:
    """Sign one of one's browsers out; or this one."""
    if any(session.name == name for session in sessions.of(request.user) if session.session_key == _key(request)):
        return sign_out(request)
    with audit.writing(audit.actor_of(request), "session.end", "another session"):
        ended = sessions.end(request.user, name)
    messages.success(request, "That session has ended." if ended else "That session had ended already.")
    return redirect("console:account")


@require_POST
def session_end_others(request: HttpRequest) -> HttpResponse:
    """Sign all one's other browsers out."""
    with audit.writing(audit.actor_of(request), "session.end", "all other sessions") as note:
        ended = sessions.end_others(request.user, _key(request))
        note.after = {"ended": ended}
    messages.success(request, "No other session of yours is left.")
    return redirect("console:account")


@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """One's tokens; with POST one more, whose value is in this answer only."""
    form = TokenForm(request.POST if request.method == "POST" else None, clusters=clusters_of(request.user))
    if request.method != "POST" or not form.is_valid():
        return _tokens(request, form)
    asked = form.cleaned_data
    name, chosen = asked["name"], None if asked["every"] else list(asked["clusters"])
    words = "all" if chosen is None else [cluster.name for cluster in chosen]
    after = {"scope": asked["scope"], "clusters": words, "days": asked["days"]}
    try:
        with audit.writing(audit.actor_of(request), "token.create", name, after=after):
            role = SCOPES[asked["scope"]]
            _, value = tokens.create(request.user, name, role, clusters=chosen, days=asked["days"])
    except tokens.TokenRefused as refused:
        return _tokens(request, form, refused=str(refused))
    return _tokens(request, TokenForm(None, clusters=clusters_of(request.user)), value=value, made=name)


@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Close one of one's tokens for good."""
    token = get_object_or_404(ApiToken, pk=pk, owner=request.user)
    try:
        with audit.writing(audit.actor_of(request), "token.revoke", token.name):
            tokens.revoke(token)
        messages.success(request, f"The token {token.name} opens nothing any more.")
    except tokens.TokenRefused:
        messages.success(request, f"The token {token.name} was revoked already.")
    return redirect("console:token-list")


def _key(request: HttpRequest) -> str | None:
    return request.session.session_key


def _account(request: HttpRequest, form: PasswordChangeForm, *, status: int = 200) -> HttpResponse:
    living = sessions.of(request.user)
    this = next((session.name for session in living if session.session_key == _key(request)), "")
    page = AccountPage(form=form, sessions=living, this=this, tokens=tokens.living(request.user).count())
    return render(request, "console/access/account.html", {"page": page}, status=status)


def _tokens(request: HttpRequest, form: TokenForm, **more: Any) -> HttpResponse:
    now = timezone.now()
    page = TokenListPage(
        tokens=[(token, tokens.scope_of(token.role), token.is_alive(now)) for token in tokens.of(request.user)],
        clusters=list(clusters_of(request.user)),
        form=form,
        address=request.build_absolute_uri("/v3/clusters"),
        **more,
    )
    status = 409 if request.method == "POST" and not page.value else 200
    return render(request, "console/access/tokens.html", {"page": page}, status=status)
