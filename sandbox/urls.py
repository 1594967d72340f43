"""Addresses of sandboxes; their ids cannot be guessed."""

from django.urls import path

from sandbox.views import sandboxes

app_name = "sandbox"

urlpatterns = [
    path("", sandboxes.sandbox_list, name="sandbox-list"),
    path("new/", sandboxes.sandbox_new, name="sandbox-new"),
    path("<uuid:sandbox_id>/", sandboxes.sandbox_detail, name="sandbox-detail"),
    path("<uuid:sandbox_id>/end/", sandboxes.sandbox_end, name="sandbox-end"),
    path("<uuid:sandbox_id>/compare/", sandboxes.sandbox_compare, name="sandbox-compare"),
]
