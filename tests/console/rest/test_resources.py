"""What the REST API v3 answers, shape by shape, and what it does."""

import json
from dataclasses import replace

import pytest

from console.kafka.errors import KafkaRefused
from console.models import AuditEntry
from engine.client.calls import ProducerRecord
from engine.client.errors import NotProduced
from engine.wire.error_codes import ErrorCode
from tests.console.fake_api import CLUSTER_ID

C = f"/v3/clusters/{CLUSTER_ID}"
T = f"{C}/topics/orders.placed"
G = f"{C}/consumer-groups/fraud-scoring"
HERE = f"http://testserver{C}"
META = {"self": f"{HERE}/topics/orders.placed", "resource_name": f"crn:///kafka={CLUSTER_ID}/topic=orders.placed"}


def got(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return answer.json()


def sent(client, method, path, body):
    return getattr(client, method)(path, json.dumps(body), content_type="application/json")


def test_a_cluster_by_kafkas_id_and_by_the_id_of_its_connection(cast, api):
    cluster = got(cast.viewer, C)
    assert cluster["kind"] == "KafkaCluster" and cluster["cluster_id"] == CLUSTER_ID
    assert cluster["metadata"] == {"self": HERE, "resource_name": f"crn:///kafka={CLUSTER_ID}"}
    assert cluster["controller"] == {"related": f"{HERE}/brokers/1"}
    assert set(cluster) == {
        "kind", "metadata", "cluster_id", "controller", "acls", "brokers", "broker_configs", "consumer_groups",
        "topics", "partition_reassignments",
    }  # fmt: skip
    assert got(cast.viewer, f"/v3/clusters/{cast.cluster.pk}")["cluster_id"] == str(cast.cluster.pk)
    assert [one["cluster_id"] for one in got(cast.viewer, "/v3/clusters")["data"]] == [CLUSTER_ID]


def test_topics_partitions_replicas_and_brokers(cast, api):
    listed = got(cast.viewer, f"{C}/topics")
    assert listed["kind"] == "KafkaTopicList" and listed["metadata"] == {"self": f"{HERE}/topics", "next": None}
    topic = got(cast.viewer, T)
    assert topic == listed["data"][0] == {
        "kind": "KafkaTopic", "metadata": META, "cluster_id": CLUSTER_ID, "topic_name": "orders.placed",
        "is_internal": False, "replication_factor": 1, "partitions_count": 6,
        "partitions": {"related": f"{HERE}/topics/orders.placed/partitions"},
        "configs": {"related": f"{HERE}/topics/orders.placed/configs"},
        "partition_reassignments": {"related": f"{HERE}/topics/orders.placed/partitions/-/reassignment"},
        "authorized_operations": [],
    }  # fmt: skip
    parts = got(cast.viewer, f"{T}/partitions")["data"]
    assert [part["partition_id"] for part in parts] == list(range(6)) and parts[2] == got(
        cast.viewer, f"{T}/partitions/2"
    )
    replica = got(cast.viewer, f"{T}/partitions/2/replicas")["data"][0]
    assert (replica["kind"], replica["broker_id"], replica["is_leader"], replica["is_in_sync"]) == (
        "KafkaReplica", 1, True, True,
    )  # fmt: skip
    assert got(cast.viewer, f"{C}/brokers")["data"][0] == got(cast.viewer, f"{C}/brokers/1")
    assert cast.viewer.get(f"{C}/brokers/9").json() == {"error_code": 404, "message": "HTTP 404 Not Found"}
    missing = {"error_code": 40403, "message": "This server does not host this topic-partition."}
    assert cast.viewer.get(f"{T}/partitions/6").json() == cast.viewer.get(f"{C}/topics/nope").json() == missing


def test_configs_with_sources_and_synonyms(cast, api):
    config = got(cast.viewer, f"{T}/configs/retention.ms")
    assert config["kind"] == "KafkaTopicConfig" and config["value"] == "1209600000"
    assert (config["is_default"], config["source"]) == (False, "DYNAMIC_TOPIC_CONFIG")
    assert config["synonyms"][1] == {"name": "log.retention.hours", "value": "168", "source": "DEFAULT_CONFIG"}
    assert got(cast.viewer, f"{T}/configs")["data"] == [config]
    assert cast.viewer.get(f"{T}/configs/nope").status_code == 404


def test_groups_consumers_and_lags(cast, api):
    group = got(cast.viewer, G)
    assert (group["state"], group["type"], group["is_simple"]) == ("PREPARING_REBALANCE", "CLASSIC", False)
    assert group["partition_assignor"] == "range" and group["coordinator"] == {"related": f"{HERE}/brokers/1"}
    consumer = got(cast.viewer, f"{G}/consumers")["data"][0]
    assert consumer == got(cast.viewer, f"{G}/consumers/scorer-0-1234") and consumer["client_id"] == "scorer-0"
    lag = got(cast.viewer, f"{G}/lags/orders.placed/partitions/0")
    assert (lag["current_offset"], lag["log_end_offset"], lag["lag"]) == (691, 703, 12)
    assert got(cast.viewer, f"{G}/lags")["data"] == [lag]
    summary = got(cast.viewer, f"{G}/lag-summary")
    assert (summary["total_lag"], summary["max_lag"], summary["max_lag_topic_name"]) == (12, 12, "orders.placed")
    for path in ("", "/consumers", "/lags", "/lag-summary"):
        answer = cast.viewer.get(f"{C}/consumer-groups/nope{path}")
        assert answer.json() == {"error_code": 404, "message": "HTTP 404 Not Found"}


def test_a_topic_is_created_and_the_answer_says_where_it_is(cast, api):
    body = {"topic_name": "new", "partitions_count": 6, "configs": [{"name": "retention.ms", "value": "1"}]}
    answer = sent(cast.operator, "post", f"{C}/topics", body)
    assert answer.status_code == 201 and answer.headers["Location"] == f"{HERE}/topics/new"
    assert answer.json()["partitions_count"] == 6
    wanted = api.done[0][1]
    assert (wanted.name, wanted.partitions, wanted.replication_factor, dict(wanted.configs)) == (
        "new", 6, -1, {"retention.ms": "1"},
    )  # fmt: skip


def test_only_asking_whether_a_topic_could_be_leaves_no_trace(cast, api):
    answer = sent(cast.operator, "post", f"{C}/topics", {"topic_name": "new", "validate_only": True})
    assert answer.status_code == 200 and api.done[0][-1] == {"validate_only": True}
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({}, 400, 400, "topic_name is missing"),
        ({"topic_name": 5}, 400, 400, "topic_name must be text"),
        ({"topic_name": "a b"}, 422, 42206, "Payload error. Invalid topic name."),
        ({"topic_name": ".."}, 422, 42206, "Payload error. Invalid topic name."),
        ({"topic_name": "x", "partitions_count": 0}, 400, 40002, "partitions_count must be larger than 0"),
        ({"topic_name": "x", "partitions_count": True}, 400, 400, "partitions_count must be a whole number"),
        ({"topic_name": "x", "replication_factor": 2**15}, 400, 40002, "at most 32767"),
        ({"topic_name": "x", "nonsense": 1}, 400, 400, 'Unrecognized field "nonsense"'),
        ({"topic_name": "x", "configs": [{"name": "a"}]}, 400, 400, "a has no value"),
        ({"topic_name": "x", "configs": ["a"]}, 400, 400, "each config is an object"),
        ({"topic_name": "x", "replicas_assignments": {"0": [1]}}, 501, 501, "replicas_assignments is not built"),
    ],
)
def test_a_topic_that_cannot_be_is_refused_in_words(cast, api, body, status, code, words):
    answer = sent(cast.operator, "post", f"{C}/topics", body)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert words in answer.json()["message"] and not api.done


@pytest.mark.parametrize("body", ["", "nonsense", "[]", '{"topic_name": NaN}', "{}{}", "[" * 200_000, b"\xff"])
def test_a_body_that_is_no_object_is_refused(cast, api, body):
    answer = cast.operator.post(f"{C}/topics", body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["error_code"] == 400


def test_what_the_cluster_refuses_is_told_with_its_words_and_noted(cast, api):
    api.refused = KafkaRefused("TOPIC_ALREADY_EXISTS", "Topic 'new' already exists.")
    answer = sent(cast.operator, "post", f"{C}/topics", {"topic_name": "new"})
    assert answer.json() == {"error_code": 40002, "message": "Topic 'new' already exists."}
    assert AuditEntry.objects.get().result == "refused"


def test_a_topic_grows_and_is_deleted(cast, api):
    assert sent(cast.operator, "patch", T, {"partitions_count": 9}).json()["partitions_count"] == 9
    assert cast.operator.delete(T).status_code == 403
    answer = cast.admin.delete(T)
    assert (answer.status_code, answer.content) == (204, b"")
    assert [done[:2] for done in api.done] == [("add_partitions", "orders.placed"), ("delete_topic", "orders.placed")]


def test_configs_are_set_reset_and_altered_together(cast, api):
    assert sent(cast.operator, "put", f"{T}/configs/retention.ms", {"value": "1"}).status_code == 204
    assert cast.operator.delete(f"{T}/configs/retention.ms").status_code == 204
    changes = {"data": [{"name": "retention.ms", "operation": "DELETE"}]}
    assert sent(cast.operator, "post", f"{T}/configs:alter", changes).status_code == 204
    assert [done[2] for done in api.done] == [{"retention.ms": "1"}, {"retention.ms": None}, {"retention.ms": None}]
    first = AuditEntry.objects.order_by("pk").first()
    assert (first.before, first.after) == ({"retention.ms": "1209600000"}, {"retention.ms": "1"})
    unknown = sent(cast.operator, "put", f"{T}/configs/nope", {"value": "1"})
    assert unknown.status_code == 404 and "Config nope cannot be found" in unknown.json()["message"]
    twice = {"data": [{"name": "retention.ms", "value": "1"}] * 2}
    assert sent(cast.operator, "post", f"{T}/configs:alter", twice).status_code == 400


def test_a_record_of_each_type_is_written_and_reported(cast, api):
    body = (
        '{"key": {"type": "BINARY", "data": "AQI="}, "value": {"type": "JSON", "data": {"a": [1, null]}},'
        ' "headers": [{"name": "h", "value": "AQ=="}, {"name": "n"}], "partition_id": 2,'
        ' "timestamp": "2026-11-28T10:00:00Z"}'
        '\n{"key": {"type": "STRING", "data": "k"}, "value": {"type": "STRING", "data": null}} {}'
    )
    answer = cast.operator.post(f"{T}/records", body, content_type="application/json; charset=utf-8")
    reports = [json.loads(line) for line in answer.content.decode().splitlines()]
    assert reports[0] == {
        "error_code": 200, "cluster_id": CLUSTER_ID, "topic_name": "orders.placed", "partition_id": 2, "offset": 703,
        "timestamp": "2026-11-22T14:06:31.874Z",
        "key": {"type": "BINARY", "size": 2}, "value": {"type": "JSON", "size": 14},
    }  # fmt: skip
    assert [report["offset"] for report in reports] == [703, 704, 705]
    assert api.done[0][1] == [
        ProducerRecord(
            "orders.placed", b'{"a":[1,null]}', b"\x01\x02", (("h", b"\x01"), ("n", None)), 2, 1795860000000
        ),
        ProducerRecord("orders.placed", None, b"k", (), None, None),
        ProducerRecord("orders.placed", None, None, (), None, None),
    ]
    entry = AuditEntry.objects.get()
    assert (entry.after, entry.result) == ({"records": 3, "bytes": 17}, "done")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"value": {"type": "BINARY", "data": "!"}}, "data=! is not a base64 string"),
        ({"value": {"type": "STRING", "data": 1}}, "the data of value is not text"),
        ({"value": {"type": "AVRO", "data": 1}}, "is none of BINARY, JSON, STRING"),
        ({"value": {"data": "x"}}, "schemas are not built"),
        ({"value": {"type": "AVRO", "schema": "{}", "data": 1}}, "schemas are not built"),
        ({"partition_id": -1}, "Partition not found."),
        ({"timestamp": "yesterday"}, "is not a time"),
        ({"timestamp": "1950-01-01T00:00:00Z"}, "before 1970"),
        ({"headers": [{"value": "AQ=="}]}, "name is missing"),
        ({"nonsense": 1}, "Unrecognized field"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused_before_anything_is_written(cast, api, record, words):
    good = {"value": {"type": "STRING", "data": "x"}}
    answer = cast.operator.post(f"{T}/records", json.dumps(good) + json.dumps(record), content_type="application/json")
    assert answer.status_code in (400, 404) and words in answer.json()["message"]
    assert not api.done and not AuditEntry.objects.exists()


def test_records_that_were_not_and_perhaps_not_written_are_told_apart(cast, api):
    refused = NotProduced("the record is too large", maybe_written=False, code=ErrorCode.MESSAGE_TOO_LARGE)
    for result, code, noted in ((refused, 413, "refused"), (NotProduced("no answer", True), 50003, "unknown")):
        api.results = [result]
        answer = sent(cast.operator, "post", f"{T}/records", {"value": {"type": "STRING", "data": "x"}})
        report = json.loads(answer.content)
        assert (answer.status_code, report["error_code"]) == (200, code)
        assert ("Perhaps" in report["message"]) == (noted == "unknown")
        assert AuditEntry.objects.first().result == noted


def test_too_many_and_no_records_are_refused(cast, api):
    assert cast.operator.post(f"{T}/records", "{}" * 501, content_type="application/json").status_code == 400
    assert cast.operator.post(f"{T}/records", "", content_type="application/json").json()["error_code"] == 42206
    big = json.dumps({"value": {"type": "STRING", "data": "x" * 3_000_000}})
    assert cast.operator.post(f"{T}/records", big, content_type="application/json").status_code == 413


def test_kafkas_own_topics_are_refused_as_on_pages(cast, api, kafka):
    kafka.detail = replace(kafka.detail, internal=True)
    for ask, body in ((cast.admin.delete, None), (cast.admin.patch, {"partitions_count": 9})):
        answer = ask(T, json.dumps(body), content_type="application/json")
        assert answer.status_code == 400 and "Kafka’s own topics" in answer.json()["message"]
    assert not api.done
