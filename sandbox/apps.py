"""Sandboxes as a Django app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Registers the app, so that its management commands are found."""

    name = "sandbox"
