"""Every upper bound of the engine in one place: bytes, counts and times that no peer may exceed.

Names end in `_MAX`; times carry their unit. Where Kafka has a config for it, the
config's default is the number here and the config wins.
"""

FRAME_BYTES_MAX = 100 << 20  # socket.request.max.bytes
# Of any request but Produce: decoded, a byte may become 53 bytes of objects (Metadata 0 with empty names).
REQUEST_BYTES_MAX = 2 << 20
QUEUED_BYTES_MAX = 8 << 20  # replies of one connection not yet sent, regions included
TOLD_MEMBERS_BYTES_MAX = 16 << 20  # of new group members that were told their ids and are not back
PARKED_REQUESTS_MAX = 1000  # requests of one connection that wait
DECOMPRESSED_BYTES_MAX = 16 << 20  # what one compressed batch may unpack to, or ...
DECOMPRESSED_RATIO_MAX = 100  # ... this many times its own size, whichever is more
CONFIG_VALUE_CHARACTERS_MAX = 32 << 10  # one config's text
INLINE_DECOMPRESSION_BYTES_MAX = 64 << 10  # larger compressed batches are checked by a helper
STALLED_MS_MAX = 60_000  # a connection that takes none of its replies for so long is closed
