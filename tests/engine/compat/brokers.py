"""Our broker as compatibility tests talk to it: as it is run, in a process of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from engine.launcher import BrokerProcess, start_broker


@contextmanager
def odradek(directory: Path, properties: Mapping[str, str] | None = None) -> Iterator[BrokerProcess]:
    """Run our broker in its Celery worker, without Redis, until the block ends."""
    broker = start_broker(directory / "broker-1", properties or {})
    try:
        broker.wait_ready()
        yield broker
    finally:
        broker.kill()
