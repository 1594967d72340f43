"""Where Celery meets the broker: `celery -A engine.hosting worker --pool=threads -Q broker.<id>`.

app (the Celery application, no Django) · hosted (one broker in a thread) · bootstep (that broker in a worker) ·
brokers (of this process) · tasks (doors to them) · checks (what is refused at the start).
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Give the celery command its application, with a broker in each of its workers; nobody else loads Celery."""
    if name != "celery":
        raise AttributeError(name)
    from engine.hosting.app import app
    from engine.hosting.bootstep import install

    install(app)
    return app
