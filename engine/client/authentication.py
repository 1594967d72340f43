"""Signing in at a broker: SaslHandshake, then SaslAuthenticate until both sides are content; again when told to.

A connection has one Authentication at a time. It is handed the answers and says what to send next.

Invariants:
- Nothing else is sent on a connection before its Authentication is done.
- A failure is an AuthenticationFailed with a sentence that has no secret in it.

Not here: when it happens (connection.py), SCRAM itself (scram.py).
Spec: KIP-152 (SaslAuthenticate), KIP-368 (re-authentication), RFC 4616 (PLAIN).
"""

from dataclasses import dataclass, field

from engine.client.config import Sasl
from engine.client.errors import AuthenticationFailed
from engine.client.scram import HASHES, Scram, ScramFailed
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.sasl_authenticate import SaslAuthenticateRequest, SaslAuthenticateResponse
from engine.wire.messages.sasl_handshake import SaslHandshakeRequest, SaslHandshakeResponse
from engine.wire.primitives import Message

LIFETIME_MS_MIN = 1_000  # of a sign-in: with less we would sign in again and again and never ask anything
SAID_MAX = 300  # characters of what a broker says


@dataclass(slots=True)
class Authentication:
    """One sign-in on one connection."""

    peer: str
    sasl: Sasl
    nonce: str
    scram: Scram | None = None
    steps: int = 0  # SaslAuthenticate requests so far
    done: bool = False
    lifetime_ms: int = field(default=0)  # how long the broker lets it last; 0: for ever

    def begin(self) -> Message:
        """Name the mechanism."""
        return SaslHandshakeRequest(self.sasl.mechanism)

    def on_answer(self, answer: Message) -> Message | None:
        """Take an answer; give what is sent next, None when it is done. Raises AuthenticationFailed."""
        if isinstance(answer, SaslHandshakeResponse):
            self._check_handshake(answer)
            return SaslAuthenticateRequest(self._first())
        assert isinstance(answer, SaslAuthenticateResponse), "nothing else is sent while signing in"
        if answer.error_code != ErrorCode.NONE:
            raise self._failed(f"{self.peer} does not sign in {self.sasl.user}: {self._said(answer)}")
        self.steps += 1
        if self.scram is not None:
            try:
                if self.steps == 1:
                    return SaslAuthenticateRequest(self.scram.next(answer.auth_bytes))
                self.scram.finish(answer.auth_bytes)
            except ScramFailed as failed:
                raise self._failed(f"{self.peer} does not keep to {self.sasl.mechanism}: {failed}") from None
        self.lifetime_ms = max(0, answer.session_lifetime_ms)
        if 0 < self.lifetime_ms < LIFETIME_MS_MIN:
            raise self._failed(
                f"{self.peer} signs in {self.sasl.user} for {self.lifetime_ms} ms only: that is too short to ask"
                " anything (connections.max.reauth.ms)"
            )
        self.done = True
        return None

    def _first(self) -> bytes:
        sasl = self.sasl
        if sasl.mechanism in HASHES:
            self.scram = Scram(sasl.mechanism, sasl.user, sasl.password, self.nonce)
            return self.scram.first()
        return b"\0".join([b"", sasl.user.encode(), sasl.password.encode()])

    def _check_handshake(self, answer: SaslHandshakeResponse) -> None:
        if answer.error_code == ErrorCode.UNSUPPORTED_SASL_MECHANISM:
            offered = ", ".join(sorted(name[:40] for name in answer.mechanisms[:10])) or "none"
            raise self._failed(f"{self.peer} does not offer {self.sasl.mechanism}; it offers {offered}")
        if answer.error_code == ErrorCode.ILLEGAL_SASL_STATE:
            raise self._failed(f"{self.peer} asks for no user and password at this port: its listener has no SASL")
        if answer.error_code != ErrorCode.NONE:
            raise self._failed(f"{self.peer} does not begin to sign in: error {answer.error_code}")

    def _said(self, answer: SaslAuthenticateResponse) -> str:
        # What a broker says may quote what it was sent.
        words = (answer.error_message or "").strip()[:SAID_MAX]
        if self.sasl.password and self.sasl.password in words:
            words = ""
        return words or "wrong user or password"

    @staticmethod
    def _failed(reason: str) -> AuthenticationFailed:
        return AuthenticationFailed(reason)
