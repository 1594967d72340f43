"""Writes: permission already checked."""
