"""Signing in and out."""

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from console import guests
from console.forms.accounts import SignInForm
from console.models import User
from console.services import audit, sessions, sign_ins


@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what remains possible after a failure."""
    target = _target(request)
    if request.method == "GET":
        if request.user.is_authenticated:
            return redirect(target)
        return _form(request, {"form": SignInForm(), "next": target})

    form = SignInForm(request.POST)
    valid = form.is_valid()
    name, address = form.cleaned_data.get("name", form.data.get("name", "")), request.META.get("REMOTE_ADDR", "")
    tries = sign_ins.begin(name=name, address=address)
    if tries.allowed:
        user = None
        if valid:
            user = authenticate(request, username=form.cleaned_data["name"], password=form.cleaned_data["password"])
        if isinstance(user, User):
            sign_ins.succeeded(name=name, address=address)
            begin_session(request, user)
            return redirect(target)
        sign_ins.failed(name=name, address=address)
    context = {"form": form, "next": target, "failed": True, "tries": max(0, tries.left), "pause_s": tries.wait_s}
    if tries.left > 0:
        return _form(request, context)
    response = _form(request, context, status=429)
    response.headers["Retry-After"] = str(tries.wait_s)
    return response


def _form(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    welcome = guests.guests_welcome(request.META.get("REMOTE_ADDR", ""))
    return render(request, "console/accounts/login.html", {**context, "guests_welcome": welcome}, status=status)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if request.user.is_authenticated:
        audit.noted(audit.actor_of(request), "session.end")
    logout(request)
    return redirect("console:login")


def begin_session(request: HttpRequest, user: User) -> None:
    """Sign somebody in, and note where."""
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    sessions.begun(
        request.session, address=request.META.get("REMOTE_ADDR", ""), agent=request.META.get("HTTP_USER_AGENT", "")
    )
    audit.noted(audit.actor_of(request), "session.begin")


def _target(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else resolve_url("console:home")
