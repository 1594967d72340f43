import re

import pytest
from django.test import Client
from django.urls import reverse

from console.models import AuditEntry, Cluster, Membership, Role, User
from console.services import accounts, tokens
from tests.console.cast import PASSWORD

NEW = reverse("console:user-new")


def user(name: str) -> User:
    return User.objects.get(username=name)


def path(name: str, verb: str = "") -> str:
    return f"/users/{user(name).pk}/{verb}"


def text(answer) -> str:
    return answer.content.decode()


def shown_once(answer) -> str:
    return re.search(r'<pre id="shown-once"[^>]*>([^<]+)</pre>', text(answer))[1]


def test_people_are_listed_and_found_by_a_part_of_their_name(cast):
    assert all(name in text(cast.owner.get("/users/")) for name in ("olga", "ada", "otto", "vera", "lea", "stan"))
    found = text(cast.owner.get("/users/?q=OTT", headers={"HX-Request": "true", "HX-Target": "rows"}))
    assert "otto" in found and "vera" not in found and "<html" not in found
    assert "Nobody’s name has" in text(cast.owner.get("/users/?q=%00%3Cscript%3E"))
    assert cast.owner.get("/users/?page=-1").status_code == cast.owner.get("/users/?page=x").status_code == 200


def test_a_user_is_made_with_a_password_that_is_shown_once_and_works(cast):
    answer = cast.owner.post(NEW, {"name": "nina", "kind": "person"})
    password = shown_once(answer)
    assert len(password) == 20 and password not in text(cast.owner.get(path("nina")))
    assert Client().login(username="nina", password=password)
    entry = AuditEntry.objects.get(action="user.create")
    assert entry.after == {"kind": "person"} and password not in repr(vars(entry))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Otto", "there is already a person called"),
        ("a b", "valid username"),
        ("", "Type a name."),
        ("x" * 151, "at most 150 characters"),
        ("<script>", "valid username"),
    ],
)
def test_a_name_that_cannot_be_is_refused_where_it_was_typed_and_kept(cast, name, words):
    answer = cast.owner.post(NEW, {"name": name, "kind": "person"})
    assert answer.status_code == 409 and words.lower() in text(answer).lower()
    assert "<script>" not in text(answer).replace("<script src", "").replace("<script type", "")


def test_somebody_becomes_administrator_learner_and_person_again(cast):
    kinds = {"administrator": (True, False), "learner": (False, True), "person": (False, False)}
    for kind, expected in kinds.items():
        assert cast.owner.post(path("stan", "kind/"), {"kind": kind}).status_code == 302
        assert (user("stan").is_superuser, user("stan").is_learner) == expected


def test_a_member_of_a_cluster_is_no_learner_until_that_is_removed(cast):
    answer = cast.owner.post(path("vera", "kind/"), {"kind": "learner"})
    assert answer.status_code == 409 and "Learners are members of no cluster, and vera is of a cluster" in text(answer)
    assert not user("vera").is_learner
    assert AuditEntry.objects.get(action="user.change_kind").result == "refused"


@pytest.mark.parametrize(("verb", "data"), [("kind/", {"kind": "person"}), ("active/", {"active": "0"})])
def test_the_last_administrator_stays_and_nobody_locks_themselves_out(cast, verb, data):
    answer = cast.owner.post(path("olga", verb), data)
    assert answer.status_code == 409 and "The last administrator, olga, cannot be" in text(answer)
    User.objects.create_superuser("second", password=PASSWORD)
    answer = cast.owner.post(path("olga", verb), data)
    assert answer.status_code == 409 and "That is you: another administrator has to do it" in text(answer)
    assert user("olga").is_superuser and user("olga").is_active
    other = Client()
    other.force_login(user("second"))
    assert other.post(path("olga", verb), data).status_code == 302


def test_what_looks_like_a_name_is_that_name(cast):
    answer = cast.owner.post(NEW, {"name": "\uff2f\uff2c\uff27\uff21", "kind": "person"})  # OLGA, in wide letters
    assert answer.status_code == 409 and "here is already a person called OLGA" in text(answer)
    assert cast.owner.post(NEW, {"name": "e\u0301va", "kind": "person"}).status_code == 200
    made = User.objects.get(username="\u00e9va")
    made.set_password(PASSWORD)
    made.save()
    answer = Client().post("/login/", {"name": "e\u0301va", "password": PASSWORD})
    assert answer.status_code == 302


def test_the_last_administrator_stays_also_if_they_became_it_a_moment_ago(cast):
    by, person = user("olga"), user("ada")
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    User.objects.filter(pk=by.pk).update(is_superuser=False)
    for change in (
        lambda: accounts.set_kind(by, person, "person"),
        lambda: accounts.set_active(by, person, active=False),
    ):
        with pytest.raises(accounts.AccountRefused, match="last administrator"):
            change()


def test_an_administrator_who_is_deactivated_does_not_count_as_the_other(cast):
    User.objects.create_superuser("second", password=PASSWORD, is_active=False)
    assert "The last administrator" in text(cast.owner.post(path("olga", "kind/"), {"kind": "person"}))


def test_who_is_deactivated_is_out_at_once_and_comes_back_with_the_old_password(cast):
    cast.owner.post(path("vera", "active/"), {"active": "0"})
    assert cast.viewer.get("/clusters/").status_code == 302
    assert not Client().login(username="vera", password=PASSWORD)
    cast.owner.post(path("vera", "active/"), {"active": "1"})
    assert cast.viewer.get("/clusters/").status_code == 302 and Client().login(username="vera", password=PASSWORD)


def test_signing_out_everywhere_ends_every_session(cast):
    second = Client()
    second.force_login(user("vera"))
    cast.owner.post(path("vera", "sign-out/"))
    assert {client.get("/clusters/").status_code for client in (second, cast.viewer)} == {302}
    assert AuditEntry.objects.get(action="session.end_all").after == {"ended": 2}


def test_a_new_password_replaces_the_old_one_and_ends_sessions(cast):
    password = shown_once(cast.owner.post(path("vera", "password/")))
    assert cast.viewer.get("/clusters/").status_code == 302
    assert Client().login(username="vera", password=password) and not Client().login(username="vera", password=PASSWORD)
    assert "your account page" in text(cast.owner.post(path("olga", "password/"))).lower()


def test_an_administrator_revokes_all_tokens_of_somebody(cast):
    made = [tokens.create(user(name), "ci", Role.ADMIN, clusters=None, days=None)[1] for name in ("vera", "ada")]
    assert "Revoke the API tokens" in text(cast.owner.get(path("vera")))
    assert cast.owner.post(path("vera", "tokens/")).status_code == 302
    answers = [Client().get("/v3/clusters", headers={"Authorization": f"Bearer {value}"}) for value in made]
    assert [answer.status_code for answer in answers] == [401, 200]
    assert AuditEntry.objects.get(action="token.revoke_all").after == {"revoked": 1}
    assert "Revoke the API tokens" not in text(cast.owner.get(path("vera")))


def test_roles_are_given_on_the_users_page_but_not_to_learners(cast):
    other = Cluster.objects.create(name="other", bootstrap="h:1")
    given = {"cluster": str(other.pk), "role": "20"}
    assert cast.owner.post(path("vera", "roles/"), given).status_code == 302
    assert Membership.objects.get(user=user("vera"), cluster=other).role == Role.OPERATOR
    answer = cast.owner.post(path("lea", "roles/"), given)
    assert answer.status_code == 409 and "Learners have sandboxes and no role on a cluster, and lea is one" in text(
        answer
    )
    assert "There is a role of vera already" in text(cast.owner.post(path("vera", "roles/"), given))
    assert "Choose a cluster and a role" in text(
        cast.owner.post(path("vera", "roles/"), {"cluster": "x", "role": "99"})
    )


def test_a_number_beyond_all_is_nobody(cast):
    assert cast.owner.get(f"/users/{10**30}/").status_code == 404
    assert cast.owner.get(f"/audit/{10**30}/").status_code == 404


def test_members_are_added_changed_and_removed_by_an_admin_of_the_cluster(cast):
    page = f"/clusters/{cast.cluster.pk}/members/"
    assert cast.admin.post(page, {"name": "stan", "role": "10"}).status_code == 302
    member = Membership.objects.get(user=user("stan"))
    assert cast.admin.post(f"{page}{member.pk}/", {"role": "20"}).status_code == 302
    assert cast.stranger.get(f"/clusters/{cast.cluster.pk}/members/").status_code == 403
    entry = AuditEntry.objects.get(action="member.change")
    assert (entry.before, entry.after, entry.target) == ({"role": "viewer"}, {"role": "operator"}, "stan")
    assert cast.admin.post(f"{page}{member.pk}/remove/").status_code == 302
    assert cast.stranger.get(page).status_code == 404


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody-of-that-name", "There is no person called nobody-of-that-name."),
        ("lea", "Learners have sandboxes and no role on a cluster, and lea is one."),
        ("vera", "There is a role of vera already"),
        ("olga", "As an administrator of this installation olga may"),
        ("", "Type the name of a person."),
        ('"><img src=x>', "There is no person called"),
    ],
)
def test_who_cannot_be_a_member_is_refused_where_it_was_typed(cast, name, words):
    answer = cast.admin.post(f"/clusters/{cast.cluster.pk}/members/", {"name": name, "role": "10"})
    assert answer.status_code == 409 and words in text(answer) and "<img" not in text(answer)


def test_an_admin_does_not_take_the_role_from_themselves_by_accident(cast):
    member = Membership.objects.get(user=user("ada"))
    page = f"/clusters/{cast.cluster.pk}/members/{member.pk}/"
    for address, data in ((page, {"role": "10"}), (page + "remove/", {})):
        answer = cast.admin.post(address, data)
        assert answer.status_code == 409 and "another admin of this cluster has to take it away" in text(answer)
    assert cast.owner.post(page + "remove/").status_code == 302


def test_members_of_a_read_only_connection_are_managed_all_the_same(cast):
    Cluster.objects.update(read_only=True)
    page = f"/clusters/{cast.cluster.pk}/members/"
    assert cast.admin.post(page, {"name": "stan", "role": "10"}).status_code == 302


def test_the_navigation_offers_what_one_may(cast, kafka):
    admin = text(cast.admin.get(f"/clusters/{cast.cluster.pk}/topics/"))
    viewer = text(cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/"))
    assert "/members/" in admin and "/audit/" in admin and 'href="/users/"' not in admin
    assert "/members/" not in viewer and "/audit/" not in viewer and 'href="/account/"' in viewer
    assert 'href="/users/"' in text(cast.owner.get("/clusters/"))
