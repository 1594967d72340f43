import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from console.guests import Guest
from console.models import User
from console.permissions import ADMINISTER, OPERATE, VIEW, cluster_for, clusters_of, manages
from sandbox.services import sandboxes


def test_a_viewer_may_view_and_is_told_what_more_would_need(cast):
    vera = User.objects.get(username="vera")
    assert cluster_for(vera, cast.cluster.pk, needs=VIEW) == cast.cluster
    with pytest.raises(PermissionDenied, match="needs the role operator, and you are viewer"):
        cluster_for(vera, cast.cluster.pk, needs=OPERATE)


def test_an_administrator_owns_every_cluster(cast):
    assert cluster_for(User.objects.get(username="olga"), cast.cluster.pk, needs=ADMINISTER) == cast.cluster


@pytest.mark.parametrize("name", ["stan", None, "asleep"])
def test_everybody_else_finds_nothing(cast, name):
    user = User.objects.get(username=name) if name == "stan" else AnonymousUser()
    if name == "asleep":
        user = User.objects.get(username="olga")
        user.is_active = False
    assert not clusters_of(user)
    with pytest.raises(Http404):
        cluster_for(user, cast.cluster.pk, needs=VIEW)


def test_a_guest_may_do_everything_in_their_sandbox_and_manages_no_connection(db, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    cluster = sandboxes.make(name="Mine", limits="guest", guest="k" * 32).cluster
    guest = Guest("k" * 32)
    assert cluster_for(guest, cluster.pk, needs=ADMINISTER) == cluster
    assert not manages(guest, cluster)
    with pytest.raises(Http404):
        cluster_for(guest, cluster.pk, needs=ADMINISTER, changes_cluster=False)
