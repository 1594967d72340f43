"""Connections to brokers: versions are negotiated, requests go out in order, answers are matched to them.

A Link is one connection to an address, or the wish for one. It connects when a request
needs it, asks ApiVersions first, signs in if the config says as whom, and then sends what
waits, at most `in_flight_max` unanswered. A broker that does not know our ApiVersions answers in version 0 with error
35 and what it has, and is asked once more (KIP-511). An address has one link per lane:
a broker answers in order, so a JoinGroup that waits for others must not keep a Fetch back.

Invariants:
- Answers come in the order of the requests of a connection; anything else ends the connection.
- What was given to `send` comes back in `finished`, once: answered, or with why not.
- While a link is not connected nothing is in flight on it.
- While a long answer is decoded (work, for it takes too long for a loop) its connection reads nothing.

Not here: which address a request goes to and whether it is tried again (cluster.py), how one
signs in (authentication.py), TLS (the shell's).
Spec: Kafka protocol guide, "Network"; KIP-35, KIP-511, KIP-368.
"""

import base64
from collections import deque
from dataclasses import dataclass, field
from typing import cast

from engine.client.authentication import Authentication
from engine.client.config import ClientConfig
from engine.client.endings import not_kafka, why_closed, why_late
from engine.client.errors import (
    AuthenticationFailed,
    ClientError,
    ConnectionFailed,
    Disconnected,
    Unreachable,
    Unsupported,
)
from engine.client.links import BrokerConnection, InFlight, Link, Versions
from engine.client.long_answers import LONG_BYTES, OPENING_BYTES_MAX, bytes_max, in_words, is_long, work_of
from engine.client.requests import NEVER, Chance, Finished, Request
from engine.core.effects import Effects
from engine.wire.catalog import API_VERSIONS, APIS
from engine.wire.error_codes import ErrorCode
from engine.wire.frames import SIZE_BYTES, api_of, correlation_id_of, decode_answer, encode_request, frame_end
from engine.wire.messages.api_versions import ApiVersionsRequest, ApiVersionsResponse
from engine.wire.primitives import Malformed, Message, Unencodable

SOFTWARE_NAME = "odradek"
SOFTWARE_VERSION = "0.1.0"
SASL_HANDSHAKE, SASL_AUTHENTICATE = 17, 36
NONCE_BYTES = 24
ANY_VERSION = 0x7FFF
LinkKey = tuple[str, str]  # peer, lane


@dataclass(slots=True, eq=False)
class Connections:
    """All links of a client."""

    config: ClientConfig
    effects: Effects
    chance: Chance
    links: dict[LinkKey, Link] = field(default_factory=dict)
    finished: list[Finished] = field(default_factory=list)
    decoding: dict[int, BrokerConnection] = field(default_factory=dict)  # by token: those whose answer is being decoded
    work_count: int = 0

    def is_ready(self, peer: str) -> bool:
        """Whether requests to this peer go out at once."""
        link = self.links.get((peer, ""))
        return link is not None and link.connection is not None and link.connection.ready

    def send(self, peer: str, request: Request, now_ms: int) -> None:
        """Send a request to this peer as soon as it can be."""
        link = self.links.get((peer, request.lane))
        if link is None:
            link = self.links[peer, request.lane] = Link(peer, request.lane)
        request.peer = peer
        link.waiting.append(request)
        if link.connection is not None:
            if link.connection.ready:
                self._send_waiting(link, now_ms)
        elif not link.connecting:
            link.connecting = True
            link.connect_deadline_ms = now_ms + self.config.connect_timeout_ms
            self.effects.connect.append(peer)

    def give_up_lane(self, peer: str, lane: str, reason: str) -> None:
        """Break off one link; what was on its way ends as disconnected."""
        link = self.links.get((peer, lane))
        if link is not None and link.connection is not None:
            self._give_up(link.connection, Disconnected(reason))
        elif link is not None:
            link.connecting = False
            self._fail_all(link, None, Unreachable(reason))

    def close(self) -> None:
        """Close all connections once what is queued is sent."""
        for link in self.links.values():
            if link.connection is not None:
                self.effects.close.append(link.connection)

    def next_deadline_ms(self) -> int:
        """When `on_deadline` has something to do."""
        next_ms = NEVER
        for link in self.links.values():
            if link.connection is not None:
                in_flight = link.connection.in_flight
                if in_flight and in_flight[0].deadline_ms < next_ms:
                    next_ms = in_flight[0].deadline_ms
            elif link.connecting and link.connect_deadline_ms < next_ms:
                next_ms = link.connect_deadline_ms
        return next_ms

    # ---- events
    def on_connected(self, connection_id: int, peer: str, now_ms: int) -> BrokerConnection:
        """Ask what the broker speaks."""
        connection = BrokerConnection(connection_id, peer)
        link = self._connecting_to(peer)
        if link is None:  # it was given up meanwhile
            self.effects.abort.append(connection)
            return connection
        connection.lane = link.lane
        link.connecting = False
        link.connection = connection
        self._ask_versions(connection, APIS[API_VERSIONS].highest, now_ms)
        return connection

    def on_bytes(self, connection: BrokerConnection, view: memoryview, start: int, end: int, now_ms: int) -> int:
        """Take the whole answers among these bytes."""
        position, most = start, self.config.frame_bytes_max
        while not connection.closed and not connection.paused:
            try:
                after = frame_end(view, position, end, most)
                if after - position > OPENING_BYTES_MAX:  # what may be as long as that is asked for these alone
                    frame_end(view, position, end, bytes_max(connection, self.config))
                if after > end:
                    connection.wanted_bytes = after - position
                    return position - start
                self._take_answer(connection, bytes(view[position + 4 : after]), now_ms)
            except Malformed as malformed:
                head, said = bytes(view[position : position + 2]), in_words(connection, view[position:end], malformed)
                self._give_up(connection, not_kafka(connection, self.config, head, said))
                return end - start
            except AuthenticationFailed as failed:
                self._give_up(connection, failed)
                return end - start
            position = after
            if position == end:
                connection.wanted_bytes = SIZE_BYTES
                break
        return end - start if connection.closed else position - start

    def on_work_done(self, token: int, result: object, now_ms: int) -> None:
        """A long answer is decoded, or is none; the connection reads on."""
        connection = self.decoding.pop(token, None)
        if connection is None or connection.closed:
            return
        if isinstance(result, Malformed):
            self._give_up(connection, not_kafka(connection, self.config, b"", result))
            return
        connection.paused = False
        self.effects.resume.append(connection)
        entry = connection.in_flight.popleft()
        assert entry.request is not None, "somebody asked"
        connection.answers += 1
        self.finished.append((entry.request, cast(Message, result)))
        self._send_waiting(self.links[connection.peer, connection.lane], now_ms)

    def on_closed(self, connection: BrokerConnection, now_ms: int, lost: str = "") -> None:
        """End what was in flight, and what waited; those who asked may try again. `lost`: what TLS says of the end."""
        link = self.links.get((connection.peer, connection.lane))
        connection.closed = True
        if link is None or link.connection is not connection:
            return
        link.connection = None
        self._fail_all(link, connection, why_closed(connection, self.config, lost))

    def on_refused(self, peer: str, why: Unreachable, now_ms: int) -> None:
        """There is no connection to be had now."""
        link = self._connecting_to(peer)
        if link is not None:
            link.connecting = False
            self._fail_all(link, None, why)

    def on_deadline(self, now_ms: int) -> None:
        """Give up what does not connect or does not answer."""
        for link in list(self.links.values()) if now_ms >= self.next_deadline_ms() else ():
            if link.connecting and now_ms >= link.connect_deadline_ms:
                link.connecting = False
                seconds = self.config.connect_timeout_ms / 1000
                self._fail_all(link, None, ConnectionFailed(f"no connection to {link.peer} within {seconds:g} s"))
            connection = link.connection
            if connection is not None and connection.in_flight and now_ms >= connection.in_flight[0].deadline_ms:
                late = connection.in_flight[0]
                self._give_up(connection, why_late(connection, self.config, late.deadline_ms - late.sent_ms))
        for link in self.links.values():
            if link.waiting and any(request.ended for request in link.waiting):
                link.waiting = deque(request for request in link.waiting if not request.ended)

    # ---- inside
    def _connecting_to(self, peer: str) -> Link | None:
        """The first link that waits for a connection to this address: before it is open, one is like another."""
        return next((link for link in self.links.values() if link.peer == peer and link.connecting), None)

    def _ask_versions(self, connection: BrokerConnection, version: int, now_ms: int) -> None:
        message = ApiVersionsRequest(SOFTWARE_NAME, SOFTWARE_VERSION) if version >= 3 else ApiVersionsRequest()
        self._put_own(connection, message, API_VERSIONS, version, now_ms)

    def _put_own(self, connection: BrokerConnection, message: Message, api_key: int, version: int, now_ms: int) -> None:
        """Ask something that nobody else asked for."""
        connection.correlation_id += 1
        connection.out.add(encode_request(message, version, connection.correlation_id, self.config.client_id))
        self.effects.touched.append(connection)
        due_ms = now_ms + self.config.request_timeout_ms
        connection.in_flight.append(InFlight(None, api_key, version, connection.correlation_id, now_ms, due_ms))

    def _send_waiting(self, link: Link, now_ms: int) -> None:
        connection, waiting = link.connection, link.waiting
        if connection is None or not connection.ready or connection.closed:
            return
        in_flight, in_flight_max = connection.in_flight, self.config.in_flight_max
        while waiting and len(in_flight) < in_flight_max:
            if connection.sign_in_again_ms is not None and now_ms >= connection.sign_in_again_ms:
                self._sign_in(connection, now_ms)  # KIP-368: the broker would refuse what comes later than that
                return
            request = waiting.popleft()
            if not request.ended:
                self._send_one(connection, request, now_ms)

    def _send_one(self, connection: BrokerConnection, request: Request, now_ms: int) -> None:
        api, effects, config = api_of(request.message), self.effects, self.config
        key = api.key
        version = self._version_of(connection, key, request.version_max)
        if version is None:
            error = Unsupported(f"{connection.peer} has no version of {api.name} in common with us")
            self.finished.append((request, error))
            return
        number = connection.correlation_id + 1
        try:
            frame = encode_request(request.message, version, number, config.client_id)
        except Unencodable as unencodable:
            self.finished.append((request, Unsupported(f"{connection.peer}: {unencodable}")))
            return
        connection.correlation_id = number
        connection.out.items.append(frame)  # OutQueue.add, in place: each request passes here
        connection.out.queued_bytes += len(frame)
        effects.touched.append(connection)
        request.version = version
        request.sent = True
        if effects.tracing:
            effects.observations.append(("request_sent", key, connection.id, number))
        if request.answered:
            answer_ms = config.request_timeout_ms
            if request.answer_ms > answer_ms:
                answer_ms = request.answer_ms
            connection.in_flight.append(InFlight(request, key, version, number, now_ms, now_ms + answer_ms))
        else:
            self.finished.append((request, None))

    def _take_answer(self, connection: BrokerConnection, frame: bytes, now_ms: int) -> None:
        if not connection.in_flight:
            raise Malformed("an answer to nothing")
        entry = connection.in_flight.popleft()
        if correlation_id_of(frame) != entry.correlation_id:
            connection.in_flight.appendleft(entry)
            raise Malformed("an answer to another request")
        effects = self.effects
        if effects.tracing:
            effects.observations.append(("answer_received", entry.api_key, connection.id, entry.correlation_id))
        if entry.request is None and entry.api_key == API_VERSIONS:
            self._take_versions(connection, entry, frame, now_ms)
        elif entry.request is None:
            self._take_sign_in(connection, decode_answer(entry.api_key, entry.version, frame), now_ms)
        elif len(frame) > LONG_BYTES and is_long(entry):
            connection.in_flight.appendleft(entry)  # its time goes on
            connection.paused, connection.wanted_bytes = True, SIZE_BYTES
            self.work_count += 1
            self.decoding[self.work_count] = connection
            effects.work.append(work_of(self.work_count, entry, frame))
            return
        else:
            try:
                answer = decode_answer(entry.api_key, entry.version, frame)
            except Malformed:
                connection.in_flight.appendleft(entry)  # it ends with the connection
                raise
            connection.answers += 1
            self.finished.append((entry.request, answer))
        link = self.links[connection.peer, connection.lane]
        if link.waiting:
            self._send_waiting(link, now_ms)

    def _take_versions(self, connection: BrokerConnection, entry: InFlight, frame: bytes, now_ms: int) -> None:
        # Error 35 comes in version 0, whatever was asked (KIP-511): its code is the first thing after the header.
        refused = len(frame) >= 6 and int.from_bytes(frame[4:6], "big", signed=True) == ErrorCode.UNSUPPORTED_VERSION
        answer = decode_answer(API_VERSIONS, 0 if refused else entry.version, frame)
        assert isinstance(answer, ApiVersionsResponse)
        versions = {key.api_key: (key.min_version, key.max_version) for key in answer.api_keys}
        if refused:
            version = min(versions.get(API_VERSIONS, (0, 0))[1], entry.version - 1)
            if version < 0:
                raise Malformed("no version of ApiVersions in common")
            self._ask_versions(connection, version, now_ms)
        elif answer.error_code:
            raise Malformed(f"ApiVersions is refused with error {answer.error_code}")
        else:
            connection.versions = _in_common(versions)
            connection.features = [(feature.name, feature.max_version_level) for feature in answer.finalized_features]
            if self.config.sasl is None:
                connection.ready = True
            else:
                self._sign_in(connection, now_ms)

    def _sign_in(self, connection: BrokerConnection, now_ms: int) -> None:
        assert self.config.sasl is not None, "somebody signs in"
        # After SaslHandshake 0 tokens would follow without SaslAuthenticate around them (KIP-152).
        if not self._version_of(connection, SASL_HANDSHAKE) or self._version_of(connection, SASL_AUTHENTICATE) is None:
            raise AuthenticationFailed(
                f"{connection.peer} knows no SaslAuthenticate: it is older than Kafka 1.0, or no Kafka"
            )
        nonce = base64.b64encode(bytes(self.chance.randrange(256) for _ in range(NONCE_BYTES))).decode()
        connection.ready = False
        connection.authentication = Authentication(connection.peer, self.config.sasl, nonce)
        self._put_sign_in(connection, connection.authentication.begin(), now_ms)

    @staticmethod
    def _version_of(connection: BrokerConnection, api_key: int, version_max: int = ANY_VERSION) -> int | None:
        """The newest version of an API that both sides have; None if there is none."""
        assert connection.versions is not None, "versions are known before anything is asked"
        low, high = connection.versions.get(api_key, (0, -1))
        version = high if high < version_max else version_max
        return version if version >= low else None

    def _put_sign_in(self, connection: BrokerConnection, message: Message, now_ms: int) -> None:
        api = api_of(message)
        version = self._version_of(connection, api.key)
        assert version is not None, "looked at before signing in"
        self._put_own(connection, message, api.key, version, now_ms)

    def _take_sign_in(self, connection: BrokerConnection, answer: Message, now_ms: int) -> None:
        authentication = connection.authentication
        assert authentication is not None, "an answer to what was asked"
        more = authentication.on_answer(answer)
        if more is not None:
            self._put_sign_in(connection, more, now_ms)
        if authentication.done:
            connection.authentication = None
            connection.ready = True
            # As Java's client, at 85 to 95 % of the session, so that not all come back at once.
            share = 85 + self.chance.randrange(11)
            lifetime_ms = authentication.lifetime_ms
            connection.sign_in_again_ms = now_ms + lifetime_ms * share // 100 if lifetime_ms else None

    def _give_up(self, connection: BrokerConnection, why: ClientError) -> None:
        link = self.links[connection.peer, connection.lane]
        connection.closed = True
        self.effects.abort.append(connection)
        if link.connection is connection:
            link.connection = None
            self._fail_all(link, connection, why)

    def _fail_all(self, link: Link, connection: BrokerConnection | None, why: ClientError) -> None:
        self.links.pop((link.peer, link.lane), None)  # made anew by whoever asks next: addresses come and go
        in_flight = list(connection.in_flight) if connection is not None else []
        if connection is not None:
            connection.in_flight.clear()
        lost = why if isinstance(why, Disconnected) else Disconnected(why.reason)
        for entry in in_flight:
            if entry.request is not None:
                self.finished.append((entry.request, lost))
        waiting = list(link.waiting)
        link.waiting.clear()
        # What was never sent may go elsewhere, unless nobody would take it.
        unsent = why if isinstance(why, Unreachable | AuthenticationFailed) else Unreachable(why.reason)
        for request in waiting:
            self.finished.append((request, unsent))


def _in_common(told: Versions) -> Versions:
    """Of the versions that a broker told, those that we speak too."""
    return {
        key: (max(low, APIS[key].lowest), min(high, APIS[key].stable))
        for key, (low, high) in told.items()
        if key in APIS
    }
