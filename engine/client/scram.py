"""SCRAM as a client speaks it: proves that it knows a password without sending it, and has the broker prove the same.

Invariants:
- The server's signature is compared in constant time before `finished` is true.
- Nothing that a server says makes us work long: iterations, salt and message have a limit.
- The password is never in a repr.

Not here: which requests carry the messages (authentication.py). As Kafka does it, names and passwords are UTF-8 as
typed: no SASLprep.
Spec: RFC 5802, RFC 7677.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field

HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}
ITERATIONS_MIN = 4096  # RFC 7677
ITERATIONS_MAX = 65_536  # four times Kafka's own limit; some 50 ms of work
MESSAGE_BYTES_MAX = 4096
GS2_HEADER = "n,,"  # no channel binding, no other identity


class ScramFailed(ValueError):
    """The exchange cannot go on; the sentence says why."""


@dataclass(slots=True)
class Scram:
    """One exchange: first(), then next() with the server's first message, then finish() with its last."""

    mechanism: str
    user: str
    password: str = field(repr=False)
    nonce: str
    first_bare: str = ""
    server_signature: bytes = field(default=b"", repr=False)
    finished: bool = False

    def first(self) -> bytes:
        """Say who we are."""
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        self.first_bare = f"n={name},r={self.nonce}"
        return (GS2_HEADER + self.first_bare).encode()

    def next(self, server_first: bytes) -> bytes:
        """Answer the challenge with a proof."""
        text = _text(server_first)
        fields = _fields(text)
        nonce, salt, iterations = fields.get("r", ""), _base64(fields.get("s", "")), fields.get("i", "")
        if "m" in fields or not nonce.startswith(self.nonce) or len(nonce) == len(self.nonce):
            raise ScramFailed("its challenge is not an answer to ours")
        if not (iterations.isascii() and iterations.isdigit() and len(iterations) < 10) or not salt:
            raise ScramFailed("its challenge is incomplete")
        if not ITERATIONS_MIN <= int(iterations) <= ITERATIONS_MAX:
            raise ScramFailed(f"it wants {iterations} iterations; {ITERATIONS_MIN} to {ITERATIONS_MAX} are done")
        name = HASHES[self.mechanism]
        salted = hashlib.pbkdf2_hmac(name, self.password.encode(), salt, int(iterations))
        final_bare = f"c={base64.b64encode(GS2_HEADER.encode()).decode()},r={nonce}"
        signed = f"{self.first_bare},{text},{final_bare}".encode()
        client_key = hmac.digest(salted, b"Client Key", name)
        signature = hmac.digest(hashlib.new(name, client_key).digest(), signed, name)
        proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        self.server_signature = hmac.digest(hmac.digest(salted, b"Server Key", name), signed, name)
        return f"{final_bare},p={base64.b64encode(proof).decode()}".encode()

    def finish(self, server_final: bytes) -> None:
        """See that the server knows the password too."""
        fields = _fields(_text(server_final))
        if "e" in fields:
            raise ScramFailed(f"it says {fields['e'][:100]!r}")
        if not hmac.compare_digest(_base64(fields.get("v", "")), self.server_signature):
            raise ScramFailed("it does not prove that it knows the password: it is not the broker that it says it is")
        self.finished = True


def _text(message: bytes) -> str:
    if len(message) > MESSAGE_BYTES_MAX:
        raise ScramFailed("its message is too long")
    try:
        return message.decode()
    except UnicodeDecodeError:
        raise ScramFailed("its message is no text") from None


def _fields(text: str) -> dict[str, str]:
    """The attributes of a message: r=...,s=...,i=..."""
    return {part[0]: part[2:] for part in text.split(",") if part[1:2] == "="}


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ScramFailed("its message cannot be read") from None
