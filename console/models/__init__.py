"""What the console itself remembers: people, connections, who may do what, what was done. Never cluster truth."""

from console.models.audit import AuditEntry, Result
from console.models.cluster import Cluster
from console.models.membership import Membership, Role
from console.models.search import Search, SearchHit, SearchPart, SearchState
from console.models.user import User

__all__ = [
    "AuditEntry",
    "Cluster",
    "Membership",
    "Result",
    "Role",
    "Search",
    "SearchHit",
    "SearchPart",
    "SearchState",
    "User",
]
