"""The table of the broker's configs: name, type, default, bounds, what it does.

Only what this broker acts on is here; anything else is refused at start.

Not here: parsing and cross checks (config.py).
Spec: https://kafka.apache.org/documentation/#brokerconfigs; `durability` and
`record.validation` are ours.
"""

from engine.core.metadata.config_values import ConfigKey, ConfigType

_LONG_MAX = "9223372036854775807"
BOOLEAN, STRING, INT, LONG, LIST = (
    ConfigType.BOOLEAN,
    ConfigType.STRING,
    ConfigType.INT,
    ConfigType.LONG,
    ConfigType.LIST,
)

_KEYS = (
    ConfigKey("node.id", INT, "1", "The number of this broker and controller in the cluster.", least=0),
    ConfigKey("process.roles", LIST, "broker,controller", "What this process is; both, for now.",
              valid=("broker", "controller"), may_be_empty=False),
    ConfigKey("log.dirs", LIST, None, "The directory that holds this broker's logs and its part of the metadata log."),
    ConfigKey("listeners", LIST, "PLAINTEXT://:9092", "Where the broker listens: NAME://host:port; an empty host is "
              "every address."),
    ConfigKey("advertised.listeners", LIST, None, "What clients are told to connect to, where that differs from "
              "listeners."),
    ConfigKey("num.partitions", INT, "1", "How many partitions a topic gets that is created without a number.",
              least=1),
    ConfigKey("default.replication.factor", INT, "1", "How many replicas a topic gets that is created without a "
              "number.", least=1),
    ConfigKey("min.insync.replicas", INT, "1", "How many in-sync replicas an acks=all produce needs at least.",
              least=1),
    ConfigKey("auto.create.topics.enable", BOOLEAN, "true", "Whether a topic is created when a client asks for it."),
    ConfigKey("delete.topic.enable", BOOLEAN, "true", "Whether topics can be deleted."),
    ConfigKey("message.max.bytes", INT, "1048588", "The largest record batch accepted, after compression.", least=0),
    ConfigKey("socket.request.max.bytes", INT, "104857600", "The largest request frame read.", least=1),
    ConfigKey("queued.max.request.bytes", LONG, "268435456", "How many bytes of requests that are not whole yet are "
              "held for all connections together; more is left with their senders.", least=1024 * 1024),
    ConfigKey("max.connections", INT, "2147483647", "How many client connections are kept; one more waits "
              "until another is closed.", least=1),
    ConfigKey("max.connections.per.ip", INT, "2147483647", "How many connections one address may have; one more "
              "is closed.", least=1),
    ConfigKey("connections.max.idle.ms", LONG, "600000", "A connection that sends nothing for so long is closed.",
              least=1),
    ConfigKey("fetch.max.bytes", INT, "57671680", "The most bytes one Fetch answers with.", least=1024),
    ConfigKey("max.incremental.fetch.session.cache.slots", INT, "1000", "How many incremental fetch sessions are "
              "kept.", least=0),
    ConfigKey("max.request.partition.size.limit", INT, "2000", "The most partitions one DescribeTopicPartitions "
              "answers with.", least=1),
    ConfigKey("log.segment.bytes", INT, "1073741824", "A segment larger than this is closed and a new one begun.",
              least=1024 * 1024),
    ConfigKey("log.roll.ms", LONG, None, "A segment older than this is closed though it is not full; wins over "
              "log.roll.hours.", least=1),
    ConfigKey("log.roll.hours", INT, "168", "As log.roll.ms, in hours.", least=1),
    ConfigKey("log.retention.ms", LONG, None, "How long a closed segment is kept; -1 is for ever. Wins over minutes "
              "and hours.", least=-1),
    ConfigKey("log.retention.minutes", INT, None, "As log.retention.ms, in minutes.", least=-1),
    ConfigKey("log.retention.hours", INT, "168", "As log.retention.ms, in hours.", least=-1),
    ConfigKey("log.retention.bytes", LONG, "-1", "How large a partition's log may grow before its oldest segments "
              "are deleted; -1 is no limit.", least=-1),
    ConfigKey("log.retention.check.interval.ms", LONG, "300000", "How often the broker looks for segments to "
              "delete.", least=1),
    ConfigKey("log.cleanup.policy", LIST, "delete", "What happens to old segments: delete, compact, both, or none "
              "when empty.", valid=("compact", "delete")),
    ConfigKey("log.segment.delete.delay.ms", LONG, "60000", "How long a deleted segment's file stays before it is "
              "removed.", least=0),
    ConfigKey("log.index.size.max.bytes", INT, "10485760", "How large an offset or time index may grow.", least=4),
    ConfigKey("log.index.interval.bytes", INT, "4096", "An index entry is written after this many bytes of "
              "records.", least=0),
    ConfigKey("log.flush.interval.messages", LONG, _LONG_MAX, "A partition is synced after this many records.",
              least=1),
    ConfigKey("log.flush.interval.ms", LONG, None, "A partition is synced at the latest this long after an append."),
    ConfigKey("log.flush.offset.checkpoint.interval.ms", INT, "60000", "How often recovery points are written.",
              least=0),
    ConfigKey("log.flush.start.offset.checkpoint.interval.ms", INT, "60000", "How often log start offsets are "
              "written.", least=0),
    ConfigKey("replica.high.watermark.checkpoint.interval.ms", LONG, "5000", "How often high watermarks are "
              "written."),
    ConfigKey("log.message.timestamp.type", STRING, "CreateTime", "Whether a record carries the producer's time or "
              "the time of its append.", valid=("CreateTime", "LogAppendTime")),
    ConfigKey("log.message.timestamp.before.max.ms", LONG, _LONG_MAX, "How far a record's time may lie in the past "
              "of the broker's.", least=0),
    ConfigKey("log.message.timestamp.after.max.ms", LONG, "3600000", "How far a record's time may lie in the future "
              "of the broker's.", least=0),
    ConfigKey("producer.id.expiration.ms", INT, "86400000", "How long a partition remembers an idempotent producer "
              "that is silent.", least=1),
    ConfigKey("producer.id.expiration.check.interval.ms", INT, "600000", "How often silent producers are looked "
              "for.", least=1),
    ConfigKey("group.min.session.timeout.ms", INT, "6000", "The shortest session timeout a member may ask for.",
              least=0),
    ConfigKey("group.max.session.timeout.ms", INT, "1800000", "The longest session timeout a member may ask for.",
              least=0),
    ConfigKey("group.max.size", INT, "2147483647", "How many members a group may have.", least=1),
    ConfigKey("group.initial.rebalance.delay.ms", INT, "3000", "How long the first rebalance of an empty group waits "
              "for more members.", least=0),
    ConfigKey("offset.metadata.max.bytes", INT, "4096", "How long the note with a committed offset may be.", least=0),
    ConfigKey("offsets.retention.minutes", INT, "10080", "How long committed offsets are kept that nobody reads from "
              "any more.", least=1),
    ConfigKey("offsets.retention.check.interval.ms", LONG, "600000", "How often such offsets are looked for.",
              least=1),
    ConfigKey("offsets.topic.num.partitions", INT, "50", "How many partitions __consumer_offsets is made with.",
              least=1),
    ConfigKey("offsets.topic.segment.bytes", INT, "104857600", "How large a segment of __consumer_offsets grows.",
              least=1024 * 1024),
    ConfigKey("metadata.log.max.record.bytes.between.snapshots", LONG, "20971520", "The metadata log gets a snapshot "
              "after this many bytes of records.", least=1),
    ConfigKey("durability", STRING, "fsync", "fsync: a record counts as replicated only once it is synced here; "
              "pagecache: once it is written, as in Apache Kafka.", valid=("fsync", "pagecache")),
    ConfigKey("record.validation", STRING, "header", "header: a batch is checked by header and checksum; full: each "
              "record is walked too.", valid=("header", "full")),
)  # fmt: skip

KEYS: dict[str, ConfigKey] = {key.name: key for key in _KEYS}
