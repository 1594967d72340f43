"""The people of these tests, and the cluster they look at.

Olga owns the installation, Vera may view the cluster, Stan is a stranger: he signs in and has no role.
"""

from dataclasses import dataclass

from django.test import Client

from console.models import Cluster, Membership, Role, User


@dataclass
class Cast:
    cluster: Cluster
    owner: Client
    viewer: Client
    stranger: Client
    nobody: Client


def assemble() -> Cast:
    cluster = Cluster.objects.create(name="orders-eu", bootstrap="127.0.0.1:9", embedded=True)
    olga = User.objects.create_superuser("olga", password="a long enough secret")
    vera = User.objects.create_user("vera", password="a long enough secret")
    stan = User.objects.create_user("stan", password="a long enough secret")
    Membership.objects.create(user=vera, cluster=cluster, role=Role.VIEW)
    return Cast(cluster, _signed_in(olga), _signed_in(vera), _signed_in(stan), Client())


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
