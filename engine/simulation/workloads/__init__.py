"""Declared actors: who uses a simulated cluster, and how."""
