"""One conversation with our broker and Apache Kafka at once: every API and version that we advertise, answers compared.

Requests come from the schemas (differential_schema.py) and a table of honest ones
(differential_requests.py). An answer is compared field by field; what differs must be
named in differential_reasons.py. A broker that closes the connection answers "close",
one that says nothing within ANSWER_S_MAX "none".
"""

import copy
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from engine.broker.supported import VERSIONS
from engine.wire.catalog import APIS
from engine.wire.frames import api_of, decode_response, encode_request, message_codec
from engine.wire.primitives import Message, Unencodable
from tests.engine.compat.differential_requests import SESSION, TALK, Part
from tests.engine.compat.differential_schema import Case, filled, fitted, variants
from tests.engine.compat.hostile_peer import read_frame

ANSWER_S_MAX = 1.0
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Fields that are a broker's own: where it listens, what it drew at random, its disk.
OWN = {"host", "port", "cluster_id", "producer_id", "session_id", "log_append_time_ms", "throttle_time_ms", "log_dir",
       "total_bytes", "usable_bytes", "last_timestamp", "documentation"}  # fmt: skip
ASKED = {"producer_id", "session_id"}  # of these only what is drawn: a negative or zero one says something


ABOUT = ("name", "topic", "group_id", "key", "api_key", "partition_index", "partition", "index")


class Difference(NamedTuple):
    """One field that is not the same in both answers."""

    key: int
    version: int
    case: str
    path: str
    ours: Any
    kafkas: Any
    all_ours: str  # the whole answers
    all_kafkas: str

    def __str__(self) -> str:
        ours, kafkas = (repr(one)[:300] for one in (self.ours, self.kafkas))
        return f"{APIS[self.key].name} v{self.version} {self.case}: {self.path}: ours {ours}, Kafka {kafkas}"


@dataclass(slots=True)
class Peer:
    """One broker, and what it called the things that the conversation speaks of."""

    bootstrap: str
    connection: socket.socket | None = None
    topic_ids: dict[str, bytes] = field(default_factory=dict)
    member: str = ""
    session: int = 0
    number: int = 0
    patience_s: float = ANSWER_S_MAX

    def ask(self, request: Message, version: int) -> Message | str:
        """Send one request in this broker's own words; return the answer, "close" or "none"."""
        self.send(request, version)
        return self.answer(api_of(request).key, version)

    def send(self, request: Message, version: int) -> None:
        """Send one request in this broker's own words."""
        frame = encode_request(self.worded(copy.deepcopy(request)), version, 7, "x")
        if self.connection is None:
            host, _, port = self.bootstrap.rpartition(":")
            self.connection = socket.create_connection((host, int(port)), ANSWER_S_MAX)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.sendall(frame)

    def answer(self, api_key: int, version: int) -> Message | str:
        """Wait for the answer to what was sent."""
        assert self.connection is not None
        self.connection.settimeout(self.patience_s)
        reply, outcome = None, "close"
        try:
            reply = read_frame(self.connection)
        except TimeoutError:
            outcome = "none"
        except ConnectionError:
            pass
        if reply is None:
            self.connection.close()
            self.connection = None
            return outcome
        answer = decode_response(api_key, version, memoryview(reply))[1]
        self.learn(answer)
        return answer

    def worded(self, value: Any) -> Any:
        """Put this broker's names where placeholders stand."""
        if isinstance(value, Message):
            for name in value.__slots__:
                setattr(value, name, self.worded(getattr(value, name)))
        elif isinstance(value, list):
            return [self.worded(one) for one in value]
        elif isinstance(value, str) and value[:1] == "$":
            self.number += value == "$new"
            return self.member if value == "$member" else f"x-new-{self.number}"
        elif isinstance(value, bytes) and len(value) == 16:
            name = value.rstrip(b"\0").decode("latin-1")
            return self.topic_ids.get(str(self.worded(name)), value)
        elif value == SESSION:
            return self.session
        return value

    def learn(self, answer: Message) -> None:
        """Note the ids that an answer gives."""
        for topic in getattr(answer, "topics", ()):
            if getattr(topic, "topic_id", None) and topic.topic_id != bytes(16) and getattr(topic, "name", None):
                self.topic_ids[topic.name] = topic.topic_id
        self.member = getattr(answer, "member_id", "") or self.member
        self.session = getattr(answer, "session_id", 0) or self.session

    def shown(self, value: Any, name: str = "") -> Any:
        """Turn an answer into plain values in which a broker's own things have common names."""
        if name in OWN and not (name in ASKED and value <= 0):
            return "*"
        if isinstance(value, Message):
            return {one: self.shown(getattr(value, one), one) for one in value.__slots__}
        if isinstance(value, list):
            return [self.shown(one) for one in value]
        if isinstance(value, bytes) and len(value) == 16:
            return next((known for known, its in self.topic_ids.items() if its == value), value)
        if isinstance(value, memoryview):
            return bytes(value)
        return UUID.sub("*", value).replace(self.bootstrap, "*") if isinstance(value, str) else value


def compare(ours: Any, kafkas: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """List the places where two plain answers differ; the order within an array counts for nothing."""
    if ours == kafkas:
        return
    if isinstance(ours, dict) and isinstance(kafkas, dict):
        for name, value in ours.items():
            yield from compare(value, kafkas[name], f"{path}.{name}" if path else name)
    elif isinstance(ours, list) and isinstance(kafkas, list) and len(ours) == len(kafkas):
        for mine, theirs in zip(sorted(ours, key=identity), sorted(kafkas, key=identity), strict=True):
            yield from compare(mine, theirs, path)
    elif isinstance(ours, list) and isinstance(kafkas, list):
        alone = [one for one in ours if one not in kafkas], [one for one in kafkas if one not in ours]
        yield path, *(alone if any(alone) else (ours, kafkas))
    else:
        yield path, ours, kafkas


def identity(one: Any) -> str:
    """Order the parts of an array by what they are about, then by all they say."""
    about = [one.get(name) for name in ABOUT] if isinstance(one, dict) else []
    return repr((about, one))


def parts_of(key: int) -> Iterator[tuple[Part, Case]]:
    """Give every request of one API with what goes before it: by hand, varied, and of defaults."""
    honest = [*TALK.get(key, []), Part(filled(message_codec(key).request))]
    for part in honest:
        yield part, Case(part.name, part.request)
        if part.varied:
            for case in variants(part.request):
                yield part, case


def conversation(peers: tuple[Peer, Peer], key: int) -> tuple[int, list[Difference]]:
    """Hold the conversation of one API with both brokers; return how many answers were compared, and what differed.

    Honest requests go in every version, odd ones in the highest and one more in turn.
    """
    lowest, highest = max(VERSIONS[key][0], APIS[key].lowest), VERSIONS[key][1]
    asked: dict[bytes, None] = {}
    found: list[Difference] = []
    for number, (part, case) in enumerate(parts_of(key)):
        versions = range(lowest, highest + 1)
        if case.request is not part.request:
            versions = (*{lowest + number % len(versions): None, highest: None},)  # type: ignore[assignment]
        for version in versions:
            request = fitted(case.request, version)
            try:
                same = encode_request(request, version, 0, repr(part.before))[:]
            except Unencodable:
                continue
            if same in asked and part.varied:
                continue
            asked[same] = None
            for one in part.before:
                for peer in peers:
                    peer.ask(fitted(one, api_of(one).stable), api_of(one).stable)
            for peer in peers:
                peer.send(request, version)
            ours, kafkas = (peer.shown(peer.answer(key, version)) for peer in peers)
            found += [
                Difference(key, version, case.name, *one, repr(ours), repr(kafkas)) for one in compare(ours, kafkas)
            ]
    return len(asked), found
