"""Where a console connects to: the table of addresses, and a listener that must see nobody."""

import socket
import threading

import pytest

from console.kafka import connection
from console.kafka.addresses import AddressRule, Gate, parse_allowed
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable
from console.kafka.probe import probe
from console.kafka.topics import list_topics
from engine.client.config import parse_bootstrap
from engine.client.errors import ClientError
from engine.wire.frames import encode_response
from engine.wire.messages.api_versions import ApiVersion, ApiVersionsResponse
from engine.wire.messages.metadata import MetadataResponse, MetadataResponseBroker

ON_LOOPBACK = AddressRule(on_loopback=True)
ELSEWHERE = AddressRule(on_loopback=False)
LOOPBACK = [
    "127.0.0.1", "localhost", "localhost.", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001",
    "0177.0.0.1", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[64:ff9b::7f00:1]", "127。0。0。1",
]  # fmt: skip
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "[fc00::1]"]
NEVER = [
    "169.254.169.254", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "[fe80::1]", "[fe80::1%25eth0]",
    "100.100.100.200", "224.0.0.1", "0.0.0.0", "[::]", "[ff02::1]",
]  # fmt: skip
NO_ADDRESS = [
    "user@127.0.0.1", "example.org#@127.0.0.1", "example.org\\@127.0.0.1", "http://ok/redirect-to-loopback",
    "file:///etc/passwd", "gopher://x", "ftp://x", "unix:/run/redis.sock", "a\r\nb", "[::1", "::1",
]  # fmt: skip


class Listener:
    """Counts who comes, at every address of this machine."""

    def __init__(self):
        self.sockets = [socket.create_server(("127.0.0.1", 0))]
        self.port = self.sockets[0].getsockname()[1]
        self.sockets.append(socket.create_server(("::1", self.port), family=socket.AF_INET6))
        self.seen = 0
        for one in self.sockets:
            threading.Thread(target=self.run, args=(one,), daemon=True).start()

    def run(self, listener):
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            self.seen += 1
            taken.close()


@pytest.fixture
def listener():
    found = Listener()
    yield found
    for one in found.sockets:
        one.close()


@pytest.mark.parametrize("host", LOOPBACK + PRIVATE + NEVER + ["metadata.google.internal"])
def test_outside_of_the_list_nobody_is_connected_to(host, listener):
    found = probe(ConnectionSpec(f"{host}:{listener.port}", rule=ELSEWHERE))
    assert not found.passed and found.stopped_at in (1, 2), found.sentence
    assert listener.seen == 0


@pytest.mark.parametrize("host", NEVER)
def test_some_are_never_connected_to_also_where_they_are_listed(host, listener):
    for rule in (ON_LOOPBACK, AddressRule(False, parse_allowed("0.0.0.0/0 ::/0 public"))):
        found = probe(ConnectionSpec(f"{host}:{listener.port}", rule=rule))
        assert found.stopped_at in (1, 2), found.sentence
    assert listener.seen == 0


@pytest.mark.parametrize("address", ["::ffff:0:a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "64:ff9b::a9fe:a9fe"])
def test_a_metadata_service_is_known_in_the_clothes_of_translators(address):
    assert "metadata service" in AddressRule(False, parse_allowed("::/0 public")).refusal(address, address, 9092)


@pytest.mark.parametrize("name", ["metadata.google.internal", "metadata.google.internal.", "METADATA"])
def test_metadata_services_are_refused_by_name_too(name):
    assert "metadata service" in ON_LOOPBACK.refusal(name, "10.0.0.1", 9092)


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_is_no_host_and_port_is_refused_before_anything_is_looked_up(text):
    with pytest.raises(ValueError, match=r"."):
        parse_bootstrap(text)


def test_a_name_of_4_kib_is_not_found():
    assert probe(ConnectionSpec(f"{'a' * 4096}:9092", rule=ON_LOOPBACK)).stopped_at == 1


@pytest.mark.parametrize("port", [22, 25, 5432, 6379])
def test_ports_of_other_services_are_refused_everywhere(port):
    assert f"port {port} is for" in ON_LOOPBACK.refusal("127.0.0.1", "127.0.0.1", port)
    assert f"port {port} is for" in AddressRule(False, ("public",)).refusal("kafka.example", "1.1.1.1", port)


def test_on_a_loopback_installation_loopback_and_private_ones_are_allowed():
    for address in ("127.0.0.1", "::1", "10.0.0.1", "192.168.0.1", "fc00::1", "1.1.1.1"):
        assert ON_LOOPBACK.refusal("kafka", address, 9092) == "", address


@pytest.mark.parametrize(
    ("listed", "host", "address", "allowed"),
    [
        ("10.4.0.0/16", "kafka", "10.4.7.1", True),
        ("10.4.0.0/16", "kafka", "10.5.0.1", False),
        ("10.4.0.0/16", "kafka", "::ffff:10.4.7.1", True),
        ("kafka.example", "Kafka.Example.", "10.0.0.1", True),
        ("kafka.example", "kafka.example", "127.0.0.1", False),  # a name can be made to point here
        ("kafka.example", "xkafka.example", "10.0.0.1", False),
        ("*.kafka.example", "b1.kafka.example", "10.0.0.1", True),
        ("*.kafka.example", "kafka.example", "10.0.0.1", False),
        ("public", "kafka", "1.1.1.1", True),
        ("public", "kafka", "10.0.0.1", False),
        ("127.0.0.1", "localhost", "127.0.0.1", True),
        ("", "kafka", "1.1.1.1", False),
    ],
)
def test_what_a_list_allows(listed, host, address, allowed):
    assert (AddressRule(False, parse_allowed(listed)).refusal(host, address, 9092) == "") is allowed


@pytest.mark.parametrize("text", ["10.4.0.0/99", "a b/c", "http://x", "*", "kafka..example", "12345"])
def test_a_list_that_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError, match="is no network"):
        parse_allowed(text)


def test_a_name_with_one_forbidden_address_is_refused_whole(listener, monkeypatch):
    found = connection.on_loop(_resolving(["1.1.1.1", "127.0.0.1"], listener.port)).result(10)
    assert "is this machine" in found and listener.seen == 0


def test_a_name_that_turns_to_this_machine_on_the_second_look_is_refused_then(listener):
    """Each connection looks the name up once and judges the address that it connects to."""
    found = connection.on_loop(_resolving(["1.1.1.1"], listener.port, then=["127.0.0.1"])).result(10)
    assert "is this machine" in found and listener.seen == 0


async def _resolving(first, port, then=None):
    """Ask a cluster whose name has these addresses, and others later; give what the client says the last time."""
    import asyncio

    answers = [first, then or first]
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def getaddrinfo(host, port, **how):
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    loop.getaddrinfo = getaddrinfo
    shell = connection.new_shell(
        ConnectionSpec(f"flips.example:{port}", rule=AddressRule(False, ("public",))), connect_timeout_ms=300
    )
    try:
        await shell.start()
        said = ""
        for _ in range(2 if then else 1):
            try:
                await shell.metadata([], timeout_ms=1_000)
            except ClientError as error:
                said = str(error)
        return said
    finally:
        loop.getaddrinfo = real
        await shell.close()


@pytest.mark.parametrize(
    ("bootstrap", "advertised", "refused"),
    [
        ("1.1.1.1", "::ffff:0:7f00:1", True),
        ("1.1.1.1", "64:ff9b:1::a00:1", True),
        ("1.1.1.1", "127.0.0.1", True),
        ("1.1.1.1", "10.0.0.1", True),
        ("10.0.0.1", "127.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("10.0.0.1", "1.1.1.1", False),
        ("127.0.0.1", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", False),
    ],
)
def test_no_broker_is_nearer_than_its_cluster(bootstrap, advertised, refused):
    gate = Gate(ON_LOOPBACK, (f"{bootstrap}:9092",))
    assert gate(bootstrap, bootstrap, 9092) == ""
    said = gate(advertised, advertised, 9093)
    assert ("advertised.listeners are wrong" in said) is refused


def lying_broker(advertised_port: int) -> str:
    """A broker that names this machine's port as its only broker."""
    server = socket.create_server(("127.0.0.1", 0))
    versions = ApiVersionsResponse(0, [ApiVersion(18, 0, 3), ApiVersion(3, 0, 9), ApiVersion(2, 0, 6)])
    lie = MetadataResponse(brokers=[MetadataResponseBroker(1, "127.0.0.1", advertised_port)], cluster_id="x")

    def serve(taken):
        while head := taken.recv(4):
            frame = taken.recv(int.from_bytes(head, "big"))
            key, version, number = (int.from_bytes(frame[at:end], "big") for at, end in ((0, 2), (2, 4), (4, 8)))
            taken.sendall(encode_response(key, version, number, versions if key == 18 else lie))

    def run():
        while True:
            taken, _ = server.accept()
            threading.Thread(target=serve, args=(taken,), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    return f"127.0.0.1:{server.getsockname()[1]}"


def test_a_cluster_cannot_send_us_to_redis():
    """Also where loopback is allowed: the port is none of Kafka's."""
    found = probe(ConnectionSpec(lying_broker(6379), rule=ON_LOOPBACK))
    assert found.stopped_at == 5 and "port 6379 is for Redis" in found.sentence


def test_pages_go_through_the_same_gate(listener):
    with pytest.raises(ClusterUnreachable, match="ODRADEK_CLUSTER_ADDRESSES"):
        list_topics(ConnectionSpec(f"localhost:{listener.port}", rule=ELSEWHERE))
    assert listener.seen == 0
