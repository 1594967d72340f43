"""What the console itself remembers: people, connections to clusters, who may do what. Never cluster truth."""

from console.models.cluster import Cluster
from console.models.membership import Membership, Role
from console.models.user import User

__all__ = ["Cluster", "Membership", "Role", "User"]
