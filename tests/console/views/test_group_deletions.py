"""Deleting a group: by whom, when, and what is said of it."""

from dataclasses import replace

import pytest
from django.urls import reverse

from console.kafka.errors import ClusterUnreachable, KafkaRefused
from console.models import AuditEntry
from tests.console.fake_groups import DETAIL, FakeGroups
from tests.console.fake_kafka import HOSTILE

NAME = "fraud-scoring"


@pytest.fixture
def groups(kafka, monkeypatch) -> FakeGroups:
    found = FakeGroups(kafka).put_in_place(monkeypatch)
    found.detail = replace(DETAIL, state="Empty", members=())
    return found


def address(cast) -> str:
    return f"/clusters/{cast.cluster.pk}/groups/{NAME}/delete/"


def test_it_is_deleted_once_its_name_is_typed_and_noted_with_what_it_had_committed(cast, groups):
    page = cast.admin.get(address(cast)).content.decode()
    assert "--group fraud-scoring" in page and "--delete" in page and not groups.deleted
    wrong = cast.admin.post(address(cast), {"typed": "fraud"})
    assert wrong.status_code == 409 and "not the name of the group" in wrong.content.decode() and not groups.deleted
    done = cast.admin.post(address(cast), {"typed": NAME})
    assert done.status_code == 302 and groups.deleted == [NAME]
    entry = AuditEntry.objects.first()
    assert (entry.action, entry.target, entry.result) == ("group.delete", NAME, "done")
    assert entry.before == {"orders.placed 0": 691}


def test_a_group_with_members_stays_and_the_page_says_why(cast, groups):
    groups.detail = DETAIL
    assert "The group has a member" in cast.admin.get(address(cast)).content.decode()
    assert cast.admin.post(address(cast), {"typed": NAME}).status_code == 409 and not groups.deleted


@pytest.mark.parametrize(
    ("error", "words", "result"),
    [
        (KafkaRefused("NON_EMPTY_GROUP"), "somebody has joined the group", "refused"),
        (ClusterUnreachable("no answer in 2 s"), "Perhaps the group is deleted", "unknown"),
    ],
)
def test_what_the_cluster_says_meanwhile_is_a_sentence(cast, groups, error, words, result):
    groups.delete_refused = error
    answer = cast.admin.post(address(cast), {"typed": NAME})
    assert answer.status_code == 409 and words.lower() in answer.content.decode().lower()
    assert AuditEntry.objects.first().result == result


def test_only_admins_delete_and_the_others_are_told(cast, groups):
    assert cast.operator.get(address(cast)).status_code == 403
    page = cast.operator.get(f"/clusters/{cast.cluster.pk}/groups/{NAME}/").content.decode()
    assert "To delete: this needs the role admin, and you are operator" in page


def test_hostile_names_are_only_words(cast, groups):
    groups.detail = replace(DETAIL, name=HOSTILE, members=())
    groups.delete_refused = KafkaRefused("X", HOSTILE)
    path = reverse("console:group-delete", args=[cast.cluster.pk, HOSTILE])
    for answer in (
        cast.admin.get(path),
        cast.admin.post(path, {"typed": HOSTILE}),
        cast.admin.post(path, {"typed": "x"}),
    ):
        page = answer.content.decode()
        assert answer.status_code in (200, 409) and "<script>window" not in page and "<img src=x" not in page
