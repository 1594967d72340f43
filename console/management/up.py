"""`manage.py up`: sets everything up, runs the product, and stops it in order.

Order: look before anything starts (preflight.py) · Redis, broker and the database side by side · worker · web.
The console's side of the set-up (`manage.py prepare`) runs in a process of its own, so that Django is never
loaded in this one, which stays for as long as the product runs.

Not here: the watching (supervisor.py), the commands of the parts (parts.py).
"""

import argparse
import json
import os
import subprocess
import sys
import webbrowser
from contextlib import suppress
from pathlib import Path

from console.management.parts import broker_part, redis_part, sandbox_part, web_part, worker_part
from console.management.preflight import broker_properties, check_broker_properties, check_port, lock_data
from console.management.redis_server import check_redis_url, own_redis
from console.management.refusals import Refused
from console.management.supervisor import Supervisor, say
from engine.launcher import REPOSITORY, last_line, start_process

HOST = "127.0.0.1"
PORT_DEFAULT = 8080
KAFKA_PORT_DEFAULT = 9092


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--brokers", type=int, default=1, metavar="N", help="how many brokers (only 1 yet)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="data directory (default: .data beside manage.py)")
    parser.add_argument("--port", type=_port, default=PORT_DEFAULT, help="of the console (default: %(default)s)")
    parser.add_argument(
        "--kafka-port", type=_port, default=KAFKA_PORT_DEFAULT, help="of the broker (default: %(default)s)"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="broker settings by Kafka's names, key=value lines")
    parser.add_argument(
        "--durability", choices=["fsync", "pagecache"], help="when a record counts as kept (default: fsync)"
    )
    parser.add_argument("--open", action="store_true", help="open the console in a browser")


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else 0
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return port


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        "manage.py up", description="Set up and run Odradek on this machine.", allow_abbrev=False
    )
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def run(options: argparse.Namespace) -> int:
    """Run the product until it is told to stop; 1 and one line when it cannot start."""
    supervisor = Supervisor(say)
    supervisor.catch_signals()
    lock: int | None = None
    try:
        data, properties, lock = look_before(options)
        start_all(supervisor, options, data, properties)
        supervisor.run()
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    finally:
        if supervisor.parts:
            say("up", "stopping ...")
        supervisor.stop()
        if lock is not None:
            os.close(lock)
    say("up", "stopped")
    return 0


def look_before(options: argparse.Namespace) -> tuple[Path, dict[str, str], int]:
    """Refuse what cannot work before anything is started; return data directory, broker properties and the lock."""
    if options.brokers != 1:
        raise Refused(
            f"--brokers {options.brokers}: this version runs one broker;"
            " more come with the replicated quorum. Use --brokers 1."
        )
    data = (options.data or Path(os.environ.get("ODRADEK_DATA") or REPOSITORY / ".data")).absolute()
    properties = broker_properties(options.config, options.kafka_port, options.durability)
    check_broker_properties(properties, options.config)
    check_port("the console", "--port", HOST, options.port)
    host, _, port = properties["listeners"].split(",")[0].partition("://")[2].rpartition(":")
    if int(port) == options.port:
        raise Refused(
            f"Port {port} cannot be the console's and the broker's: choose another by --port or --kafka-port."
        )
    check_port("the broker", "--kafka-port", host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - a probe
    if os.environ.get("REDIS_URL"):
        check_redis_url(os.environ["REDIS_URL"])
    return data, properties, lock_data(data)


def start_all(supervisor: Supervisor, options: argparse.Namespace, data: Path, properties: dict[str, str]) -> None:
    """Start every part and say where the product is; returns early when a signal comes."""
    redis = None if os.environ.get("REDIS_URL") else own_redis(data / "redis")
    environment = {
        "ODRADEK_DATA": str(data),
        "REDIS_URL": redis.url if redis else os.environ["REDIS_URL"],
        "DJANGO_SETTINGS_MODULE": "console.project.settings",
    }
    bootstrap = bootstrap_address(properties)
    prepare = start_process(
        [sys.executable, str(REPOSITORY / "manage.py"), "prepare", "--bootstrap", bootstrap],
        environment=environment,
        output=subprocess.PIPE,
    )
    broker = broker_part(data / "broker-1", properties, environment)
    first = [redis_part(redis), broker] if redis else [broker]
    try:
        for part in first:
            supervisor.add(part)
        if not supervisor.wait_until(lambda: prepare.poll() is not None):
            return
        tell_prepared(prepare)
    finally:
        prepare.kill()
        prepare.wait()
    worker, web = worker_part(environment), web_part(HOST, options.port, environment)
    sandbox = sandbox_part(environment)
    # The worker leans on Redis, and one that never answers is a failed start, not a slow one.
    if not supervisor.wait_ready(*first[:-1]):
        return
    supervisor.add(worker)
    supervisor.add(sandbox)
    supervisor.add(web)
    if not supervisor.wait_ready(*supervisor.parts):
        return
    say("console", f"http://localhost:{options.port}/")
    say("bootstrap", bootstrap)
    if options.open:
        with suppress(webbrowser.Error):
            webbrowser.open(f"http://localhost:{options.port}/")


def tell_prepared(prepare: subprocess.Popen[bytes]) -> None:
    """Say that database and static files are ready, and the first administrator's password, this once."""
    assert prepare.stdout is not None
    output = prepare.stdout.read().decode(errors="replace")
    if prepare.returncode != 0:
        raise Refused(f"The database could not be prepared: {last_line(output)}")
    password = json.loads(last_line(output))["password"]
    say("database", "ready")
    if password:
        say("admin", f"sign in as admin with the password {password} (shown only this once)")


def bootstrap_address(properties: dict[str, str]) -> str:
    """Return what clients on this machine use to find the cluster."""
    host, _, port = properties["listeners"].split(",")[0].partition("://")[2].rpartition(":")
    return f"localhost:{port}" if host in ("", HOST, "0.0.0.0", "[::]") else f"{host}:{port}"  # noqa: S104
