"""One broker in a thread of this process: started, known to the tasks, stopped.

Invariants:
- Whoever started this process is told that it serves when it does (tell_ready), and a start that cannot be is one
  line and a process that has ended.
- A broker that ends by itself ends the process: a supervisor can restart that, but not a worker without a broker.
- Stopping need not happen: kill -9 at any point loses nothing that was acknowledged.

Not here: Celery (bootstep.py), what the broker does (engine/net/broker_shell.py). Loads no Celery, so that a
broker can serve while Celery is still being loaded (__main__.py).
"""

import os
import sys
import threading
from pathlib import Path

from engine.broker.config import BrokerConfig
from engine.hosting import brokers, checks
from engine.launcher import tell_ready
from engine.net.broker_shell import BrokerShell, StartRefused

# A task must not hold the interpreter for the default 5 ms: each of the broker's reads and writes would wait for it.
SWITCH_INTERVAL_S = 50e-6
START_S_MAX = 60.0
STOP_S_MAX = 30.0
EX_SOFTWARE = 70  # sysexits.h: the broker ended by itself


class HostedBroker:
    """A broker, its thread, and where it stands."""

    def __init__(self, config: BrokerConfig) -> None:
        self.config = config
        self.shell = BrokerShell(config, Path(config.log_dirs[0]))
        self.thread = threading.Thread(target=self._run, name="broker", daemon=True)
        self.ready = threading.Event()
        self.stopping = False

    def start(self) -> None:
        """Start it and return when it serves."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self.thread.start()
        if not self.ready.wait(START_S_MAX):
            checks.refuse(f"The broker was not ready within {START_S_MAX:g} s.")
        brokers.add(self.config.node_id, self.shell)
        tell_ready()

    def stop(self) -> None:
        """Stop it in order: it closes its sockets, syncs its logs and leaves the mark of a clean stop."""
        self.stopping = True
        brokers.remove(self.config.node_id)
        self.shell.stop()
        self.thread.join(STOP_S_MAX)

    def _run(self) -> None:
        try:
            self.shell.run(lambda port: self.ready.set())
        except StartRefused as error:
            checks.refuse(str(error))
        except BaseException:  # noqa: BLE001 - nobody above sees what ends this thread
            sys.excepthook(*sys.exc_info())
        if not self.stopping:
            sys.stderr.write("The broker ended by itself; so does its process.\n")
            sys.stderr.flush()
            os._exit(EX_SOFTWARE)
