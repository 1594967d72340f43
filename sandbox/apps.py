"""Sandboxes as a Django app."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Registers the app: its models and management commands."""

    name = "sandbox"
