"""Bounded rings of samples. Empty until series are kept."""
