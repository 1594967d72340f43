"""Tasks that only tests have: they look at the broker's process from inside, and take their time."""

import json
import os
import sys
import threading
import time
from pathlib import Path

from engine.hosting import brokers
from engine.hosting.app import app
from engine.net.broker_shell import BrokerStopped


@app.task(name="tests.look")
def look(path: str) -> None:
    """Write what a task sees of the process it runs in."""
    seen = {
        "pid": os.getpid(),
        "switch_interval_s": sys.getswitchinterval(),
        "threads": [thread.name for thread in threading.enumerate()],
        "django": "django.conf" in sys.modules,  # kombu itself loads django.utils where it is
    }
    _write(path, json.dumps(seen))


@app.task(name="tests.nap")
def nap(path: str, seconds: float) -> None:
    """Take a nap and write whether the broker was still there afterwards."""
    _write(path + ".begun", "")
    time.sleep(seconds)
    try:
        brokers.ask("enforce_retention")
        _write(path, "served")
    except BrokerStopped:
        _write(path, "stopped")


def _write(path: str, text: str) -> None:
    temporary = Path(path + ".new")
    temporary.write_text(text)
    temporary.replace(path)
