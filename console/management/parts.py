"""The parts of an installation on one machine: Redis, brokers, the worker with beat, sandboxes, the web server.

Each is a plain command, so that systemd or Kubernetes can run it just as well (README).
Not here: the order and the watching (supervisor.py, up.py).
"""

import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from console.management.redis_server import OwnRedis
from console.management.supervisor import Part
from engine.launcher import BrokerProcess, Readiness, start_broker, start_process


def redis_part(redis: OwnRedis) -> Part:
    """Run an own Redis."""

    def start() -> subprocess.Popen[bytes]:
        return start_process(redis.command, environment={}, output=subprocess.PIPE)

    # It keeps nothing, so there is nothing for it to do in order.
    return Part(
        "redis", start, redis.answers, about=f"127.0.0.1:{redis.port}", stop_signal=signal.SIGKILL, leaned_on=True
    )


def broker_part(directory: Path, properties: Mapping[str, str], environment: Mapping[str, str]) -> Part:
    """Run one broker."""
    running: list[BrokerProcess] = []

    def start() -> subprocess.Popen[bytes]:
        if running:
            running.pop().readiness.close()
        running.append(start_broker(directory, properties, output=subprocess.PIPE, environment=environment))
        return running[0].process

    def is_ready() -> bool:
        return running[0].readiness.heard()

    address = properties["listeners"].split(",")[0].partition("://")[2]
    name = f"broker {properties['node.id']}"
    about = f"{address}, durability {properties.get('durability', 'fsync')}"
    return Part(name, start, is_ready, about=about, stop_s_max=30.0, leaned_on=True)


def worker_part(environment: Mapping[str, str]) -> Part:
    """Run the console's Celery worker, with beat in it."""
    return _module_part("worker", "console.project.worker", environment, about="background work, with beat")


def sandbox_part(environment: Mapping[str, str]) -> Part:
    """Run a process that hosts sandboxes."""
    about = "hosts the worlds of learners"
    return _module_part("sandbox", "sandbox.worker", environment, about=about, stop_s_max=25.0)


def _module_part(name: str, module: str, environment: Mapping[str, str], **how: Any) -> Part:
    """Run a module that tells when it is ready."""
    readiness = Readiness()
    variables = {**environment, "NOTIFY_SOCKET": readiness.address}

    def start() -> subprocess.Popen[bytes]:
        return start_process([sys.executable, "-m", module], environment=variables, output=subprocess.PIPE)

    return Part(name, start, readiness.heard, **how)


def web_part(host: str, port: int, environment: Mapping[str, str]) -> Part:
    """Run the web server for pages and WebSockets."""
    options = ["-v", "0", "-b", host, "-p", str(port), "--application-close-timeout", "5"]
    # The limits hold in both directions: the largest frame of a live tail fits (console/live/rows.py).
    options += ["--websocket-max-message-size", "524288", "--websocket-max-frame-size", "524288"]
    command = [sys.executable, "-m", "console.project.web", *options, "console.project.asgi:application"]

    def start() -> subprocess.Popen[bytes]:
        return start_process(command, environment=environment, output=subprocess.PIPE, death_signal=signal.SIGKILL)

    def is_ready() -> bool:
        with suppress(OSError), socket.create_connection((host, port), timeout=0.5):
            return True
        return False

    return Part("web", start, is_ready, about=f"http://{'localhost' if host == '127.0.0.1' else host}:{port}/")
