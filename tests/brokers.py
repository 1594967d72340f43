"""A whole broker in a thread of the test's own process, on a free port: for tests of clients and of the real world."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.broker.config import BrokerConfig
from engine.net.broker_shell import BrokerShell

START_SECONDS = 20.0


class RunningBroker:
    """`bootstrap` is where clients connect; `stop` and `start` keep the data and the port."""

    def __init__(self, directory: Path, configs: dict[str, str]) -> None:
        self.directory, self.configs = directory, configs
        self.port = 0
        self.start()

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        given = {"listeners": f"PLAINTEXT://127.0.0.1:{self.port}", "log.dirs": str(self.directory)} | self.configs
        self.shell = BrokerShell(BrokerConfig.parse(given), self.directory)
        self.failure: BaseException | None = None
        ready = threading.Event()

        def on_ready(port: int) -> None:
            self.port = port
            ready.set()

        def run() -> None:
            try:
                self.shell.run(on_ready)
            except BaseException as failure:
                self.failure = failure
                ready.set()
                raise

        self.thread = threading.Thread(target=run, name="broker", daemon=True)
        self.thread.start()
        assert ready.wait(START_SECONDS), "the broker did not start"
        if self.failure is not None:
            raise self.failure

    def stop(self) -> None:
        self.shell.stop()
        self.thread.join(START_SECONDS)
        assert not self.thread.is_alive()


@contextmanager
def running_broker(directory: Path, **configs: str) -> Iterator[RunningBroker]:
    """Configs by Kafka's names with underscores: durability="pagecache"."""
    broker = RunningBroker(directory, {name.replace("_", "."): value for name, value in configs.items()})
    try:
        yield broker
    finally:
        broker.stop()
