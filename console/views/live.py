"""Pages that update themselves: a page is asked for again by its own script, which says so.

*Invariants*: who looks at the same page within FRESH_S gets the same numbers: viewers cost a cluster as much as one.
*Not here*: how numbers change in place (static/js/behaviors/live.js), sharing (console/kafka/shared.py).
"""

from typing import Any

from django.http import HttpRequest

FRESH_S = 2.0
HEADER = "X-Live"


def how_fresh(request: HttpRequest) -> dict[str, Any]:
    """How old an answer may be: for an update a little, for a page that somebody opens not at all."""
    return {"fresh_s": FRESH_S} if request.headers.get(HEADER) else {}
