"""What a cluster can, by its own words."""

import pytest

from console.kafka import features as module
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import ClusterUnreachable
from console.kafka.features import ACTIONS, KEYS, features, features_of
from engine.wire.messages.api_versions import ApiVersion, ApiVersionsResponse
from tests.processes import wait_for


def test_a_cluster_says_what_it_can(spec):
    found = features(spec)
    assert found.can("Produce") and found.can("CreateTopics") and found.can("IncrementalAlterConfigs")
    assert found.refusal("Produce") == ""


def test_it_is_asked_once_in_a_while_and_a_failure_is_not_kept(spec, monkeypatch):
    features(spec)
    monkeypatch.setattr(module, "run", lambda *given: pytest.fail("it was asked a moment ago"))
    features(spec)
    monkeypatch.undo()
    for _ in range(2):
        with pytest.raises(ClusterUnreachable):
            features(ConnectionSpec("127.0.0.1:1"))


def test_what_is_known_is_told_without_waiting(spec):
    assert module.known(ConnectionSpec("127.0.0.1:1", client_id="nobody")) is None
    asked = ConnectionSpec(spec.bootstrap, client_id="known")
    assert module.known(asked) is None
    wait_for(lambda: module.known(asked) is not None, timeout_s=5, what="the cluster did not say what it can")
    assert module.known(asked).can("CreateTopics")


def test_what_is_missing_or_too_old_or_too_new_is_not_offered():
    old = [ApiVersion(KEYS["CreateTopics"], 0, 1), ApiVersion(KEYS["DeleteTopics"], 0, 3)]
    found = features_of(ApiVersionsResponse(0, [*old, ApiVersion(KEYS["DeleteGroups"], 50, 60)]))
    assert found.can("DeleteTopics") and not found.can("CreateTopics") and not found.can("DeleteGroups")
    assert found.refusal("DeleteRecords") == "this cluster cannot delete records: it needs Kafka 0.11 or newer"
    assert found.present == ["delete topics"] and len(found.missing) == len(ACTIONS) - 1


def test_every_action_is_an_api():
    assert all(name in KEYS for name in ACTIONS)


def test_not_more_than_a_few_are_kept(spec, monkeypatch):
    monkeypatch.setattr(module, "KEPT_MAX", 2)
    for number in range(4):
        features(ConnectionSpec(spec.bootstrap, client_id=f"f{number}"))
    assert len(module._kept) == 2
