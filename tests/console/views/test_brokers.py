"""The page of one broker: its directories, its settings, and what it does not tell."""

from dataclasses import replace

from console.kafka import configs
from console.kafka.errors import NotAuthorized
from tests.console.fake_kafka import CLUSTER, CONFIGS, DIRECTORY, HOSTILE, NODE


def page(cast, node=1, query="", **headers):
    return cast.viewer.get(f"/clusters/{cast.cluster.pk}/brokers/{node}/{query}", headers=headers)


def test_a_broker_says_what_it_keeps_where_and_how_it_is_set(cast, kafka):
    text = page(cast).content.decode()
    for words in ("/var/lib/kafka", 'aria-label="40 % used"', "controller", "retention.ms"):
        assert words in text
    health = cast.viewer.get(f"/clusters/{cast.cluster.pk}/").content.decode()
    assert f'href="/clusters/{cast.cluster.pk}/brokers/1/">Broker 1' in health


def test_settings_that_somebody_set_come_first_and_can_be_seen_alone(cast, kafka):
    kafka.configs = [
        replace(CONFIGS[0], name="a.default", source="default"),
        replace(CONFIGS[0], name="z.set", source="broker (static)"),
    ]
    both = page(cast).content.decode()
    assert both.index("z.set") < both.index("a.default")
    part = page(cast, query="?changed=1", **{"HX-Request": "true", "HX-Target": "rows"}).content.decode()
    assert "z.set" in part and "a.default" not in part and "<html" not in part


def test_a_directory_that_failed_and_one_that_fills_by_a_move_say_so(cast, kafka):
    broken = replace(DIRECTORY, path="/mnt/b", error="out of use: the broker could not read or write it")
    moved = replace(DIRECTORY, path="/mnt/c", moving_in=2)
    nameless = replace(DIRECTORY, path="", total_bytes=None)
    kafka.cluster = replace(CLUSTER, nodes=[replace(NODE, directories=(nameless, broken, moved))])
    text = page(cast).content.decode()
    assert "no name" in text
    assert "out of use" in text and 'data-tone="bad"' in text and "2 replicas are being moved here" in text


def test_what_is_not_told_is_a_sentence_and_the_rest_comes(cast, kafka, monkeypatch):
    def refuse(spec, node_id):
        raise NotAuthorized("DescribeConfigs on the cluster is not allowed")

    monkeypatch.setattr(configs, "broker_configs", refuse)
    kafka.cluster = replace(CLUSTER, nodes=[replace(NODE, directories=None, rack=HOSTILE)])
    answer = page(cast)
    text = answer.content.decode()
    assert answer.status_code == 200 and "DescribeConfigs on the cluster is not allowed" in text
    assert "does not tell its directories" in text and "<script>window" not in text


def test_a_broker_that_is_not_registered_is_not_found(cast, kafka):
    answer = page(cast, node=7)
    assert answer.status_code == 404 and "no broker 7 is registered now" in answer.content.decode().lower()
