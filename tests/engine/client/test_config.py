"""What can be set about a client."""

import pytest

from engine.client.config import ClientConfig, ConsumerConfig, ProducerConfig, parse_bootstrap


@pytest.mark.parametrize(
    ("text", "peers"),
    [
        ("localhost:9092", ("localhost:9092",)),
        (" one:1 , two:2,one:1,", ("one:1", "two:2")),
        ("broker", ("broker:9092",)),
        ("[::1]:9093,[::1]", ("[::1]:9093", "[::1]:9092")),
    ],
)
def test_bootstrap_servers_are_read(text, peers):
    assert parse_bootstrap(text) == peers


@pytest.mark.parametrize(
    "text", ["", " , ", "::1", "a b:1", "host:", "host:0", "host:65536", "host:-1", "host:x", "http://host:1", ":9092"]
)
def test_wrong_bootstrap_servers_are_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_bootstrap(text)


@pytest.mark.parametrize("settings", [{"acks": 2}, {"acks": 1}, {"in_flight_max": 6}, {"in_flight_max": 0}])
def test_settings_that_break_a_promise_are_refused(settings):
    with pytest.raises(ValueError, match=r"acks|in flight"):
        ProducerConfig(**settings)


@pytest.mark.parametrize("settings", [{"partitioner": "random"}, {"compression": "brotli"}])
def test_names_that_nobody_knows_are_refused_with_those_that_are(settings):
    with pytest.raises(ValueError, match=r"murmur2, crc32, murmur3|none, gzip"):
        ProducerConfig(**settings)


def test_a_client_needs_a_server():
    with pytest.raises(ValueError, match="bootstrap"):
        ClientConfig(bootstrap=())


@pytest.mark.parametrize(
    "settings",
    [
        {"group_id": ""},
        {"group_instance_id": "one"},
        {"group_id": "g", "group_instance_id": ""},
        {"assignors": ()},
        {"assignors": ("range", "range")},
        {"assignors": ("uniform",)},
        {"heartbeat_interval_ms": 45_000},
        {"heartbeat_interval_ms": 0},
        {"max_poll_interval_ms": 0},
        {"session_timeout_ms": 1 << 31},
        {"auto_commit_interval_ms": 0},
    ],
)
def test_settings_with_which_no_group_works_are_refused_with_a_sentence(settings):
    with pytest.raises(ValueError, match=r"group|partition.assignment.strategy|interval|more than nothing"):
        ConsumerConfig(**settings)


def test_members_are_cooperative_only_if_every_assignor_is():
    assert ConsumerConfig(assignors=("cooperative-sticky",)).cooperative
    assert not ConsumerConfig(assignors=("cooperative-sticky", "range")).cooperative
