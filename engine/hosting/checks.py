"""What a broker process refuses at its start, in words.

Also a command, `python -m engine.hosting.checks FILE`: judges a properties file and serves nothing.

Not here: what the broker's own start finds (engine/net/broker_shell.py): a taken port, a locked directory.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from engine.broker.config import BrokerConfig, ConfigError
from engine.launcher import load_properties

POOLS = ("celery.concurrency.thread", "celery.concurrency.solo")
EX_CONFIG = 78  # sysexits.h: told to do what cannot be done; a restart would not help


def refuse(reason: str) -> NoReturn:
    """End the process with one line that says what is wrong."""
    sys.stdout.flush()
    sys.stderr.write(f"{reason}\n")
    sys.stderr.flush()
    # Celery would print a traceback around any exception, and nothing is open yet.
    os._exit(EX_CONFIG)


def check_interpreter() -> None:
    """Refuse an interpreter without assertions: they are how the engine stops before it writes nonsense."""
    if not __debug__:
        refuse("The broker does not run with python -O: its assertions guard the data. Start it without -O.")


def check_pool(pool: type) -> None:
    """Refuse a pool whose tasks would run in another process than the broker."""
    if pool.__module__ not in POOLS:
        refuse("A broker's worker needs --pool=threads (or solo): in any other pool its tasks cannot reach the broker.")


def load_config_of_process() -> BrokerConfig:
    """Return the configuration that this process was started with."""
    path = os.environ.get("ODRADEK_BROKER_PROPERTIES")
    if not path:
        refuse("Set ODRADEK_BROKER_PROPERTIES to the broker's properties file (manage.py up writes one).")
    return load_config(path)


def load_config(path: str) -> BrokerConfig:
    """Return the configuration in a properties file, or refuse the first thing that is wrong with it."""
    try:
        return BrokerConfig.parse(load_properties(Path(path)))
    except ConfigError as error:
        refuse(str(error))
    except (OSError, ValueError) as error:
        refuse(f"The broker's properties cannot be read: {error}")


if __name__ == "__main__":
    check_interpreter()
    load_config(sys.argv[1])
