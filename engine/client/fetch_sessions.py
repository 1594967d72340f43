"""The client's side of fetch sessions: what the broker remembers, so that a request says only what changed.

Invariants:
- `known` is what the broker has of the session after our last request.
- A session that the broker did not open (id 0) is asked for again with every request, which is then a full one.

Not here: which partitions are to be fetched (consumer.py).
Spec: KIP-227.
"""

from dataclasses import dataclass, field

from engine.client import fetch_messages
from engine.client.calls import Place
from engine.client.cluster_metadata import NO_ID, ClusterMetadata
from engine.client.fetch_messages import FetchFrom
from engine.wire.messages.fetch import FetchRequest, FetchResponse, ForgottenTopic

EPOCH_MAX = 0x7FFFFFFF
NO_SESSION = 0
FIRST_EPOCH = 0
NO_EPOCH = -1


@dataclass(slots=True, eq=False)
class FetchSession:
    """A session with one broker."""

    session_id: int = NO_SESSION
    epoch: int = FIRST_EPOCH
    known: dict[Place, FetchFrom] = field(default_factory=dict)  # as the broker was told
    topic_ids: dict[str, bytes] = field(default_factory=dict)


def begin_fetch(
    session: FetchSession,
    message: FetchRequest,
    asked: dict[Place, FetchFrom],
    partition_bytes_max: int,
    metadata: ClusterMetadata,
    use_session: bool,
) -> int:
    """Complete a request so that the broker fetches exactly `asked`; return the highest version it may have."""
    known = session.known
    topic_ids: dict[str, bytes] = {}
    said: dict[Place, FetchFrom] = {}
    for place, one in asked.items():
        name = place[0]
        if name not in topic_ids:
            topic_id = topic_ids[name] = metadata.topic_id(name)
            if session.topic_ids.get(name, topic_id) != topic_id:
                session.session_id = NO_SESSION  # a topic was made anew: the broker knows the old one
        # A leader epoch that changed must be said too, or the broker fences the one it was told first (KIP-320).
        if known.get(place) != one:
            said[place] = one
    if session.session_id == NO_SESSION:
        known, said = {}, asked
        session.topic_ids.clear()
        session.epoch = FIRST_EPOCH
    message.session_id = session.session_id
    message.session_epoch = session.epoch if use_session else NO_EPOCH
    message.topics, version_max = fetch_messages.fetch_topics(said, partition_bytes_max, metadata)
    if not known.keys() <= asked.keys():
        message.forgotten_topics_data = _forgotten(session, [place for place in known if place not in asked])
    if NO_ID in topic_ids.values():
        version_max = fetch_messages.BY_NAME_MAX
    session.known = asked if use_session else {}
    session.topic_ids.update(topic_ids)
    return version_max


def _forgotten(session: FetchSession, places: list[Place]) -> list[ForgottenTopic]:
    """The partitions that the broker is to leave out from now on."""
    topics: dict[str, ForgottenTopic] = {}
    for name, partition in places:
        if name not in topics:
            topics[name] = ForgottenTopic(name, session.topic_ids[name], [])
        topics[name].partitions.append(partition)
    return list(topics.values())


def end_fetch(session: FetchSession, answer: FetchResponse) -> None:
    """Note what the answer says of the session."""
    if answer.session_id != session.session_id:
        session.session_id = answer.session_id
        session.epoch = FIRST_EPOCH
    session.epoch = session.epoch + 1 if session.epoch < EPOCH_MAX else 1
