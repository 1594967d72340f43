"""Planted bugs of our own client in a group.

Not here: what it really does (engine/client).
"""

from engine.client.calls import Offset
from engine.client.commits import NO_CALL, Commits
from engine.client.consumer import Consumer
from engine.simulation.plants.plant import Plant


def _commits_what_was_fetched(commits: Commits, timeout_ms: int, now_ms: int, *, repeated: bool) -> None:
    positions = commits.consumer.positions.items()
    offsets = {place: Offset(one.offset) for place, one in positions if one.offset is not None}
    if offsets and commits.consumer.config.auto_commit and commits.coordinator.identity.may_commit:
        commits._add(NO_CALL, offsets, now_ms + timeout_ms, repeated)


def _begins_behind_what_is_committed(
    consumer: Consumer, place: tuple[str, int], generation: int, committed: int | None
) -> None:
    position = consumer.positions.get(place)
    if position is not None and position.generation == generation:
        position.wants_committed = position.waiting = False
        start = None if committed is None else committed + 1
        position.offset = position.polled = position.processed = start


PLANTS = (
    Plant(
        "commit before it is polled",
        "A member commits what it has fetched, whether or not anybody was given it.",
        Commits,
        "commit_processed",
        _commits_what_was_fetched,
        seeds_max=20,
    ),
    Plant(
        "begins one record late",
        "A member takes the committed offset for the last that was read.",
        Consumer,
        "begin_at",
        _begins_behind_what_is_committed,
        seeds_max=20,
    ),
)
