"""Every topic config of Apache Kafka 4.3: type, default, bounds, what it does, whether this broker acts on it.

The order is that of Kafka's own definition: of several bad values the first in this
order is the one reported. A config not acted on is described like the others, and a
change of it is refused in words (config_changes.py).

Not here: effective values and their sources (configs.py).
Spec: org.apache.kafka.storage.internals.log.LogConfig; https://kafka.apache.org/documentation/#topicconfigs
(the sentences are ours).
"""

from engine.core.metadata.config_values import ConfigKey, ConfigType

BOOLEAN, STRING, INT, LONG, DOUBLE, LIST = (
    ConfigType.BOOLEAN,
    ConfigType.STRING,
    ConfigType.INT,
    ConfigType.LONG,
    ConfigType.DOUBLE,
    ConfigType.LIST,
)
_LONG_MAX = "9223372036854775807"

_KEYS = (
    ConfigKey("segment.bytes", INT, "1073741824", "A segment file larger than this is closed and a new one begun. "
              "Only closed segments can be deleted or compacted.", least=1048576, server_name="log.segment.bytes"),
    ConfigKey("segment.ms", LONG, "604800000", "A segment older than this is closed though it is not full, so that "
              "retention can take it.", least=1, server_name="log.roll.ms"),
    ConfigKey("segment.jitter.ms", LONG, "0", "At most this much, by chance, is taken off segment.ms, so that many "
              "segments do not roll at once.", least=0, server_name="log.roll.jitter.ms",
              acted_on=False),
    ConfigKey("segment.index.bytes", INT, "10485760", "How large the index of offsets and that of times of one "
              "segment may grow; a full one closes the segment.", least=4, server_name="log.index.size.max.bytes"),
    ConfigKey("flush.messages", LONG, _LONG_MAX, "The log is synced to the disk after this many records. The broker "
              "config durability already decides when a record counts.", least=1,
              server_name="log.flush.interval.messages"),
    ConfigKey("flush.ms", LONG, _LONG_MAX, "The log is synced to the disk at the latest this long after an append.",
              least=0, server_name="log.flush.interval.ms"),
    ConfigKey("retention.bytes", LONG, "-1", "How large a partition may grow before its oldest segments are deleted; "
              "-1 is no limit. Counts for each partition by itself.", least=-1, server_name="log.retention.bytes"),
    ConfigKey("retention.ms", LONG, "604800000", "How long a closed segment is kept after its newest record; -1 keeps "
              "it for ever.", least=-1, server_name="log.retention.ms"),
    ConfigKey("max.message.bytes", INT, "1048588", "The largest record batch that is accepted, after compression.",
              least=0, server_name="message.max.bytes"),
    ConfigKey("index.interval.bytes", INT, "4096", "How many bytes of records lie between two entries of the index: "
              "fewer find an offset faster, more make a smaller index.", least=0,
              server_name="log.index.interval.bytes"),
    ConfigKey("delete.retention.ms", LONG, "86400000", "How long compaction keeps a tombstone, so that a reader who "
              "began before can still see it.", least=0, server_name="log.cleaner.delete.retention.ms",
              acted_on=False),
    ConfigKey("min.compaction.lag.ms", LONG, "0", "A record younger than this is not compacted.", least=0,
              server_name="log.cleaner.min.compaction.lag.ms", acted_on=False),
    ConfigKey("max.compaction.lag.ms", LONG, _LONG_MAX, "A record older than this must have been offered to "
              "compaction.", least=1, server_name="log.cleaner.max.compaction.lag.ms", acted_on=False),
    ConfigKey("file.delete.delay.ms", LONG, "60000", "How long the file of a deleted segment stays on the disk before "
              "it is removed.", least=0, server_name="log.segment.delete.delay.ms"),
    ConfigKey("min.cleanable.dirty.ratio", DOUBLE, "0.5", "Compaction begins when this part of the log has not been "
              "compacted yet.", least=0, most=1, server_name="log.cleaner.min.cleanable.ratio", acted_on=False),
    ConfigKey("cleanup.policy", LIST, "delete", "What happens to old segments: delete removes them by time and size, "
              "compact keeps the newest record of each key, both do both, none keeps all.",
              valid=("compact", "delete"), server_name="log.cleanup.policy"),
    ConfigKey("unclean.leader.election.enable", BOOLEAN, "false", "Whether a replica outside the in-sync set may lead "
              "as the last resort, at the price of lost records.", server_name="unclean.leader.election.enable",
              acted_on=False),
    ConfigKey("min.insync.replicas", INT, "1", "How many replicas must be in sync for an acks=all produce to be "
              "taken.", least=1, server_name="min.insync.replicas"),
    ConfigKey("compression.type", STRING, "producer", "How batches are compressed in the log; producer keeps what was "
              "sent.", valid=("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
              server_name="compression.type", acted_on=False),
    ConfigKey("compression.gzip.level", INT, "-1", "The level where compression.type is gzip: 1 to 9, or -1 for the "
              "codec's own.", least=1, most=9, or_else=-1, server_name="compression.gzip.level", acted_on=False),
    ConfigKey("compression.lz4.level", INT, "9", "The level where compression.type is lz4.", least=1, most=17,
              server_name="compression.lz4.level", acted_on=False),
    ConfigKey("compression.zstd.level", INT, "3", "The level where compression.type is zstd.", least=-131072, most=22,
              server_name="compression.zstd.level", acted_on=False),
    ConfigKey("preallocate", BOOLEAN, "false", "Whether a new segment's file gets its full size at once.",
              server_name="log.preallocate", acted_on=False),
    ConfigKey("message.timestamp.type", STRING, "CreateTime", "Whether a record's time is the producer's (CreateTime) "
              "or that of its append (LogAppendTime).", valid=("CreateTime", "LogAppendTime"),
              server_name="log.message.timestamp.type"),
    ConfigKey("message.timestamp.before.max.ms", LONG, _LONG_MAX, "How far the producer's time may lie before the "
              "broker's; a record from further back is refused.", least=0,
              server_name="log.message.timestamp.before.max.ms"),
    ConfigKey("message.timestamp.after.max.ms", LONG, "3600000", "How far the producer's time may lie after the "
              "broker's; a record from further ahead is refused.", least=0,
              server_name="log.message.timestamp.after.max.ms"),
    ConfigKey("leader.replication.throttled.replicas", LIST, "", "Replicas whose leaders send slowly while partitions "
              "move: partition:broker pairs, or * for all.", throttled=True, acted_on=False),
    ConfigKey("follower.replication.throttled.replicas", LIST, "", "Replicas that are fetched slowly while partitions "
              "move: partition:broker pairs, or * for all.", throttled=True, acted_on=False),
    ConfigKey("remote.storage.enable", BOOLEAN, "false", "Whether closed segments are kept in tiered storage.",
              acted_on=False),
    ConfigKey("local.retention.ms", LONG, "-2", "How long a segment that is in tiered storage also stays on the disk; "
              "-2 is as long as retention.ms says.", least=-2, server_name="log.local.retention.ms", acted_on=False),
    ConfigKey("local.retention.bytes", LONG, "-2", "How much of a partition that is in tiered storage also stays on "
              "the disk; -2 is as much as retention.bytes says.", least=-2, server_name="log.local.retention.bytes",
              acted_on=False),
    ConfigKey("remote.log.copy.disable", BOOLEAN, "false", "Whether tiered storage of this topic is read-only.",
              acted_on=False),
    ConfigKey("remote.log.delete.on.disable", BOOLEAN, "false", "Whether what lies in tiered storage is deleted when "
              "that is disabled.", acted_on=False),
)  # fmt: skip

TOPIC_KEYS: dict[str, ConfigKey] = {key.name: key for key in _KEYS}

# Other names under which a broker sets the same thing; DescribeConfigs lists them behind `server_name`.
SERVER_SYNONYMS: dict[str, tuple[str, ...]] = {
    "log.roll.ms": ("log.roll.hours",),
    "log.roll.jitter.ms": ("log.roll.jitter.hours",),
    "log.retention.ms": ("log.retention.minutes", "log.retention.hours"),
    "log.flush.interval.ms": ("log.flush.scheduler.interval.ms",),
}
