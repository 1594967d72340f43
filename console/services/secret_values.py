"""Secrets that are shown once: tokens and invite links, and the hash that is kept of them.

*Invariants*: 256 random bits; only the SHA-256 is kept. A slow hash is for secrets that people choose: what is random
cannot be guessed however fast the hash is.
"""

import hashlib
import secrets


def new_secret(prefix: str = "") -> str:
    """A new one; the prefix says what it is, to people and to scanners for leaked secrets."""
    return prefix + secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of it, and looked up."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
