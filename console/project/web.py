"""`python -m console.project.web`: daphne, with connections, bodies and answers bounded; options are daphne's.

SIGUSR1 makes it write to its log what each of its threads is doing, for the day on which it hangs.
Not here: what it serves (asgi.py), the bounds (connections.py, bodies.py, answers.py).
"""

import faulthandler
import resource
import signal

from daphne import cli, http_protocol, server

from console.kafka.beside import is_busy
from console.kafka.connection import is_decoding
from console.project.answers import PacedServer
from console.project.asgi import application
from console.project.bodies import BoundedRequest
from console.project.collector import calm_collector
from console.project.connections import BoundedFactory
from engine.launcher import end_process


def main() -> None:
    """Serve until a signal."""
    assert application is not None, "it is imported to set Django up, before daphne looks for it by its name"
    faulthandler.register(signal.SIGUSR1)
    http_protocol.WebRequest = BoundedRequest
    server.HTTPFactory = BoundedFactory
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    calm_collector(lambda: is_busy() or is_decoding())
    cli.CommandLineInterface.server_class = PacedServer
    cli.CommandLineInterface.entrypoint()
    end_process(0)


if __name__ == "__main__":
    main()
