import pytest
from django.test import Client

PASSWORD = "a long enough secret"


def sign_in(client, name, password, **more):
    return client.post("/login/", {"name": name, "password": password, **more})


def test_signing_in_leads_to_where_one_was_going(cast):
    page = cast.nobody.get("/clusters/").url
    answer = cast.nobody.post(page, {"name": "olga", "password": PASSWORD, "next": "/clusters/"})
    assert (answer.status_code, answer.url) == (302, "/clusters/")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"])
def test_signing_in_never_leads_elsewhere(cast, target):
    assert sign_in(cast.nobody, "olga", PASSWORD, next=target).url == "/"


def test_a_wrong_password_says_what_remains_possible(cast):
    text = sign_in(cast.nobody, "olga", "wrong").content.decode()
    assert "do not match" in text and "4 more tries" in text and 'value="olga"' in text


def test_five_failures_are_a_pause_also_for_the_right_password(cast):
    for _ in range(5):
        sign_in(cast.nobody, "olga", "wrong")
    answer = sign_in(cast.nobody, "OLGA", PASSWORD)
    assert answer.status_code == 429 and "pauses for 1\u202fmin" in answer.content.decode()
    assert sign_in(cast.nobody, "vera", PASSWORD).status_code == 302


def test_many_names_from_one_address_are_a_pause_too(cast):
    for number in range(30):
        sign_in(cast.nobody, f"name{number}", "wrong")
    assert sign_in(cast.nobody, "vera", PASSWORD).status_code == 429


def test_the_form_needs_its_token(cast):
    answer = sign_in(Client(enforce_csrf_checks=True), "olga", PASSWORD)
    assert answer.status_code == 403 and "This form is too old" in answer.content.decode()


def test_signing_out_is_a_post(cast):
    assert cast.owner.get("/logout/").status_code == 405
    assert cast.owner.post("/logout/").url == "/login/"
    assert cast.owner.get("/clusters/").status_code == 302


def test_hostile_names_are_shown_as_they_are(cast):
    text = sign_in(cast.nobody, '"><script>window.__x=1</script>', "x").content.decode()
    assert "<script>window" not in text


def test_a_name_with_a_null_byte_is_only_a_wrong_name(cast):
    assert sign_in(cast.nobody, "ol\x00ga", "x").status_code == 200


def test_cookies_are_for_this_site_and_not_for_scripts(cast):
    answer = sign_in(cast.nobody, "olga", PASSWORD)
    cookie = answer.cookies["odradek_session"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
