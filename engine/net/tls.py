"""TLS with a broker: the context that a config asks for, and what went wrong in words.

Invariants: TLS 1.2 at least; the broker's certificate and name are always checked; a key is never on the disk.
Not here: when a connection is opened (client_shell.py).
"""

import os
import ssl
from typing import Any, NamedTuple

from engine.client.config import Tls

EXPIRED, NOT_YET_VALID, WRONG_NAME, WRONG_ADDRESS = 10, 9, 62, 64  # of X509_V_ERR
REASONS = {
    "WRONG_VERSION_NUMBER": "does not speak TLS at this port: its listener is in plain, or it is no Kafka",
    "RECORD_LAYER_FAILURE": "does not speak TLS at this port: its listener is in plain, or it is no Kafka",
    "HTTP_REQUEST": "does not speak TLS at this port: a web server answers there",
    "UNSUPPORTED_PROTOCOL": "speaks only versions of TLS older than 1.2",
    "TLSV1_ALERT_PROTOCOL_VERSION": "speaks no version of TLS from 1.2 on",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "asks for a client certificate, and this connection has none",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "finds no way of TLS in common, or asks for a client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "does not accept our client certificate, or asks for one",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "does not accept our client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "does not trust the CA of our client certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "says that our client certificate has expired",
}


class Handshake(NamedTuple):
    """What a handshake agreed on."""

    version: str  # "TLSv1.3"
    subject: str  # common name, or the first alternative name
    issuer: str
    until: str  # as the certificate says it


def client_context(tls: Tls) -> ssl.SSLContext:
    """A context for this config; ValueError if a certificate or key in it cannot be used."""
    try:
        context = ssl.create_default_context(cadata=tls.ca_pem or None)
    except (ssl.SSLError, ValueError):
        raise ValueError("the CA certificate cannot be read: it must be PEM, with BEGIN CERTIFICATE") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.key_pem:
        if "ENCRYPTED" in tls.key_pem:
            raise ValueError("the key is encrypted: it is needed without its pass phrase (openssl pkey -in key.pem)")
        try:
            _load_chain(context, tls)
        except (ssl.SSLError, OSError):
            words = "the client certificate and its key cannot be used: both must be PEM and belong together"
            raise ValueError(words) from None
    return context


def _load_chain(context: ssl.SSLContext, tls: Tls) -> None:
    # OpenSSL reads files only; through pipes the key meets no disk. What is written fits into a pipe (config.py).
    certificate, key = _pipe(tls.certificate_pem), _pipe(tls.key_pem)
    try:
        context.load_cert_chain(f"/dev/fd/{certificate}", f"/dev/fd/{key}", password=_no_pass_phrase)
    finally:
        os.close(certificate)
        os.close(key)


def _pipe(text: str) -> int:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(text.encode())
    return reader


def _no_pass_phrase() -> str:
    return ""  # else OpenSSL asks for one on the terminal


def words_of(error: Exception, peer: str) -> str:
    """Why a handshake failed, or a connection ended, in a sentence."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{peer}: {_distrust(error)}"
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return f"{peer} closed the connection during the TLS handshake: its listener may be in plain"
    if isinstance(error, ssl.SSLError):
        known = REASONS.get(error.reason or "")
        return f"{peer} {known}" if known else f"{peer}: TLS failed ({(error.reason or 'no reason').lower()})"
    return f"{peer}: TLS failed ({error})"


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    match error.verify_code:
        case code if code == EXPIRED:
            return "its certificate has expired"
        case code if code == NOT_YET_VALID:
            return "its certificate is not valid yet: is a clock wrong?"
        case code if code in (WRONG_NAME, WRONG_ADDRESS):
            return f"its certificate is for another name ({error.verify_message})"
        case _:
            return f"its certificate is not signed by a CA that is trusted here ({error.verify_message})"


def handshake_of(agreed: ssl.SSLObject) -> Handshake:
    """What was agreed on."""
    certificate: dict[str, Any] = dict(agreed.getpeercert() or {})
    names = [value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address")]
    subject = _name(certificate.get("subject", ())) or (str(names[0]) if names else "no name")
    return Handshake(
        agreed.version() or "TLS", subject, _name(certificate.get("issuer", ())), str(certificate.get("notAfter", ""))
    )


def _name(parts: Any) -> str:
    """The name in what getpeercert gives: tuples of tuples of pairs."""
    fields = {pair[0]: pair[1] for part in parts for pair in part}
    return str(fields.get("commonName") or fields.get("organizationName") or "")
