"""An own Redis: found, configured, answered; and a REDIS_URL that is wrong."""

import subprocess
import time
from pathlib import Path

import pytest

from console.management.redis_server import check_redis_url, embedded_server, own_redis
from console.management.refusals import Refused
from engine.launcher import free_port, start_process


def test_the_embedded_server_is_found() -> None:
    server = embedded_server()
    assert server is not None
    assert server.endswith("/bin/redis-server")


def test_a_server_on_the_path_comes_first(tmp_path: Path) -> None:
    assert own_redis(tmp_path, which=lambda name: "/opt/redis-server").command[0] == "/opt/redis-server"
    assert own_redis(tmp_path, which=lambda name: None).command[0] == embedded_server()


def test_without_any_server_one_sentence_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.management.redis_server.embedded_server", lambda: None)
    with pytest.raises(Refused, match="There is no Redis: install redis-server, or name a running one by REDIS_URL"):
        own_redis(tmp_path, which=lambda name: None)


@pytest.mark.processes
def test_an_own_redis_answers_only_with_its_password(tmp_path: Path) -> None:
    redis = own_redis(tmp_path / "redis")
    assert (tmp_path / "redis" / "redis.conf").stat().st_mode & 0o077 == 0
    process = start_process(redis.command, environment={}, output=subprocess.DEVNULL)
    try:
        end_s = time.monotonic() + 5
        while not redis.answers():
            assert time.monotonic() < end_s
            time.sleep(0.01)
        check_redis_url(redis.url)
        with pytest.raises(Refused, match="does not answer"):
            check_redis_url(redis.url.replace(redis.password, "wrong"))
        assert redis.password not in " ".join(redis.command)
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}/0", "http://127.0.0.1", "not a url", "unix:///nowhere.sock"])
def test_a_wrong_redis_url_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(Refused, match="The Redis named by REDIS_URL does not answer") as refused:
        check_redis_url(url.format(port=free_port()))
    assert "\n" not in str(refused.value)
