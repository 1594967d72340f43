"""The people of these tests, and the cluster they look at.

Olga administers the installation, Ada administers the cluster, Otto operates it, Vera may view it, Lea is a learner
(sandboxes only), Stan is a stranger: he signs in and has no role.
"""

from dataclasses import dataclass

from django.test import Client

from console.models import Cluster, Membership, Role, User

PASSWORD = "a long enough secret"
MEMBERS = {"ada": Role.ADMIN, "otto": Role.OPERATOR, "vera": Role.VIEWER}


@dataclass
class Cast:
    cluster: Cluster
    owner: Client
    admin: Client
    operator: Client
    viewer: Client
    learner: Client
    stranger: Client
    nobody: Client


def assemble() -> Cast:
    cluster = Cluster.objects.create(name="orders-eu", bootstrap="127.0.0.1:9", embedded=True)
    olga = User.objects.create_superuser("olga", password=PASSWORD)
    ada, otto, vera = (_member(cluster, name, role) for name, role in MEMBERS.items())
    lea = User.objects.create_user("lea", password=PASSWORD, is_learner=True)
    stan = User.objects.create_user("stan", password=PASSWORD)
    return Cast(cluster, *map(_signed_in, (olga, ada, otto, vera, lea, stan)), Client())


def _member(cluster: Cluster, name: str, role: Role) -> User:
    user = User.objects.create_user(name, password=PASSWORD)
    Membership.objects.create(user=user, cluster=cluster, role=role)
    return user


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
