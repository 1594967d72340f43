"""Migrations of sandboxes."""
