"""What the console itself remembers: people, connections, who may do what, what was done. Never cluster truth."""

from console.models.audit import AuditEntry, Result
from console.models.cluster import CONNECTION, MARKS, Cluster, Colour, Mechanism, Protocol
from console.models.membership import Membership, Role
from console.models.user import User

__all__ = [
    "CONNECTION",
    "MARKS",
    "AuditEntry",
    "Cluster",
    "Colour",
    "Mechanism",
    "Membership",
    "Protocol",
    "Result",
    "Role",
    "User",
]
