"""From a frame to its handler and back: header, API key, version.

Produce and Fetch are read by hand in their handlers. Everything else is cold: decoded
by its generated module, answered by one function, encoded by the same module.

A cold handler is `handle(broker, context, request) -> response | None`; None means that
it parked the request (parked_requests.py) and the reply comes later. It builds its
own error responses: a WireError that gets here closes the connection.

Invariants:
- Only what supported.py advertises is served; anything else closes the connection,
  but for an ApiVersions of a version to come, which gets our list (KIP-511).

Not here: what the bytes of a request mean (wire/messages, handlers).
"""

from struct import Struct
from types import ModuleType
from typing import TYPE_CHECKING

from engine.broker.context import RequestContext, encode_reply
from engine.broker.handlers import (
    alter_configs,
    api_versions,
    create_partitions,
    create_topics,
    delete_groups,
    delete_records,
    delete_topics,
    describe_cluster,
    describe_configs,
    describe_groups,
    describe_log_dirs,
    describe_producers,
    describe_topic_partitions,
    fetch,
    find_coordinator,
    heartbeat,
    incremental_alter_configs,
    init_producer_id,
    join_group,
    leave_group,
    list_config_resources,
    list_groups,
    list_offsets,
    metadata,
    offset_commit,
    offset_delete,
    offset_fetch,
    offset_for_leader_epoch,
    produce,
    sync_group,
)
from engine.broker.supported import VERSIONS
from engine.core.limits import REQUEST_BYTES_MAX
from engine.wire.catalog import API_VERSIONS, APIS
from engine.wire.frames import message_codec
from engine.wire.primitives import Malformed, skip_tags

if TYPE_CHECKING:
    from engine.broker.broker import Broker
    from engine.broker.connections import ClientConnection

REQUEST_HEADER = Struct(">hhih")  # api key, version, correlation id, length of the client id
PRODUCE, FETCH = 0, 1
versions_of = VERSIONS.get

# Produce and Fetch are not here: they read their own bytes.
COLD: dict[int, ModuleType] = {
    2: list_offsets,
    3: metadata,
    8: offset_commit,
    9: offset_fetch,
    10: find_coordinator,
    11: join_group,
    12: heartbeat,
    13: leave_group,
    14: sync_group,
    15: describe_groups,
    16: list_groups,
    18: api_versions,
    19: create_topics,
    20: delete_topics,
    21: delete_records,
    22: init_producer_id,
    23: offset_for_leader_epoch,
    32: describe_configs,
    33: alter_configs,
    35: describe_log_dirs,
    37: create_partitions,
    42: delete_groups,
    44: incremental_alter_configs,
    47: offset_delete,
    60: describe_cluster,
    61: describe_producers,
    74: list_config_resources,
    75: describe_topic_partitions,
}


def route(
    broker: "Broker", connection: "ClientConnection", buffer: bytearray, view: memoryview, position: int, end: int
) -> None:
    """Answer the request in `position..end`, or park it."""
    api_key, version, correlation_id, client_id_bytes = REQUEST_HEADER.unpack_from(buffer, position)
    versions = versions_of(api_key)
    if versions is None:
        raise Malformed("an API we did not advertise")
    if not versions[0] <= version <= versions[1]:
        if api_key == API_VERSIONS and version > versions[1]:
            return refuse_api_versions(broker, connection, correlation_id)
        raise Malformed("a version we did not advertise")
    client_id_start = position + 10
    position = client_id_start + (client_id_bytes if client_id_bytes > 0 else 0)
    if position > end:
        raise Malformed("client id ends after the frame")
    flexible = APIS[api_key].flexible
    if flexible is not None and version >= flexible:
        if position >= end:
            raise Malformed("no room for tagged fields")
        if buffer[position]:
            position = skip_tags(view, position, end)
        else:
            position += 1
    if api_key == PRODUCE:
        if version < 3:
            raise Malformed("Produce 0 to 2 are advertised for old clients' sake and refused (KAFKA-18659)")
        return produce.handle_any(broker, connection, view[position:end], version, correlation_id)
    if end - position > REQUEST_BYTES_MAX:
        raise Malformed("too long for anything but Produce")
    if api_key == FETCH:
        return fetch.handle(broker, connection, buffer, view, position, end, version, correlation_id)
    client_id = None if client_id_bytes < 0 else str(view[client_id_start : client_id_start + client_id_bytes], "utf-8")
    return answer_cold(
        broker, RequestContext(connection, api_key, version, correlation_id, client_id), view[position:end]
    )


def answer_cold(broker: "Broker", context: RequestContext, body: memoryview) -> None:
    """Decode, handle, encode."""
    codec = message_codec(context.api_key)
    # Kafka ignores bytes after the request, and librdkafka 2.16 sends some when it asks for all topics.
    request, _ = codec.decode_request(body, 0, context.api_version)
    response = COLD[context.api_key].handle(broker, context, request)
    if response is not None:
        context.connection.reply(encode_reply(context, codec.encode_response, response))


def refuse_api_versions(broker: "Broker", connection: "ClientConnection", correlation_id: int) -> None:
    """KIP-511: a version to come is answered in version 0, with error 35 and our list."""
    context = RequestContext(connection, API_VERSIONS, 0, correlation_id, None)
    encode = message_codec(API_VERSIONS).encode_response
    connection.reply(encode_reply(context, encode, api_versions.refuse_version(broker, context)))
