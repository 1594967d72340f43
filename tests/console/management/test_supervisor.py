"""The supervisor with small processes of its own: starts, restarts, last words, order of stopping."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.management.refusals import Refused
from console.management.supervisor import Part, Supervisor
from engine.launcher import start_process

pytestmark = pytest.mark.processes


class Fixture:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.supervisor = Supervisor(lambda name, text: self.said.append(f"{name}: {text}"))

    def part(self, name: str, code: str, is_ready: Callable[[], bool] = lambda: True) -> Part:
        def start() -> subprocess.Popen[bytes]:
            return start_process([sys.executable, "-S", "-c", code], environment={}, output=subprocess.PIPE)

        part = Part(name, start, is_ready, stop_s_max=2.0)
        self.supervisor.add(part)
        return part

    def watch(self, condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
        end_s = time.monotonic() + timeout_s
        self.supervisor.wait_until(lambda: condition() or time.monotonic() > end_s)
        assert condition(), self.said


@pytest.fixture
def fixture() -> Iterator[Fixture]:
    fixture = Fixture()
    yield fixture
    if not fixture.supervisor.stopping:
        fixture.supervisor.stop()


SLEEP = "import time; time.sleep(60)"


def test_a_part_is_announced_when_it_is_ready(fixture: Fixture, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    part = fixture.part("web", SLEEP, flag.exists)
    fixture.supervisor.step()
    assert fixture.said == []
    flag.touch()
    assert fixture.supervisor.wait_ready(part)
    assert len(fixture.said) == 1
    assert fixture.said[0].startswith("web: ready after 0.")


def test_what_a_part_says_is_shown_line_by_line_with_its_name(fixture: Fixture) -> None:
    fixture.part("web", "import time; time.sleep(.3); print('one\\ntwo', flush=True); " + SLEEP)
    fixture.watch(lambda: "web: | two" in fixture.said)
    assert fixture.said[-2:] == ["web: | one", "web: | two"]


def test_a_part_that_dies_before_it_was_ready_ends_the_start_with_its_last_words(fixture: Fixture) -> None:
    fixture.part("web", "print('no room for me'); raise SystemExit(3)", lambda: False)
    with pytest.raises(Refused, match="web did not start: no room for me"):
        fixture.watch(lambda: False)


def test_a_part_that_dies_later_is_started_again_after_a_growing_pause(fixture: Fixture) -> None:
    part = fixture.part("web", SLEEP)
    fixture.watch(lambda: part.ready)
    for pause in ("0.5", "1"):
        assert part.process is not None
        pid = part.process.pid
        part.process.kill()
        fixture.watch(lambda pid=pid: part.ready and part.process is not None and part.process.pid != pid)
        assert f"web: was ended by signal 9; it is started again in {pause} s" in fixture.said
    assert fixture.said[-1].startswith("web: ready again")


def test_parts_stop_in_the_reverse_order_of_their_start_if_others_lean_on_them(fixture: Fixture) -> None:
    polite = "import signal, sys, time; signal.signal(15, lambda *_: (print('bye', flush=True), sys.exit(0))); "
    polite += "print('up', flush=True); time.sleep(60)"
    first, second = fixture.part("redis", polite), fixture.part("web", polite)
    first.leaned_on = True
    fixture.watch(lambda: first.last_words == "up" and second.last_words == "up" and first.ready and second.ready)
    fixture.supervisor.stop()
    assert [line for line in fixture.said if "bye" in line] == ["web: | bye", "redis: | bye"]
    assert first.process is None
    assert second.process is None


def test_parts_that_nobody_leans_on_stop_at_the_same_time(fixture: Fixture) -> None:
    slow = "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(0.5), sys.exit(0))); "
    slow += "print('up', flush=True); time.sleep(60)"
    parts = [fixture.part(name, slow) for name in ("worker", "sandbox", "web", "more")]
    fixture.watch(lambda: all(part.ready and part.last_words == "up" for part in parts))
    begun_s = time.monotonic()
    fixture.supervisor.stop()
    assert time.monotonic() - begun_s < 4 * 0.5 and all(part.process is None for part in parts)


def test_a_part_that_does_not_stop_is_killed_with_its_whole_group(fixture: Fixture, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    stubborn = "import os, signal, time; signal.signal(15, signal.SIG_IGN); child = os.fork(); "
    stubborn += f"open({str(pids)!r}, 'a').write(f'{{os.getpid()}} ') ; time.sleep(60)"
    part = fixture.part("web", stubborn)
    part.stop_s_max = 0.2
    fixture.watch(lambda: pids.exists() and len(pids.read_text().split()) == 2)
    fixture.supervisor.stop()
    assert "web: does not stop; it is killed" in fixture.said
    for pid in pids.read_text().split():
        end_s = time.monotonic() + 5
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            assert time.monotonic() < end_s, f"process {pid} stayed behind"
            time.sleep(0.02)
