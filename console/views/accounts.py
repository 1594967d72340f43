"""Signing in and out."""

from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from console.forms.accounts import SignInForm
from console.services import accounts


@login_not_required
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what remains possible after a failure."""
    target = _target(request)
    if request.method == "GET":
        if request.user.is_authenticated:
            return redirect(target)
        return render(request, "console/accounts/login.html", {"form": SignInForm(), "next": target})

    form = SignInForm(request.POST)
    name, address = form.data.get("name", ""), request.META.get("REMOTE_ADDR", "")
    tries = accounts.sign_in_tries_left(name=name, address=address)
    if tries and form.is_valid():
        user = authenticate(request, username=form.cleaned_data["name"], password=form.cleaned_data["password"])
        if user is not None:
            accounts.sign_in_succeeded(name=name, address=address)
            login(request, user)
            return redirect(target)
        accounts.sign_in_failed(name=name, address=address)
        tries = accounts.sign_in_tries_left(name=name, address=address)
    context = {"form": form, "next": target, "failed": True, "tries": tries, "pause_s": accounts.PAUSE_S}
    return render(request, "console/accounts/login.html", context, status=200 if tries else 429)


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("console:login")


def _target(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else resolve_url("console:home")
