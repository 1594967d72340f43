"""Hostile strings where no real cluster lets them in: config values, their documentation, error texts of brokers."""

from dataclasses import replace

from console.kafka.errors import ClusterUnreachable, KafkaRefused, NotFound
from tests.browser.hostile import PAYLOADS, UNSEEN
from tests.console.fake_kafka import CONFIGS

SHORT = [payload[:2000] for payload in PAYLOADS]
HARMFUL = [payload for payload in SHORT if "<" in payload and payload.isprintable()]


def must_be_text(html: str, *, seen: bool = True) -> None:
    assert not [payload for payload in HARMFUL if payload in html]
    assert not UNSEEN.search(html)
    assert not seen or "U+202E" in html


def test_config_values_and_their_documentation_are_only_text(cast, kafka):
    kafka.configs = [
        replace(CONFIGS[0], name=f"own.{number}.{text}", value=text, default=text, documentation=text)
        for number, text in enumerate(SHORT)
    ]
    must_be_text(cast.viewer.get(f"/clusters/{cast.cluster.pk}/topics/orders.placed/configs/").content.decode())


def test_error_texts_of_a_cluster_are_only_text(cast, kafka):
    address = f"/clusters/{cast.cluster.pk}/topics/"
    for kind in (ClusterUnreachable, KafkaRefused, NotFound):
        kafka.down = kind(" ".join(SHORT))
        for headers in ({}, {"HX-Request": "true", "HX-Target": "rows"}):
            must_be_text(cast.viewer.get(address, headers=headers).content.decode())
