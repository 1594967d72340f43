import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from console.models import ApiToken, AuditEntry, Cluster, ConsoleSession, SignInFailure, User
from console.services import sessions
from tests.console.cast import PASSWORD
from tests.console.fake_kafka import HOSTILE

NEW = "another-long-Secret"
CHANGE = {"old": PASSWORD, "password": NEW, "again": NEW}


def text(answer) -> str:
    return answer.content.decode()


def signed_in(name="vera", **meta) -> Client:
    client = Client(**meta)
    client.post("/login/", {"name": name, "password": PASSWORD})
    return client


def names(page: str) -> list[str]:
    return re.findall(r"/account/sessions/(\w{24})/end/", page)


def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(cast):
    other = signed_in()
    answer = cast.viewer.post("/account/password/", CHANGE, follow=True)
    assert "every other session of yours has ended" in text(answer)
    assert (cast.viewer.get("/account/").status_code, other.get("/account/").status_code) == (200, 302)
    assert Client().login(username="vera", password=NEW)
    assert AuditEntry.objects.get(action="user.change_password").after == {"sessions ended": 1}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"old": "wrong"}, "That is not your password."),
        ({"old": ""}, "Type your old password."),
        ({"again": "x"}, "These two are not the same."),
        ({"password": "x", "again": "x"}, "at least 10 characters"),
        ({"password": "", "again": ""}, "Type a password."),
    ],
)
def test_a_change_that_cannot_be_is_refused_where_it_was_typed(cast, change, words):
    answer = cast.viewer.post("/account/password/", CHANGE | change)
    assert answer.status_code == 409 and words in text(answer) and NEW not in text(answer)
    assert User.objects.get(username="vera").check_password(PASSWORD)


def test_guessing_the_old_password_is_no_faster_than_signing_in(cast):
    for _ in range(5):
        cast.viewer.post("/account/password/", CHANGE | {"old": "wrong"})
    assert "Too many tries. Wait" in text(cast.viewer.post("/account/password/", CHANGE))
    SignInFailure.objects.all().delete()
    assert cast.viewer.post("/account/password/", CHANGE).status_code == 302


def test_sessions_say_where_and_since_when_and_hostile_browsers_are_text(cast):
    signed_in(HTTP_USER_AGENT=HOSTILE, REMOTE_ADDR="2001:db8::7")
    page = text(cast.viewer.get("/account/"))
    assert "2001:db8::7" in page and "<script>window" not in page and "U+202E" in page
    assert page.count("this one") == 1 and len(names(page)) == 2


def test_one_session_or_all_others_are_signed_out(cast):
    first, second = signed_in(), signed_in()
    keys = {session.name: session.session_key for session in ConsoleSession.objects.all()}
    name = next(name for name, key in keys.items() if key == first.cookies["odradek_session"].value)
    cast.viewer.post(f"/account/sessions/{name}/end/")
    assert (first.get("/account/").status_code, second.get("/account/").status_code) == (302, 200)
    cast.viewer.post("/account/sessions/end-others/")
    assert (cast.viewer.get("/account/").status_code, second.get("/account/").status_code) == (200, 302)
    mine = names(text(cast.viewer.get("/account/")))
    assert cast.viewer.post(f"/account/sessions/{mine[0]}/end/").url == "/login/"
    assert cast.viewer.get("/account/").status_code == 302


def test_a_session_of_somebody_else_cannot_be_ended_and_no_page_tells_a_key(cast):
    theirs = ConsoleSession.objects.get(user__username="ada")
    cast.viewer.post(f"/account/sessions/{theirs.name}/end/")
    cast.viewer.post(f"/account/sessions/{theirs.session_key}/end/")
    assert cast.admin.get("/account/").status_code == 200
    key = cast.viewer.cookies["odradek_session"].value
    assert key not in text(cast.viewer.get("/account/"))


def test_the_use_of_a_session_is_written_at_most_once_a_minute(cast):
    sessions._written.clear()
    before = ConsoleSession.objects.get(user__username="vera").last_used_at
    cast.viewer.get("/account/")
    assert ConsoleSession.objects.get(user__username="vera").last_used_at == before
    old = timezone.now() - timedelta(minutes=5)
    ConsoleSession.objects.update(last_used_at=old)
    cast.viewer.get("/account/")
    assert ConsoleSession.objects.get(user__username="vera").last_used_at == old, "this process wrote it a moment ago"
    sessions._written.clear()
    cast.viewer.get("/account/")
    assert ConsoleSession.objects.get(user__username="vera").last_used_at > old + timedelta(minutes=4)


def test_expired_sessions_are_swept_at_a_sign_in(cast):
    ConsoleSession.objects.filter(user__username="ada").update(expire_date=timezone.now() - timedelta(1))
    signed_in()
    assert not ConsoleSession.objects.filter(user__username="ada").exists()


def test_a_pause_says_how_long_it_is(cast):
    for _ in range(5):
        Client().post("/login/", {"name": "vera", "password": "wrong"})
    answer = Client().post("/login/", {"name": "vera", "password": PASSWORD})
    assert answer.status_code == 429 and 50 < int(answer.headers["Retry-After"]) <= 60


def test_signing_in_and_out_is_noted_with_its_address(cast):
    client = signed_in(REMOTE_ADDR="10.4.9.14")
    client.post("/logout/")
    assert [(entry.action, entry.user_name, entry.address) for entry in AuditEntry.objects.all()] == [
        ("session.end", "vera", "10.4.9.14"),
        ("session.begin", "vera", "10.4.9.14"),
    ]


TOKEN = {"name": "ci", "scope": "write", "days": "30", "every": "1"}


def test_a_token_is_made_shown_once_and_revoked(cast):
    answer = cast.viewer.post("/account/tokens/", TOKEN)
    value = re.search(r'id="shown-once"[^>]*>(odradek_[\w-]{43})<', text(answer))[1]
    token = ApiToken.objects.get()
    assert value not in text(cast.viewer.get("/account/tokens/")) and value not in repr(vars(token))
    assert Client().get("/v3/clusters", headers={"Authorization": f"Bearer {value}"}).status_code == 200
    assert cast.viewer.post(f"/account/tokens/{token.pk}/revoke/").status_code == 302
    assert Client().get("/v3/clusters", headers={"Authorization": f"Bearer {value}"}).status_code == 401
    assert [entry.action for entry in AuditEntry.objects.all()] == ["token.revoke", "token.create"]


def opens(value: str) -> bool:
    return Client().get("/v3/clusters", headers={"Authorization": f"Bearer {value}"}).status_code == 200


def made_token(client: Client, name: str) -> str:
    return re.search(r'id="shown-once"[^>]*>([^<]+)<', text(client.post("/account/tokens/", TOKEN | {"name": name})))[1]


def test_another_password_revokes_tokens_if_one_asks_for_it(cast):
    assert "revoke_tokens" not in text(cast.viewer.get("/account/")), "there is none"
    mine, theirs = made_token(cast.viewer, "ci"), made_token(cast.admin, "ci")
    assert "Revoke my API token too" in text(cast.viewer.get("/account/"))
    said = text(cast.viewer.post("/account/password/", CHANGE, follow=True))
    assert opens(mine) and "tokens open nothing" not in said
    again = {"old": NEW, "password": PASSWORD, "again": PASSWORD, "revoke_tokens": "1"}
    said = text(cast.viewer.post("/account/password/", again, follow=True))
    assert not opens(mine) and opens(theirs) and "Your tokens open nothing any more." in said
    assert AuditEntry.objects.filter(action="user.change_password").first().after["tokens revoked"] == 1


def test_a_refused_change_revokes_nothing_and_keeps_the_tick(cast):
    value = made_token(cast.viewer, "ci")
    answer = cast.viewer.post("/account/password/", CHANGE | {"old": "wrong", "revoke_tokens": "1"})
    assert opens(value) and re.search(r'name="revoke_tokens"[^>]* checked', text(answer))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Write what the token is for."),
        ({"days": "0"}, "greater than or equal to 1"),
        ({"days": "x"}, "Days are a whole number."),
        ({"every": ""}, "Choose at least one cluster"),
    ],
)
def test_a_token_that_cannot_be_is_refused_in_words(cast, change, words):
    answer = cast.viewer.post("/account/tokens/", TOKEN | change)
    assert answer.status_code == 409 and words in text(answer) and not ApiToken.objects.exists()


def test_a_name_stands_for_one_token_and_a_foreign_cluster_for_none(cast):
    assert cast.viewer.post("/account/tokens/", TOKEN).status_code == 200
    assert "There is already a token called ci" in text(cast.viewer.post("/account/tokens/", TOKEN))
    foreign = Cluster.objects.create(name="foreign", bootstrap="h:1")
    some = TOKEN | {"name": "two", "every": "", "clusters": str(foreign.pk)}
    assert cast.viewer.post("/account/tokens/", some).status_code == 409
    assert cast.viewer.post("/account/tokens/", some | {"clusters": str(cast.cluster.pk)}).status_code == 200


def test_hostile_names_of_tokens_are_text(cast):
    answer = cast.viewer.post("/account/tokens/", TOKEN | {"name": HOSTILE[:100]})
    for page in (answer, cast.viewer.get("/account/tokens/"), cast.owner.get("/audit/")):
        assert "<script>window" not in text(page) and "<img" not in text(page)


def test_a_learner_has_no_use_for_a_token(cast):
    assert "Make a token" not in text(cast.learner.get("/account/tokens/"))
    assert "learner has no cluster" in text(cast.learner.post("/account/tokens/", TOKEN))
