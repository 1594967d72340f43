"""A runner that is asked directly, and people who ask."""

import pytest
from django.test import Client

from sandbox import control
from sandbox.runner import commands
from sandbox.runner.server import Runner
from sandbox.runner.waking import NotYet


class Hosts:
    """The runner of a test, and how the web process asks it: without a socket between them."""

    def __init__(self) -> None:
        self.runner = Runner("lessons")
        self.down = False

    def ask(self, sandbox_id, do, *, time_limit_s=5.0, **arguments):
        if self.down:
            raise control.NoRunner
        answer = None
        while answer is None:
            try:
                answer = commands.carry_out(self.runner, {"id": 1, "sandbox": sandbox_id.hex, "do": do, **arguments})
            except NotYet:
                self.runner.serve_once(0.0)
        if "refused" in answer:
            raise control.ControlRefused(answer["refused"], answer["field"])
        return answer["ok"]

    def run(self, sandbox_id, ms: int) -> None:
        """Let time of the world go on."""
        timeline = self.runner.awake(sandbox_id).timeline
        until_us = timeline.world.now_us + ms * 1000
        timeline.run(60_000, until_us)


@pytest.fixture
def hosts(db, data, monkeypatch):
    one = Hosts()
    monkeypatch.setattr(control, "ask", one.ask)
    yield one
    one.runner.stop()
    one.runner.run()


@pytest.fixture
def browser(owner):
    """The owner, by htmx."""
    one = Client(headers={"HX-Request": "true"})
    one.force_login(owner)
    return one
