"""The client in the real world: sockets, names, many calls at once, a broker that comes and goes."""

import asyncio
import contextlib
import socket
import time
from contextlib import asynccontextmanager

import pytest

from engine.client.calls import EARLIEST, LATEST, GetMetadata, Produced, ProducerRecord
from engine.client.config import ClientConfig, ConsumerConfig, ProducerConfig, parse_bootstrap
from engine.client.errors import ClientError, Closed, ConnectionFailed, Disconnected, Refused, TimedOut, Unreachable
from engine.client.records import decode
from engine.net.client_shell import ClientShell
from engine.wire.error_codes import ErrorCode
from engine.wire.frames import decode_request, decode_response, encode_response
from engine.wire.messages.api_versions import ApiVersion, ApiVersionsRequest, ApiVersionsResponse
from engine.wire.messages.create_topics import CreatableTopic, CreateTopicsRequest
from engine.wire.messages.describe_cluster import DescribeClusterRequest
from engine.wire.messages.metadata import MetadataResponse, MetadataResponseTopic
from tests.brokers import running_broker


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with running_broker(tmp_path_factory.mktemp("shell")) as running:
        yield running


@asynccontextmanager
async def shell_of(bootstrap, **settings):
    config = ClientConfig(bootstrap=parse_bootstrap(bootstrap), **settings)
    shell = ClientShell(bootstrap, config=config)
    await shell.start()
    try:
        yield shell
    finally:
        await shell.close()


async def create(shell, name, partitions=1):
    answer = await shell.send(CreateTopicsRequest([CreatableTopic(name, partitions, 1)], 5_000), controller=True)
    assert answer.topics[0].error_code in (0, ErrorCode.TOPIC_ALREADY_EXISTS)


def test_records_come_back_as_they_were_sent(broker):
    async def work():
        async with shell_of(broker.bootstrap, producer=ProducerConfig(linger_ms=0)) as shell:
            await create(shell, "back", 3)
            values = [b"%d" % number for number in range(500)]
            done = await shell.produce(*[ProducerRecord("back", value, value, (("h", b"x"),)) for value in values])
            assert all(isinstance(one, Produced) for one in done)
            places = [("back", index) for index in range(3)]
            starts = await shell.list_offsets([(*place, EARLIEST) for place in places])
            ends = await shell.list_offsets([(*place, LATEST) for place in places])
            assert sum(ends[place].offset - starts[place].offset for place in places) == 500
            found = await shell.fetch([(*place, 0) for place in places])
            got = [record for place in places for record in decode(found[place]).records]
            assert sorted(record.value for record in got) == sorted(values)
            for outcome, value in zip(done, values, strict=True):
                assert any(
                    (one.partition, one.offset, one.value) == (outcome.partition, outcome.offset, value) for one in got
                )

    asyncio.run(work())


def test_many_calls_at_once_each_get_their_own_answer(broker):
    async def work():
        async with shell_of(broker.bootstrap) as shell:
            for index in range(10):
                await create(shell, f"many-{index}", index + 1)
            answers = await asyncio.gather(*[shell.metadata([f"many-{number % 10}"]) for number in range(200)])
            assert [len(answer.topics[0].partitions) for answer in answers] == [
                number % 10 + 1 for number in range(200)
            ]

    asyncio.run(work())


def test_an_answer_larger_than_the_buffer_is_whole(broker):
    async def work():
        async with shell_of(broker.bootstrap, producer=ProducerConfig(linger_ms=0)) as shell:
            await create(shell, "large")
            await shell.produce(ProducerRecord("large", bytes(range(256)) * 3_000))
            found = await shell.fetch([("large", 0, 0)])
            assert decode(found["large", 0]).records[0].value == bytes(range(256)) * 3_000
            assert (await shell.metadata([])).cluster_id

    asyncio.run(work())


def test_consuming_sees_what_is_produced_elsewhere(broker):
    async def work():
        settings = {"consumer": ConsumerConfig(offset_reset="earliest"), "producer": ProducerConfig(linger_ms=0)}
        async with shell_of(broker.bootstrap, **settings) as one, shell_of(broker.bootstrap, **settings) as other:
            await create(one, "seen", 2)
            await other.assign([("seen", 0, None), ("seen", 1, None)])
            expected = [b"%d" % number for number in range(100)]
            for number, value in enumerate(expected):
                await one.produce(ProducerRecord("seen", value, partition=number % 2))
            got = []
            while len(got) < 100:
                got += [record.value for entry in await other.poll() for record in decode(entry).records]
            assert sorted(got) == sorted(expected)

    asyncio.run(work())


@pytest.mark.parametrize(
    ("bootstrap", "words"),
    [
        ("127.0.0.1:1", "refuses the connection: nothing listens there"),
        ("localhost:1", "refuses the connection: nothing listens there"),
        ("there-is-no-such-host.invalid:9092", "the name is not known"),
    ],
)
def test_why_there_is_no_connection_is_said_in_words(bootstrap, words):
    async def work():
        async with shell_of(bootstrap) as shell:
            with pytest.raises(Unreachable, match=words):
                await shell.metadata()

    asyncio.run(work())


def test_a_server_that_says_nothing_is_waited_for_only_so_long():
    async def work(address):
        async with shell_of(address) as shell:
            begun = time.monotonic()
            with pytest.raises(TimedOut, match="in time"):
                await shell.metadata(timeout_ms=200)
            assert time.monotonic() - begun < 1

    with socket.create_server(("127.0.0.1", 0)) as server:
        asyncio.run(work(f"127.0.0.1:{server.getsockname()[1]}"))


def test_a_server_that_does_not_speak_kafka_is_recognized():
    async def work():
        server = await asyncio.start_server(_answer_http, "127.0.0.1", 0)
        async with server:
            address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with shell_of(address) as shell:
                with pytest.raises(Unreachable, match="does not speak Kafka's protocol"):
                    await shell.metadata()

    asyncio.run(work())


async def _answer_http(reader, writer):
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    await writer.drain()
    writer.close()


def test_what_the_broker_refuses_is_named(broker):
    async def work():
        async with shell_of(broker.bootstrap) as shell:
            found = await shell.list_offsets([("nobody-made-this", 0, LATEST)])
            error = found["nobody-made-this", 0]
            assert isinstance(error, Refused)
            assert error.code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION

    asyncio.run(work())


def test_a_cancelled_call_leaves_nothing_in_the_machine(broker):
    async def work():
        async with shell_of(broker.bootstrap) as shell:
            await shell.assign([])
            waiting = asyncio.create_task(shell.poll(wait_ms=60_000))
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            assert shell.machine.consumer.polls == {}
            assert (await shell.metadata([])).cluster_id

    asyncio.run(work())


def test_a_connection_reads_on_also_when_nothing_else_is_to_be_done(broker):
    async def work():
        async with shell_of(broker.bootstrap) as shell:
            await create(shell, "read-on")
            (entry,) = shell._sockets.values()
            entry.transport.pause_reading()
            shell.machine.effects.resume.append(entry.connection)  # as after a long answer that nobody waited for
            shell._perform()
            assert entry.transport.is_reading()

    asyncio.run(work())


def test_closing_ends_open_calls_and_connections(broker):
    async def work():
        shell = ClientShell(broker.bootstrap)
        await shell.start()
        await shell.metadata([])
        await shell.assign([])
        waiting = asyncio.create_task(shell.poll(wait_ms=60_000))
        await asyncio.sleep(0.05)
        await shell.close()
        with pytest.raises(Closed):
            await waiting
        with pytest.raises(Closed):
            await shell.metadata([])
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(work())


def test_a_restarted_broker_is_found_again_and_no_record_is_lost_or_doubled(tmp_path):
    async def work(running):
        async with shell_of(running.bootstrap, producer=ProducerConfig(linger_ms=1)) as shell:
            await create(shell, "restarts")
            outcomes = []
            producing = asyncio.create_task(_produce_on(shell, outcomes, 300))
            for _ in range(2):
                await asyncio.sleep(0.3)
                await asyncio.to_thread(running.stop)
                with pytest.raises(ClientError):
                    await shell.metadata([], timeout_ms=300)
                await asyncio.to_thread(running.start)
                assert (await shell.metadata(["restarts"])).topics[0].error_code == 0
            await asyncio.wait_for(producing, 30)
            assert all(isinstance(outcome, Produced) for outcome in outcomes)
            found = await shell.fetch([("restarts", 0, 0)], partition_bytes_max=8 << 20)
            values = [record.value for record in decode(found["restarts", 0]).records]
            assert values == [b"%d" % number for number in range(300)]

    with running_broker(tmp_path) as running:
        asyncio.run(work(running))


async def _produce_on(shell, outcomes, count):
    for number in range(count):
        outcomes += await shell.produce(ProducerRecord("restarts", b"%d" % number))
        await asyncio.sleep(0.003)


def test_what_cannot_be_repeated_fails_when_the_connection_is_lost(tmp_path):
    async def work(running):
        async with shell_of(running.bootstrap) as shell:
            assert (await shell.send(DescribeClusterRequest())).cluster_id
            for connection in shell._sockets.values():
                connection.abort()
            request = CreateTopicsRequest([CreatableTopic("once", 1, 1)], 5_000)
            with pytest.raises(Disconnected):
                await shell.send(request, repeatable=False)

    with running_broker(tmp_path) as running:
        asyncio.run(work(running))


def test_of_very_many_brokers_a_few_are_connected_to_at_once(monkeypatch):
    under_way, most = 0, 0

    async def slow(self, peer, host, port, reached):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        raise ConnectionFailed(f"{peer} refuses")

    async def work():
        async with shell_of("127.0.0.1:9") as shell:
            for node in range(300):
                shell._begin_connect(f"127.0.0.1:{10_000 + node}")
            while shell._connecting:
                await asyncio.sleep(0.01)

    monkeypatch.setattr(ClientShell, "_open", slow)
    asyncio.run(work())
    assert most == 64


class LongAnswers:
    """A server whose Metadata is long: so many topics."""

    def __init__(self, topics):
        self.answer = MetadataResponse(
            brokers=[], cluster_id="long", topics=[MetadataResponseTopic(name="t", partitions=[])] * topics
        )

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int.from_bytes(await reader.readexactly(4), "big")
                header, message = decode_request(memoryview(await reader.readexactly(size)))
                answer = self.answer
                if isinstance(message, ApiVersionsRequest):
                    answer = ApiVersionsResponse(0, [ApiVersion(3, 0, 12), ApiVersion(18, 0, 3)])
                version, number = header.request_api_version, header.correlation_id
                frame = await asyncio.to_thread(encode_response, header.request_api_key, version, number, answer)
                writer.write(frame)


def test_a_long_answer_holds_up_the_loop_for_a_part_of_its_decoding():
    long = LongAnswers(300_000)
    frame = encode_response(3, 12, 1, long.answer)
    begun = time.monotonic()
    decode_response(3, 12, memoryview(frame)[4:])
    alone = time.monotonic() - begun

    async def work():
        server = await asyncio.start_server(long.serve, "127.0.0.1", 0)
        async with shell_of(f"127.0.0.1:{server.sockets[0].getsockname()[1]}") as shell:
            asking = asyncio.ensure_future(shell.call(GetMetadata()))
            looks, last = [], time.monotonic()
            while not asking.done():
                await asyncio.sleep(0.002)
                looks.append(time.monotonic() - last)
                last = time.monotonic()
            assert len((await asking).topics) == 300_000
        server.close()
        return looks

    looks = asyncio.run(work())
    assert sum(1 for look in looks if look < 0.05) > 10 and max(looks) < alone, (max(looks), alone)
