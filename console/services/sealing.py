"""Secrets at rest: sealed with a key of this installation (DATA/secrets/clusters), readable only where they belong.

Invariants:
- AES-256-GCM with a fresh nonce: what was changed, or moved to another place, does not open.
- A secret is in no exception, repr or log line of this module.
Not here: where they are kept (models/cluster.py), who may use them.
"""

import base64
import binascii
import hashlib
import json
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

VERSION = "1"
NONCE_BYTES = 12


class Unreadable(Exception):
    """What was sealed does not open with this installation's key."""


def seal(values: dict[str, str], *, place: str) -> str:
    """Encrypt; `place` must be named again to open it."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    data = json.dumps(values).encode()
    return f"{VERSION}:{base64.urlsafe_b64encode(nonce + _cipher().encrypt(nonce, data, place.encode())).decode()}"


def unseal(sealed: str, *, place: str) -> dict[str, str]:
    """Decrypt; Unreadable if it is damaged, or sealed elsewhere or with another key."""
    version, _, text = sealed.partition(":")
    try:
        if version != VERSION:
            raise Unreadable
        data = base64.urlsafe_b64decode(text)
        opened = json.loads(_cipher().decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.encode()))
    except (Unreadable, InvalidTag, ValueError, binascii.Error):
        raise Unreadable("what is kept cannot be read with the key in the data directory (secrets/clusters)") from None
    return {str(key): str(value) for key, value in opened.items()}


def _cipher() -> AESGCM:
    return AESGCM(hashlib.sha256(settings.CLUSTER_SECRETS_KEY.encode()).digest())
