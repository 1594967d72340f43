"""A cluster of fakes on the wire: three brokers in one process that answer from memory, with any number of topics.

    python -m tests.console.big_cluster TOPICS PARTITIONS GROUPS     prints its bootstrap address

Answers that name everything are encoded once, so that what is measured is the console.
"""

import asyncio
import struct
import sys
from typing import Any

from engine.wire.frames import BY_MODULE, decode_request, encode_request, encode_response
from engine.wire.messages import (
    api_versions,
    consumer_group_describe,
    describe_configs,
    describe_groups,
    describe_log_dirs,
    list_groups,
    list_offsets,
    metadata,
    offset_fetch,
)

NODES = (1, 2, 3)
RECORDS, SIZE = 1_000, 100_000
VERSIONS = {"api_versions": 4, "metadata": 12, "list_offsets": 7, "describe_log_dirs": 4, "describe_configs": 4,
            "list_groups": 4, "describe_groups": 5, "offset_fetch": 8, "consumer_group_describe": 0}  # fmt: skip


class BigCluster:
    """What it holds, and what it says."""

    def __init__(self, topics: int, partitions: int, groups: int) -> None:
        base, more = divmod(partitions, topics)
        self.topics = {f"topic-{number:05}": base + (number < more) for number in range(topics)}
        self.groups = [f"group-{number:05}" for number in range(groups)]
        self.ports: dict[int, int] = {}
        self.whole: dict[tuple[int, int, int], bytes] = {}

    def answer(self, node: int, frame: memoryview) -> bytes:
        header, request = decode_request(frame)
        key, version = header.request_api_key, header.request_api_version
        name = type(request).__module__.rpartition(".")[2]
        whole = getattr(request, "topics", ()) is None and name in ("metadata", "describe_log_dirs")
        if whole and (node, key, version) in self.whole:
            found = bytearray(self.whole[node, key, version])
            struct.pack_into(">i", found, 4, header.correlation_id)
            return bytes(found)
        found = encode_response(key, version, header.correlation_id, getattr(self, name)(node, request))
        if whole:
            self.whole[node, key, version] = found
        return found

    def api_versions(self, node: int, request: Any) -> Any:
        told = [(BY_MODULE[name].key, version) for name, version in VERSIONS.items()]
        return api_versions.ApiVersionsResponse(
            api_keys=[api_versions.ApiVersion(api_key=key, min_version=0, max_version=version) for key, version in told]
        )

    def metadata(self, node: int, request: Any) -> Any:
        names = self.topics if request.topics is None else [topic.name for topic in request.topics]
        nodes = [metadata.MetadataResponseBroker(node_id=one, host="127.0.0.1", port=self.ports[one]) for one in NODES]
        topics = [self._topic(name) for name in names]
        return metadata.MetadataResponse(brokers=nodes, cluster_id="big", controller_id=1, topics=topics)

    def _topic(self, name: str) -> Any:
        count = self.topics.get(name)
        if count is None:
            return metadata.MetadataResponseTopic(error_code=3, name=name)
        parts = [
            metadata.MetadataResponsePartition(
                partition_index=index, leader_id=1 + (index + len(name)) % 3, leader_epoch=1,
                replica_nodes=[1, 2, 3], isr_nodes=[1, 2, 3], offline_replicas=[],
            )
            for index in range(count)
        ]  # fmt: skip
        return metadata.MetadataResponseTopic(name=name, topic_id=name.encode()[:16].ljust(16, b"."), partitions=parts)

    def list_offsets(self, node: int, request: Any) -> Any:
        def part(asked: Any) -> Any:
            offset = 0 if asked.timestamp == -2 else RECORDS
            return list_offsets.ListOffsetsPartitionResponse(
                partition_index=asked.partition_index, timestamp=-1, offset=offset, leader_epoch=1
            )

        return list_offsets.ListOffsetsResponse(
            topics=[
                list_offsets.ListOffsetsTopicResponse(
                    name=topic.name, partitions=[part(one) for one in topic.partitions]
                )
                for topic in request.topics
            ]
        )

    def describe_log_dirs(self, node: int, request: Any) -> Any:
        asked = self.topics if request.topics is None else [topic.topic for topic in request.topics]
        topics = [
            describe_log_dirs.DescribeLogDirsTopic(
                name=name,
                partitions=[
                    describe_log_dirs.DescribeLogDirsPartition(partition_index=index, partition_size=SIZE)
                    for index in range(self.topics.get(name, 0))
                ],
            )
            for name in asked
        ]
        directory = describe_log_dirs.DescribeLogDirsResult(
            log_dir="/data", topics=topics, total_bytes=10**12, usable_bytes=10**11
        )
        return describe_log_dirs.DescribeLogDirsResponse(results=[directory])

    def describe_configs(self, node: int, request: Any) -> Any:
        def one(asked: Any) -> Any:
            entry = describe_configs.DescribeConfigsResourceResult(
                name="cleanup.policy", value="delete", config_source=5, config_type=7
            )
            return describe_configs.DescribeConfigsResult(
                resource_type=asked.resource_type, resource_name=asked.resource_name, configs=[entry]
            )

        return describe_configs.DescribeConfigsResponse(results=[one(asked) for asked in request.resources])

    def list_groups(self, node: int, request: Any) -> Any:
        return list_groups.ListGroupsResponse(
            groups=[
                list_groups.ListedGroup(group_id=name, protocol_type="consumer", group_state="Empty")
                for number, name in enumerate(self.groups)
                if NODES[number % 3] == node
            ]
        )

    def describe_groups(self, node: int, request: Any) -> Any:
        return describe_groups.DescribeGroupsResponse(
            groups=[
                describe_groups.DescribedGroup(group_id=name, group_state="Empty", protocol_type="consumer")
                for name in request.groups
            ]
        )

    def offset_fetch(self, node: int, request: Any) -> Any:
        def commits(number: int) -> list[Any]:
            topics = list(self.topics)
            names = [topics[(number * 7 + step) % len(topics)] for step in range(3)]
            return [
                offset_fetch.OffsetFetchResponseTopics(
                    name=name,
                    partitions=[
                        offset_fetch.OffsetFetchResponsePartitions(
                            partition_index=index, committed_offset=RECORDS - 10, metadata=""
                        )
                        for index in range(self.topics[name])
                    ],
                )
                for name in dict.fromkeys(names)
            ]

        return offset_fetch.OffsetFetchResponse(
            groups=[
                offset_fetch.OffsetFetchResponseGroup(
                    group_id=group.group_id, topics=commits(self.groups.index(group.group_id))
                )
                for group in request.groups
            ]
        )

    def consumer_group_describe(self, node: int, request: Any) -> Any:
        return consumer_group_describe.ConsumerGroupDescribeResponse()

    async def serve(self, node: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                writer.write(self.answer(node, memoryview(await reader.readexactly(size))))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run(self) -> None:
        servers = []
        for node in NODES:
            server = await asyncio.start_server(lambda r, w, node=node: self.serve(node, r, w), "127.0.0.1", 0)
            self.ports[node] = server.sockets[0].getsockname()[1]
            servers.append(server)
        for node in NODES:  # whole answers are made before anybody waits for them
            everything = {
                "metadata": metadata.MetadataRequest(topics=None),
                "describe_log_dirs": describe_log_dirs.DescribeLogDirsRequest(topics=None),
            }
            for module, request in everything.items():
                frame = encode_request(request, VERSIONS[module], 1, "warm")
                self.answer(node, memoryview(frame)[4:])
        print(f"127.0.0.1:{self.ports[1]}", flush=True)
        await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(BigCluster(*(int(number) for number in sys.argv[1:4])).run())
