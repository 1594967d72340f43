"""What the recorder of golden bytes asks: every API that a broker's clients use, on topics of its own."""

import time
from typing import Any, Protocol

from engine.core.records.builder import BatchBuilder
from engine.wire.messages import (
    add_offsets_to_txn,
    add_partitions_to_txn,
    alter_configs,
    consumer_group_describe,
    consumer_group_heartbeat,
    create_partitions,
    create_topics,
    delete_groups,
    delete_records,
    delete_topics,
    describe_client_quotas,
    describe_cluster,
    describe_configs,
    describe_groups,
    describe_log_dirs,
    describe_producers,
    describe_quorum,
    describe_topic_partitions,
    describe_transactions,
    describe_user_scram_credentials,
    elect_leaders,
    end_txn,
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
    list_partition_reassignments,
    list_transactions,
    metadata,
    offset_commit,
    offset_delete,
    offset_fetch,
    offset_for_leader_epoch,
    produce,
    sync_group,
    txn_offset_commit,
)
from engine.wire.messages.consumer_protocol import ConsumerProtocolSubscription, encode_consumer_protocol_subscription
from engine.wire.primitives import Message

TOPIC = "W-golden"
GROUP = "W-golden-group"
TRANSACTION = "W-golden-transaction"
TOPIC_RESOURCE, BROKER_RESOURCE = 2, 4
CONFIGS = ["segment.bytes", "cleanup.policy", "min.insync.replicas", "log.retention.hours"]


class Asker(Protocol):
    """What the recorder gives."""

    def call(self, message: Message, version: int) -> Any: ...

    def every_version(self, message: Message) -> Any: ...


class Scenario:
    """Topics, records, a group, a transaction; from nothing to nothing."""

    def __init__(self, peer: Asker) -> None:
        self.call, self.every = peer.call, peer.every_version

    def run(self) -> list[str]:
        """Ask everything; return the broker's folders."""
        topic_id = self.topics()
        self.records(topic_id)
        self.cluster()
        self.group(topic_id)
        self.transaction()
        folders = [
            one.log_dir for one in self.every(describe_log_dirs.DescribeLogDirsRequest(self.log_dir_topics())).results
        ]
        self.remove()
        return folders

    def log_dir_topics(self) -> list[Any]:
        return [describe_log_dirs.DescribableLogDirTopic(TOPIC, [0, 1])]

    def topics(self) -> bytes:
        """Create topics in every version; return the id of the one that is used."""
        for version in range(2, 8):
            name = TOPIC if version == 7 else f"{TOPIC}-{version}"
            self.call(create_topics.CreateTopicsRequest([create_topics.CreatableTopic(name, 2, 1)], 9000), version)
        self.every(create_topics.CreateTopicsRequest([create_topics.CreatableTopic(TOPIC, 1, 1)], 9000))
        time.sleep(1)
        for name in (TOPIC, f"{TOPIC}-none"):
            asked = [metadata.MetadataRequestTopic(name=name)]
            for allow in (True, False):
                self.every(metadata.MetadataRequest(asked, allow_auto_topic_creation=allow and name == TOPIC))
        answer = self.call(metadata.MetadataRequest([metadata.MetadataRequestTopic(name=TOPIC)]), 12)
        topic_id: bytes = answer.topics[0].topic_id
        partitions = [create_partitions.CreatePartitionsTopic(TOPIC, count, None) for count in (3,)]
        self.every(create_partitions.CreatePartitionsRequest(partitions, 9000))
        self.every(
            describe_topic_partitions.DescribeTopicPartitionsRequest([describe_topic_partitions.TopicRequest(TOPIC)])
        )
        return topic_id

    def records(self, topic_id: bytes) -> None:
        """Produce, fetch, look up, delete."""
        for version in range(3, 14):
            builder = BatchBuilder()
            builder.add(key=b"key", value=b"value" * 5, timestamp=1_700_000_000_000)
            builder.add(key=None, value=b"", timestamp=1_700_000_000_001)
            batch = memoryview(bytes(builder.build()))
            topic = produce.TopicProduceData(partition_data=[produce.PartitionProduceData(0, batch)])
            topic.name, topic.topic_id = (TOPIC, bytes(16)) if version < 13 else ("", topic_id)
            self.call(produce.ProduceRequest(None, -1, 9000, [topic]), version)
        for version in range(4, 19):
            partitions = [fetch.FetchPartition(index, fetch_offset=1, partition_max_bytes=300) for index in (0, 1, 7)]
            topic_asked = fetch.FetchTopic(
                TOPIC if version < 13 else "", topic_id if version > 12 else bytes(16), partitions
            )
            self.call(fetch.FetchRequest(max_wait_ms=10, min_bytes=1, max_bytes=1 << 20, topics=[topic_asked]), version)
        for timestamp in (-1, -2, -3, 0):
            places = [list_offsets.ListOffsetsPartition(index, -1, timestamp) for index in (0, 1, 9)]
            self.every(list_offsets.ListOffsetsRequest(-1, 0, [list_offsets.ListOffsetsTopic(TOPIC, places)]))
        epochs = [
            offset_for_leader_epoch.OffsetForLeaderPartition(index, -1, epoch) for index, epoch in ((0, 0), (0, 9))
        ]
        topics = [offset_for_leader_epoch.OffsetForLeaderTopic(TOPIC, epochs)]
        self.every(offset_for_leader_epoch.OffsetForLeaderEpochRequest(-1, topics))
        for offset in (1, 99):
            place = [delete_records.DeleteRecordsPartition(0, offset)]
            self.every(delete_records.DeleteRecordsRequest([delete_records.DeleteRecordsTopic(TOPIC, place)], 9000))
        self.every(describe_producers.DescribeProducersRequest([describe_producers.TopicRequest(TOPIC, [0, 9])]))

    def cluster(self) -> None:
        """Ask what a console asks; change a topic's configs."""
        self.every(describe_cluster.DescribeClusterRequest())
        asked = ((TOPIC_RESOURCE, TOPIC), (TOPIC_RESOURCE, f"{TOPIC}-none"), (BROKER_RESOURCE, "1"))
        resources = [describe_configs.DescribeConfigsResource(kind, name, CONFIGS) for kind, name in asked]
        self.every(describe_configs.DescribeConfigsRequest(resources, True))
        self.every(describe_configs.DescribeConfigsRequest(resources, True, True))
        for name, value in (("segment.bytes", "2000000"), ("segment.bytes", "no"), ("no.such", "1")):
            change = [incremental_alter_configs.AlterableConfig(name, 0, value)]
            resource = [incremental_alter_configs.AlterConfigsResource(TOPIC_RESOURCE, TOPIC, change)]
            self.every(incremental_alter_configs.IncrementalAlterConfigsRequest(resource, False))
        old = [
            alter_configs.AlterConfigsResource(
                TOPIC_RESOURCE, TOPIC, [alter_configs.AlterableConfig("segment.ms", "9000000")]
            )
        ]
        self.every(alter_configs.AlterConfigsRequest(old, False))
        quorum = [describe_quorum.RequestTopicData("__cluster_metadata", [describe_quorum.RequestPartitionData(0)])]
        self.every(describe_quorum.DescribeQuorumRequest(quorum))
        self.every(list_config_resources.ListConfigResourcesRequest([]))
        self.every(list_partition_reassignments.ListPartitionReassignmentsRequest(9000, None))
        self.every(describe_client_quotas.DescribeClientQuotasRequest([], False))
        self.every(describe_user_scram_credentials.DescribeUserScramCredentialsRequest(None))
        election = [elect_leaders.TopicPartitions(TOPIC, [0])]
        self.every(elect_leaders.ElectLeadersRequest(0, election, 9000))

    def group(self, topic_id: bytes) -> None:
        """Live the life of a classic group, and of a KIP-848 member."""
        self.every(find_coordinator.FindCoordinatorRequest(key=GROUP))
        self.every(find_coordinator.FindCoordinatorRequest(coordinator_keys=[GROUP]))
        metadata_bytes = bytearray(b"\0\3")
        encode_consumer_protocol_subscription(ConsumerProtocolSubscription([TOPIC]), 3, metadata_bytes)
        for version in range(10):
            self.classic_member(version, bytes(metadata_bytes), topic_id)
        for epoch in (0, -1):
            member = consumer_group_heartbeat.ConsumerGroupHeartbeatRequest(f"{GROUP}-848", "m" * 22, epoch)
            member.rebalance_timeout_ms, member.subscribed_topic_names, member.topic_partitions = 9000, [TOPIC], []
            self.call(member, 1)
            self.every(consumer_group_describe.ConsumerGroupDescribeRequest([f"{GROUP}-848"]))
        self.every(describe_groups.DescribeGroupsRequest([GROUP, f"{GROUP}-none"]))
        self.every(list_groups.ListGroupsRequest(["NoSuchState"]))
        self.every(list_groups.ListGroupsRequest())
        partitions = [offset_delete.OffsetDeleteRequestPartition(1)]
        self.every(
            offset_delete.OffsetDeleteRequest(GROUP, [offset_delete.OffsetDeleteRequestTopic(TOPIC, partitions)])
        )

    def classic_member(self, version: int, subscription: bytes, topic_id: bytes) -> None:
        """Join alone, sync, commit, fetch, heartbeat, leave."""
        join = join_group.JoinGroupRequest(GROUP, 10000, 10000 if version else -1, "", None, "consumer")
        join.protocols = [join_group.JoinGroupRequestProtocol("range", subscription)]
        answer = self.call(join, version)
        if answer.error_code:  # MEMBER_ID_REQUIRED: join again with the id that was given
            join.member_id = answer.member_id
            answer = self.call(join, version)
        generation, member = answer.generation_id, answer.member_id
        sync = sync_group.SyncGroupRequest(GROUP, generation, member)
        sync.assignments = [sync_group.SyncGroupRequestAssignment(member, b"\0\0\0\0\0\0\xff\xff\xff\xff")]
        if version >= 5:
            sync.protocol_type, sync.protocol_name = "consumer", "range"
        self.call(sync, min(version, 5))
        self.call(heartbeat.HeartbeatRequest(GROUP, generation, member), min(version, 4))
        commit_version = version + 1 if version > 0 else 2
        partition = offset_commit.OffsetCommitRequestPartition(1, version, committed_metadata="é")
        topic = offset_commit.OffsetCommitRequestTopic(partitions=[partition])
        topic.name, topic.topic_id = (TOPIC, bytes(16)) if commit_version < 10 else ("", topic_id)
        self.call(offset_commit.OffsetCommitRequest(GROUP, generation, member, topics=[topic]), commit_version)
        self.fetch_offsets(version + 1, topic_id)
        leaving = leave_group.LeaveGroupRequest(GROUP, member)
        if version >= 3:
            leaving = leave_group.LeaveGroupRequest(GROUP, members=[leave_group.MemberIdentity(member)])
        self.call(leaving, min(version, 5))

    def fetch_offsets(self, version: int, topic_id: bytes) -> None:
        """Read committed offsets in one version."""
        if version < 8:
            topics = [offset_fetch.OffsetFetchRequestTopic(TOPIC, [0, 1])]
            self.call(offset_fetch.OffsetFetchRequest(GROUP, topics), version)
            return
        topic = offset_fetch.OffsetFetchRequestTopics(partition_indexes=[0, 1])
        topic.name, topic.topic_id = (TOPIC, bytes(16)) if version < 10 else ("", topic_id)
        group = offset_fetch.OffsetFetchRequestGroup(GROUP, topics=[topic])
        self.call(offset_fetch.OffsetFetchRequest(groups=[group]), version)

    def transaction(self) -> None:
        """Begin, write, commit offsets, end: once per version of EndTxn."""
        for version in range(6):
            answer = self.call(init_producer_id.InitProducerIdRequest(None, 9000), version)
            for _ in range(40):
                answer = self.call(init_producer_id.InitProducerIdRequest(TRANSACTION, 9000), version)
                if not answer.error_code:
                    break
                time.sleep(0.2)
            who = (TRANSACTION, answer.producer_id, answer.producer_epoch)
            places = [add_partitions_to_txn.AddPartitionsToTxnTopic(TOPIC, [1])]
            if version < 4:
                begin = add_partitions_to_txn.AddPartitionsToTxnRequest([], *who, places)
            else:
                one = add_partitions_to_txn.AddPartitionsToTxnTransaction(*who, verify_only=True, topics=places)
                begin = add_partitions_to_txn.AddPartitionsToTxnRequest([one])
            self.call(begin, version)
            self.call(add_offsets_to_txn.AddOffsetsToTxnRequest(*who, GROUP), min(version, 4))
            partition = txn_offset_commit.TxnOffsetCommitRequestPartition(1, 5, committed_metadata="")
            topics = [txn_offset_commit.TxnOffsetCommitRequestTopic(TOPIC, [partition])]
            self.call(
                txn_offset_commit.TxnOffsetCommitRequest(TRANSACTION, GROUP, *who[1:], topics=topics), min(version, 5)
            )
            self.every(describe_transactions.DescribeTransactionsRequest([TRANSACTION, "W-golden-none"]))
            self.every(list_transactions.ListTransactionsRequest(["Ongoing"]))
            self.call(end_txn.EndTxnRequest(*who, committed=version % 2 == 0), version)

    def remove(self) -> None:
        """Delete what was made."""
        self.every(delete_groups.DeleteGroupsRequest([GROUP, f"{GROUP}-848"]))
        for version in range(1, 7):
            names = [f"{TOPIC}-{version}" if version < 6 and version > 1 else TOPIC]
            asked = delete_topics.DeleteTopicsRequest(topic_names=names, timeout_ms=9000)
            if version > 5:
                states = [delete_topics.DeleteTopicState(name) for name in (*names, f"{TOPIC}-6", f"{TOPIC}-none")]
                asked = delete_topics.DeleteTopicsRequest(states, timeout_ms=9000)
            if version > 1:
                self.call(asked, version)
