"""Starts the parts of an installation, watches them, and stops them in order.

A part is a process and a way to tell that it is ready. A part that dies is started again, each time
after a longer pause; one that dies before it was ever ready ends the whole start, with its last words.

Invariants:
- Those that nobody leans on (web, worker, sandboxes) are stopped at the same time, then the others in the reverse order
  of their start: broker, Redis. Nobody loses what it leans on.
- A part has a session (and so a process group) of its own, and dies with the supervisor even at kill -9
  (engine.launcher.start_process); whatever is left of a group is killed when its part is stopped.
- What parts say is shown whole line by whole line, with the part's name before it.

Not here: which parts there are (parts.py), what is checked before (preflight.py). No Django in this process:
it stays small.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from console.management.refusals import Refused

PAUSE_S_FIRST = 0.5
PAUSE_S_MAX = 30.0
HEALTHY_S = 60.0  # after so long the next death is a first one again
READY_S_MAX = 60.0
POLL_S = 0.05
LINE_BYTES_MAX = 8192
NAME_WIDTH = 9


@dataclass(slots=True, eq=False)
class Part:
    """One process: how it is started, how one sees that it is ready, and where it stands."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    about: str = ""  # shown when it is ready
    stop_signal: signal.Signals = signal.SIGTERM
    stop_s_max: float = 10.0
    leaned_on: bool = False  # by parts that were started later
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    was_ready: bool = False
    started_s: float = 0.0
    start_again_s: float = 0.0
    pause_s: float = PAUSE_S_FIRST
    unfinished: bytes = b""  # the line it is in the middle of
    last_words: str = ""


@dataclass(slots=True)
class Supervisor:
    """The parts in the order of their start, and the loop that watches them."""

    say: Callable[[str, str], None]
    parts: list[Part] = field(default_factory=list)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    stopping: bool = False

    def catch_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal stop everything in order."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup means that it shall go on
            signal.signal(signal.SIGHUP, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        self.stopping = True

    def add(self, part: Part) -> None:
        """Start a part; it is watched from now on."""
        self.parts.append(part)
        self._start(part)

    def wait_until(self, condition: Callable[[], bool]) -> bool:
        """Watch the parts until a condition holds; False when a signal came first; Refused if one cannot start."""
        while not self.stopping:
            if condition():
                return True
            self.step()
        return False

    def wait_ready(self, *parts: Part) -> bool:
        """Watch until all these parts are ready; False when a signal came first."""
        return self.wait_until(lambda: all(part.was_ready for part in parts))

    def run(self) -> None:
        """Watch the parts until a signal comes."""
        self.wait_until(lambda: False)

    def step(self) -> None:
        """Look after every part once."""
        for key, _ in self.selector.select(POLL_S if not self._all_ready() else 0.25):
            self._read(key.data)
        now_s = time.monotonic()
        for part in self.parts:
            if part.process is None:
                if now_s >= part.start_again_s:
                    self._start(part)
            elif part.process.poll() is not None:
                self._died(part, now_s)
            elif not part.ready:
                self._look_ready(part, now_s)

    def _all_ready(self) -> bool:
        return all(part.ready for part in self.parts)

    def _start(self, part: Part) -> None:
        part.started_s = time.monotonic()
        part.process = part.start()
        assert part.process.stdout is not None, "a part's output is a pipe"
        os.set_blocking(part.process.stdout.fileno(), False)
        self.selector.register(part.process.stdout, selectors.EVENT_READ, part)

    def _look_ready(self, part: Part, now_s: float) -> None:
        if part.is_ready():
            again = " again" if part.was_ready else ""
            part.ready = part.was_ready = True
            self.say(part.name, f"ready{again} after {now_s - part.started_s:.1f} s  {part.about}".rstrip())
        elif now_s - part.started_s > READY_S_MAX:
            if not part.was_ready:
                raise Refused(f"{part.name} was not ready within {READY_S_MAX:g} s.")
            self._end(part)  # a restart that hangs is ended and tried again

    def _died(self, part: Part, now_s: float) -> None:
        assert part.process is not None
        code = part.process.returncode
        self._forget(part)
        if not part.was_ready:
            raise Refused(f"{part.name} did not start: {part.last_words or f'it ended with code {code}'}")
        if now_s - part.started_s > HEALTHY_S:
            part.pause_s = PAUSE_S_FIRST
        part.start_again_s = now_s + part.pause_s
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        self.say(part.name, f"{how}; it is started again in {part.pause_s:g} s")
        part.pause_s = min(part.pause_s * 2, PAUSE_S_MAX)

    def _forget(self, part: Part) -> None:
        """Take leave of a process that has ended: its last words, and whatever is left of its group."""
        assert part.process is not None
        assert part.process.stdout is not None
        self._read(part)
        if part.unfinished:
            self._show(part, part.unfinished)
        with suppress(KeyError):
            self.selector.unregister(part.process.stdout)
        part.process.stdout.close()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(part.process.pid, signal.SIGKILL)
        part.process, part.ready, part.unfinished = None, False, b""

    def _end(self, part: Part) -> None:
        assert part.process is not None
        with suppress(ProcessLookupError):
            os.killpg(part.process.pid, signal.SIGKILL)

    def _read(self, part: Part) -> None:
        if part.process is None or part.process.stdout is None or part.process.stdout.closed:
            return
        with suppress(BlockingIOError):
            while piece := os.read(part.process.stdout.fileno(), 65536):
                *lines, part.unfinished = (part.unfinished + piece).split(b"\n")
                for line in lines:
                    self._show(part, line)
                if len(part.unfinished) > LINE_BYTES_MAX:
                    self._show(part, part.unfinished)
                    part.unfinished = b""
            # Its end is known by poll(); until then an ended pipe would wake every round.
            with suppress(KeyError):
                self.selector.unregister(part.process.stdout)

    def _show(self, part: Part, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if not text:
            return
        part.last_words = text
        # Before it is ready its last words are the reason it is refused, and said once, as that.
        if part.was_ready:
            self.say(part.name, f"| {text}")

    def stop(self) -> None:
        """Stop all parts, those first that nobody leans on; one that does not stop in time is killed."""
        self.stopping = True
        self._stop([part for part in self.parts if not part.leaned_on])
        for part in reversed(self.parts):
            self._stop([part])
        self.selector.close()

    def _stop(self, parts: list[Part]) -> None:
        """Stop these at the same time, and come back when they are gone."""
        for part in parts:
            if part.process is not None and part.process.poll() is None:
                part.process.send_signal(part.stop_signal)
        begun_s = time.monotonic()
        while left := [part for part in parts if part.process is not None]:
            for part in left:
                assert part.process is not None, "looked at"
                self._read(part)
                if part.process.poll() is not None:
                    self._forget(part)
                elif time.monotonic() > begun_s + part.stop_s_max:
                    self.say(part.name, "does not stop; it is killed")
                    self._end(part)
                    part.process.wait()
            time.sleep(0.01)


def say(name: str, text: str) -> None:
    """Write one line about a part; a reader that went away (a closed pipe) does not stop what runs."""
    with suppress(OSError):
        sys.stdout.write(f"{name:<{NAME_WIDTH}} {text}\n")
        sys.stdout.flush()
