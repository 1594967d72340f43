"""What the console itself remembers: people, connections, who may do what, what was done. Never cluster truth."""

from console.models.audit import AuditEntry, Result
from console.models.cluster import CONNECTION, MARKS, Cluster, Colour, Mechanism, Protocol
from console.models.invite import INVITE_DAYS_MAX, Invite, InvitedRole
from console.models.membership import Membership, Role
from console.models.search import Search, SearchHit, SearchPart, SearchState
from console.models.session import ConsoleSession
from console.models.sign_in_failure import SignInFailure
from console.models.token import SCOPES, TOKEN_DAYS_MAX, ApiToken
from console.models.user import KINDS, User

__all__ = [
    "CONNECTION",
    "INVITE_DAYS_MAX",
    "KINDS",
    "MARKS",
    "SCOPES",
    "TOKEN_DAYS_MAX",
    "ApiToken",
    "AuditEntry",
    "Cluster",
    "Colour",
    "ConsoleSession",
    "Invite",
    "InvitedRole",
    "Mechanism",
    "Membership",
    "Protocol",
    "Result",
    "Role",
    "Search",
    "SearchHit",
    "SearchPart",
    "SearchState",
    "SignInFailure",
    "User",
]
