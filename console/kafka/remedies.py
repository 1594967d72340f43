"""What to do when a connection fails: a sentence or two for each kind of failure.

Not here: what failed (the error says it), where it is shown.
"""

from console.kafka.connection import ConnectionSpec
from engine.client.errors import (
    AddressNotAllowed,
    AuthenticationFailed,
    ClientError,
    ConnectionFailed,
    NameNotFound,
    NotKafka,
    TlsFailed,
)


def remedy(error: ClientError, spec: ConnectionSpec) -> str:
    """What would help."""
    match error:
        case NameNotFound():
            return "Is the name spelled right, and known to the name server of the machine that this console runs on?"
        case AddressNotAllowed():
            return "Who runs this installation may allow more in ODRADEK_CLUSTER_ADDRESSES; some addresses never are."
        case ConnectionFailed():
            return (
                "Is the broker running, is this its port, and does a firewall let this machine through? "
                "9092 is only the usual port."
            )
        case TlsFailed() if spec.tls is None:
            return "Choose a protocol with TLS: SSL, or SASL_SSL if one signs in with a password."
        case TlsFailed() if "in plain" in error.reason:
            return "Choose a protocol without TLS, or the port of the listener that has it."
        case TlsFailed() if "not signed by a CA" in error.reason:
            return "Paste the certificate of the CA that signed the broker’s, in PEM."
        case TlsFailed() if "for another name" in error.reason:
            return "Write the bootstrap server by the name that its certificate is for."
        case TlsFailed() if "client certificate" in error.reason:
            return "Paste the client certificate that the cluster knows, and its key."
        case TlsFailed():
            return "Ask who runs the cluster for the certificate of its CA and the versions of TLS that it speaks."
        case AuthenticationFailed() if spec.sasl is None:
            return "Choose a protocol with SASL, and type the user and password that the cluster knows."
        case AuthenticationFailed() if "does not offer" in error.reason:
            return "Choose one of the mechanisms that it offers."
        case AuthenticationFailed() if "has no SASL" in error.reason:
            return "Choose a protocol without SASL, or the port of the listener that has it."
        case AuthenticationFailed() if spec.sasl.mechanism.startswith("SCRAM"):
            return (
                f"Either the password is wrong, or this user was not made for {spec.sasl.mechanism}. "
                "Its administrator makes one with kafka-configs.sh --alter --entity-type users "
                f"--entity-name {spec.sasl.user} --add-config '{spec.sasl.mechanism}=[password=…]'."
            )
        case AuthenticationFailed():
            return "Are user and password right, and is the user known to this listener?"
        case NotKafka():
            return "Something else may listen there, or a listener with TLS: check port and protocol."
        case _:
            return "Something took too long, or the broker hung up: try again, then look at the broker’s log."
