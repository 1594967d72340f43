"""Keys of client certificates that come with a pass phrase: opened once, when they are typed.

What is kept is the key without its pass phrase, sealed as every secret is. A phrase that lay beside it in the same
seal would guard nothing, and deriving a key from it would hold up each connection.

*Invariants*: whoever typed it, opening costs a second or so and some megabytes at most; nothing of it is logged.
*Not here*: sealing (console/services/sealing.py), whether key and certificate belong together (engine/net/tls.py).
"""

import base64
import binascii
import re
from math import prod

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

ROUNDS_MAX = 2_000_000  # of PBKDF2; openssl takes 2,048
SCRYPT_MAX = (64 << 20) // 128  # n * r * p: 128 bytes of memory for each
SCRYPT = bytes.fromhex("2b06010401da47040b")  # its object identifier
INTEGER, DEPTH_MAX = 0x02, 8
BODY = re.compile(r"-----BEGIN ENCRYPTED PRIVATE KEY-----(.*?)-----END", re.DOTALL)


def is_locked(pem: str) -> bool:
    """Whether this key, in PEM, needs a pass phrase."""
    return "ENCRYPTED" in pem


def opened(pem: str, phrase: str) -> str:
    """The key without its pass phrase, in PEM; ValueError, with a sentence, if it does not open."""
    if not is_locked(pem):
        raise ValueError("This key has no pass phrase: leave the field empty.")
    if not phrase:
        raise ValueError("The key is encrypted: type its pass phrase.")
    _check_cost(pem)
    try:
        key = load_pem_private_key(pem.encode(), phrase.encode())
    except UnsupportedAlgorithm:
        raise ValueError("The key is encrypted in a way that is not known here.") from None
    except (ValueError, TypeError):  # the library tells a wrong phrase and a damaged key apart in words only
        raise ValueError("The pass phrase does not open the key.") from None
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _check_cost(pem: str) -> None:
    """Whoever makes a key says how costly it is to open: that is looked at before it is done."""
    found = BODY.search(pem)
    if found is None:
        return  # the older form ("Proc-Type: 4,ENCRYPTED") has one round
    try:
        der = base64.b64decode(found[1], validate=False)
        numbers = _integers(der, DEPTH_MAX)
    except (binascii.Error, ValueError, IndexError):
        raise ValueError("The key cannot be read: it must be PEM, whole.") from None
    # The first three of scrypt are n, r and p; a length of the derived key may follow.
    if prod(numbers[:3]) > SCRYPT_MAX if SCRYPT in der else max(numbers, default=0) > ROUNDS_MAX:
        raise ValueError("The key is encrypted so that opening it takes too long: give it without a pass phrase.")


def _integers(der: bytes, depth: int) -> list[int]:
    """All whole numbers in a DER structure; what is encrypted is one string of bytes in it and is passed over."""
    found: list[int] = []
    at = 0
    while at < len(der) and depth:
        kind, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size]), at + size
        part, at = der[at : at + length], at + length
        if kind == INTEGER:
            found.append(int.from_bytes(part))
        elif kind & 0x20:  # made of parts
            found += _integers(part, depth - 1)
    return found
