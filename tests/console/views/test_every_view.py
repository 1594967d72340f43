"""The same questions for every view: works, login, stranger, bad id, dead cluster, wrong method."""

import uuid

import pytest

from tests.console.fake_kafka import RECORD

NAME = "orders.placed"
PAGES = {
    "cluster": "",
    "topics": "topics/",
    "records": f"topics/{NAME}/",
    "live": f"topics/{NAME}/live/",
    "partitions": f"topics/{NAME}/partitions/",
    "download": f"topics/{NAME}/download/",
    "configs": f"topics/{NAME}/configs/",
    "record": f"topics/{NAME}/records/{RECORD.partition}/{RECORD.offset}/",
    "bytes": f"topics/{NAME}/records/{RECORD.partition}/{RECORD.offset}/value.bin",
}
on_every_page = pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())


def address(cast, path: str) -> str:
    return f"/clusters/{cast.cluster.pk}/{path}"


@on_every_page
def test_owner_and_viewer_see_it(cast, kafka, path):
    for client in (cast.owner, cast.viewer):
        assert client.get(address(cast, path)).status_code == 200


@on_every_page
def test_who_is_not_signed_in_is_asked_to(cast, kafka, path):
    answer = cast.nobody.get(address(cast, path))
    assert (answer.status_code, answer.url) == (302, f"/login/?next={address(cast, path)}")


@on_every_page
def test_a_stranger_cannot_tell_it_from_what_is_not_there(cast, kafka, path):
    answer = cast.stranger.get(address(cast, path))
    missing = cast.owner.get(f"/clusters/{uuid.uuid4()}/{path}")
    assert (answer.status_code, missing.status_code) == (404, 404)
    assert b"orders-eu" not in answer.content


@on_every_page
def test_it_is_only_for_reading(cast, kafka, path):
    assert cast.owner.post(address(cast, path)).status_code == 405


@on_every_page
def test_a_dead_cluster_gives_a_page_that_says_so(cast, kafka, path):
    kafka.die()
    cast.owner.get(address(cast, path))
    answer = cast.owner.get(address(cast, path))
    text = answer.content.decode()
    assert answer.status_code == 503
    assert "connection refused by 127.0.0.1:9" in text and "tried 2 times" in text and "every 5\u202fs" in text


@on_every_page
def test_a_dead_cluster_gives_a_fragment_to_a_fragment(cast, kafka, path):
    kafka.die()
    answer = cast.owner.get(address(cast, path), headers={"HX-Request": "true", "HX-Target": "rows"})
    assert answer.status_code == 503
    assert b"<html" not in answer.content and b"No broker answers" in answer.content


@on_every_page
def test_a_fragment_after_the_session_ended_asks_for_the_whole_page(cast, kafka, path):
    answer = cast.nobody.get(address(cast, path), headers={"HX-Request": "true", "HX-Target": "rows"})
    assert (answer.status_code, answer.headers["HX-Refresh"], answer.content) == (200, "true", b"")


@on_every_page
def test_no_page_is_kept_and_the_policy_is_strict(cast, kafka, path):
    answer = cast.owner.get(address(cast, path))
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@on_every_page
def test_pages_hold_no_inline_script_style_or_handler(cast, kafka, path):
    import re

    text = cast.owner.get(address(cast, path)).content.decode("utf-8", "replace")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


def test_an_answer_ends_the_outage(cast, kafka):
    kafka.die()
    cast.owner.get(address(cast, "topics/"))
    kafka.down = None
    assert cast.owner.get(address(cast, "topics/")).status_code == 200
    kafka.die()
    assert "tried 1 time " in cast.owner.get(address(cast, "topics/")).content.decode()
