"""What `up` runs, as far as browser tests need it: a web process, a database, connections to clusters."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from engine.launcher import REPOSITORY, free_port, start_process
from tests.processes import wait_for

SET_UP = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from console.services.accounts import ensure_admin
from console.services.clusters import ensure_embedded
print(ensure_admin(), ensure_embedded("odradek", {bootstrap!r}).pk)
"""


@dataclass
class Installation:
    """A console and one of its clusters, which the paths of `open_page` are below."""

    bootstrap: str
    address: str
    cluster_id: str
    password: str
    producer: Producer
    admin: AdminClient
    django: Callable[[str], str]  # run Python in this installation
    data: Path
    web_pid: int
    ours: bool = True  # whether the cluster is our broker, not Apache Kafka
    places: dict[str, str] = field(default_factory=dict)  # what addresses of tests/browser/pages.py name

    def connect(self, name: str, bootstrap: str) -> str:
        """Make one more connection, as an administrator does; return its id."""
        made = "from console.models import Cluster; print(Cluster.objects.create(name={!r}, bootstrap={!r}).pk)"
        return self.django(made.format(name, bootstrap)).split()[-1]

    def make_topic(self, name: str, partitions: int = 1, **config: str) -> None:
        """Make a topic; come back when its partitions have leaders."""
        made = self.admin.create_topics([NewTopic(name, partitions, 1, config=config)])
        for future in made.values():
            future.result(20)
        wait_for(lambda: self._has_leaders(name, partitions), timeout_s=20, what=f"{name} has no leaders")

    def _has_leaders(self, name: str, partitions: int) -> bool:
        found = self.admin.list_topics(name, timeout=10).topics[name].partitions
        return len(found) == partitions and all(partition.leader >= 0 for partition in found.values())

    @property
    def cluster(self) -> str:
        """The address of the cluster's pages."""
        return f"{self.address}/clusters/{self.cluster_id}/"


def installation_at(address: str, bootstrap: str, cluster_id: str, password: str, web: "console_on") -> Installation:
    """A running web process, with one of its clusters and clients of that cluster."""
    clients = clients_of(bootstrap)
    return Installation(bootstrap, address, cluster_id, password, *clients, web.django, web.data, web.process.pid)


def looking_at(console: Installation, bootstrap: str, cluster_id: str) -> Installation:
    """The same console, with Apache Kafka as the cluster."""
    producer, admin = clients_of(bootstrap)
    return replace(console, bootstrap=bootstrap, cluster_id=cluster_id, producer=producer, admin=admin, ours=False)


def clients_of(bootstrap: str) -> tuple[Producer, AdminClient]:
    """Clients that send at once."""
    settings = {"bootstrap.servers": bootstrap, "log_level": 0}
    return Producer({**settings, "linger.ms": 0}), AdminClient(settings)


class console_on:
    """The web process, as `up` starts it."""

    def __init__(self, data: Path, port: int | None = None, **environment: str) -> None:
        self.data = data
        self.port = port
        self.environment = {"ODRADEK_DATA": str(data), "DJANGO_SETTINGS_MODULE": "console.project.settings"}
        # All tests come from one address; one that gets a second look comes as one more guest.
        self.environment |= {"REDIS_URL": "", "ODRADEK_GUESTS_A_DAY": "20", **environment}

    def django(self, code: str) -> str:
        command = [sys.executable, "-c", "import django; django.setup()\n" + code]
        environment = {**os.environ, **self.environment}
        done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def __enter__(self) -> str:
        port = self.port or free_port()
        sizes = ["--websocket-max-message-size", "524288", "--websocket-max-frame-size", "524288"]
        command = [sys.executable, "-m", "console.project.web", "-b", "127.0.0.1", "-p", str(port), *sizes]
        self.log = (self.data / "web.log").open("wb")
        self.process = start_process(
            [*command, "console.project.asgi:application"], environment=self.environment, output=self.log
        )
        wait_for(self._listens, timeout_s=30, what="the web process did not start")
        return f"http://127.0.0.1:{port}"

    def _listens(self) -> bool:
        assert self.process.poll() is None, (self.data / "web.log").read_text()
        return b"Listening on TCP" in (self.data / "web.log").read_bytes()

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()
