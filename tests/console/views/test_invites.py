import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.models import AuditEntry, Invite, Membership, Role, User

CHOSEN = {"name": "nina", "password": "a-Long9-one", "again": "a-Long9-one"}


@pytest.fixture
def link(cast) -> str:
    given = {"note": "Nina", "days": "7", f"role-{cast.cluster.pk}": "20"}
    answer = cast.owner.post("/invites/", given)
    return "/" + re.search(r">http://testserver/(invite/[\w-]+/)</pre>", answer.content.decode())[1]


def text(answer) -> str:
    return answer.content.decode()


def test_whoever_follows_the_link_comes_in_with_the_role_it_gives(cast, link):
    guest = Client()
    assert "invited as operator of orders-eu" in text(guest.get(link))
    answer = guest.post(link, CHOSEN)
    assert (answer.status_code, answer.url) == (302, "/")
    assert Membership.objects.get(user__username="nina").role == Role.OPERATOR
    assert guest.get("/account/").status_code == 200
    assert [entry.action for entry in AuditEntry.objects.all()] == ["session.begin", "invite.accept", "invite.create"]


def test_a_link_is_shown_once_and_kept_as_a_hash(cast, link):
    secret = link.split("/")[2]
    assert secret not in text(cast.owner.get("/invites/")) and "Nina" in text(cast.owner.get("/invites/"))
    assert secret not in repr(vars(Invite.objects.get())) and len(secret) == 43


def test_used_expired_revoked_and_unknown_links_are_one_answer(cast, link):
    answers = [Client().get("/invite/unknown/")]
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    answers += [Client().get(link), Client().post(link, CHOSEN)]
    Invite.objects.update(expires_at=timezone.now() + timedelta(days=1), revoked_at=timezone.now())
    answers.append(Client().get(link))
    Invite.objects.update(revoked_at=None)
    assert Client().post(link, CHOSEN).status_code == 302
    answers += [Client().get(link), Client().post(link, {**CHOSEN, "name": "second"})]
    assert {answer.status_code for answer in answers} == {404}
    assert len({text(answer) for answer in answers}) == 1
    assert "This link opens nothing (any more): ask for a new one." in text(answers[0])
    assert User.objects.filter(username__in=["nina", "second"]).count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "otto"}, "There is already a person called otto"),
        ({"again": "another-one-9"}, "These two are not the same."),
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"password": "password12", "again": "password12"}, "too common"),
        ({"name": "a b"}, "valid username"),
    ],
)
def test_what_cannot_be_is_said_where_it_was_typed_and_the_link_stays_open(cast, link, change, words):
    answer = Client().post(link, CHOSEN | change)
    assert answer.status_code == 409 and words in text(answer)
    assert "a-Long9-one" not in text(answer), "a password never comes back"
    assert Client().post(link, CHOSEN).status_code == 302


def test_a_link_for_a_learner_gives_no_role(cast):
    answer = cast.owner.post("/invites/", {"note": "Lars", "days": "1", "is_learner": "1"})
    link = "/" + re.search(r">http://testserver/(invite/[\w-]+/)</pre>", text(answer))[1]
    Client().post(link, CHOSEN)
    nina = User.objects.get(username="nina")
    assert nina.is_learner and not nina.memberships.exists()


def test_learner_and_roles_exclude_each_other_and_nothing_is_nothing(cast):
    both = {"note": "x", "days": "1", "is_learner": "1", f"role-{cast.cluster.pk}": "10"}
    assert "Learners are members of no cluster" in text(cast.owner.post("/invites/", both))
    nothing = cast.owner.post("/invites/", {"note": "x", "days": "1"})
    assert nothing.status_code == 409 and "Choose a role on at least one cluster" in text(nothing)
    for days in ("0", "31", "x", ""):
        assert cast.owner.post("/invites/", both | {"days": days}).status_code == 409
    assert not Invite.objects.exists()


def test_a_link_is_closed_by_a_click(cast, link):
    invite = Invite.objects.get()
    assert "is closed" in text(cast.owner.post(f"/invites/{invite.pk}/revoke/", follow=True))
    assert Client().get(link).status_code == 404
    assert "is closed already" in text(cast.owner.post(f"/invites/{invite.pk}/revoke/", follow=True))
