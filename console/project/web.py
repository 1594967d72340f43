"""`python -m console.project.web`: daphne, with the bodies of requests bounded while they come; options are daphne's.

Not here: what it serves (asgi.py), the bounds (bodies.py).
"""

from daphne import cli, http_protocol

from console.project.asgi import application
from console.project.bodies import BoundedRequest
from engine.launcher import end_process


def main() -> None:
    """Serve until a signal."""
    assert application is not None, "it is imported to set Django up, before daphne looks for it by its name"
    http_protocol.WebRequest = BoundedRequest
    cli.CommandLineInterface.entrypoint()
    end_process(0)


if __name__ == "__main__":
    main()
