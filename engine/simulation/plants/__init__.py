"""Planted bugs that prove the checkers find something."""
