"""What the console itself remembers: people, connections, who may do what, what was done. Never cluster truth."""

from console.models.audit import AuditEntry, Result
from console.models.cluster import Cluster
from console.models.invite import Invite, InvitedRole
from console.models.membership import Membership, Role
from console.models.session import ConsoleSession
from console.models.sign_in_failure import SignInFailure
from console.models.token import ApiToken
from console.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "Cluster",
    "ConsoleSession",
    "Invite",
    "InvitedRole",
    "Membership",
    "Result",
    "Role",
    "SignInFailure",
    "User",
]
