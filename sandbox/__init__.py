"""Hosted clusters for learners."""
