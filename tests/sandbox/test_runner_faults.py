"""Faults of one world, of its files, or of the database: the runner and its other worlds go on."""

import os
import socket

import pytest
from django.db import OperationalError

from sandbox import places
from sandbox.runner import links, server
from sandbox.runner.links import ControlLink
from sandbox.services import leases, sandboxes
from tests.sandbox.test_runner import begin


def fail(*arguments, **more):
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize("what", ["frame", "keep_house", "tick", "fall_asleep"])
def test_a_world_that_fails_takes_nobody_down(pumped, sandbox, monkeypatch, what):
    begin(pumped, sandbox)
    other = sandboxes.make(name="Another", limits="own", owner=sandbox.owner)
    pumped.ok(other, "watch")
    pumped.ok(sandbox, "watch")
    hosted = pumped.runner.hosted[sandbox.id]
    monkeypatch.setattr(type(hosted), what, lambda one, *rest: fail() if one.id == sandbox.id else {})
    hosted.changes += 1
    hosted.used_s, hosted.limits = -1e9, hosted.limits._replace(idle_s=1)
    for link in pumped.runner.links:
        link.watches.pop(sandbox.id, None) if what == "fall_asleep" else None
    pumped.runner.renewed_s = pumped.runner.house_kept_s = -1e9
    pumped.serve(0.3)
    assert other.id in pumped.runner.hosted


def test_a_sandbox_that_cannot_be_woken_takes_nobody_down(pumped, sandbox, monkeypatch):
    begin(pumped, sandbox)
    pumped.ok(sandbox, "sleep")
    monkeypatch.setattr(server, "wake", fail)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(os.fspath(places.socket_path(sandbox.id)))
        pumped.serve(0.2)
        assert link.recv(1) == b""
    assert leases.holder(sandbox.id) == ""


def test_a_database_that_is_gone_for_longer_than_a_lease_does_not_end_the_runner(pumped, sandbox, monkeypatch):
    begin(pumped, sandbox)
    for name in ("renew", "let_go", "holder"):
        monkeypatch.setattr(leases, name, lambda *arguments: (_ for _ in ()).throw(OperationalError("gone")))
    pumped.runner.leased_until_s = dict.fromkeys(pumped.runner.leased_until_s, 0.0)
    pumped.serve(0.1)
    assert pumped.runner.hosted == {}


def test_whoever_asks_for_much_and_does_not_read_is_answered_when_they_do(pumped, sandbox, monkeypatch):
    monkeypatch.setattr(links, "OUT_BYTES_MAX", 1 << 20)
    begin(pumped, sandbox)
    link = next(one for one in pumped.runner.links if isinstance(one, ControlLink))
    command, asked = b'{"id":%d,"do":"history","count":200,"sandbox":"%s"}\n', 100
    link.unread += b"".join(command % (1_000_000 + number, sandbox.id.hex.encode()) for number in range(asked))
    pumped.runner.asking[link] = None
    while link.waits:
        link.carry_out(pumped.runner)  # nobody takes the answers meanwhile
    assert link.unread, "they are more than is kept for who does not read"
    found: list[dict] = []
    pumped.until(lambda: found.extend(pumped.lines()) or len(found) >= asked)
    assert all("ok" in one for one in found)
