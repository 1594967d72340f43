"""Forms that write to topics, as tests fill them in and send them."""

import json
import re
from html import unescape

from tests.console.fake_kafka import DETAIL

NAME = "orders.placed"
ADDRESSES = {
    "new": ("new-topic/", "operator"),
    "configs": (f"topics/{NAME}/configs/change/", "operator"),
    "partitions": (f"topics/{NAME}/partitions/add/", "operator"),
    "records": (f"topics/{NAME}/records/delete/", "admin"),
    "delete": (f"topics/{NAME}/delete/", "admin"),
}
FILLED = {
    "new": {"name": "fresh", "partitions": "12", "set.retention.ms": "30 d", "do": "create"},
    "configs": {"set.retention.ms": "30 d", "seen": json.dumps({"retention.ms": "1209600000"}), "do": "change"},
    "partitions": {"count": "9", "seen": "6", "agreed": "1"},
    "records": {"seen": "0:0:5,1:0:703", "topic_id": DETAIL.topic_id, "typed": NAME},
    "delete": {"topic_id": DETAIL.topic_id, "typed": NAME},
}
DONE = {
    "new": ("create", "fresh", 12, {"retention.ms": "2592000000"}),
    "configs": ("configs", NAME, {"retention.ms": "2592000000"}),
    "partitions": ("partitions", NAME, 9),
    "records": ("records", NAME, {0: 5, 1: 703}),
    "delete": ("delete", NAME, DETAIL.topic_id),
}
ACTIONS = {
    "new": "topic.create",
    "configs": "topic.alter_configs",
    "partitions": "topic.add_partitions",
    "records": "records.delete",
    "delete": "topic.delete",
}


def address(cast, what):
    return f"/clusters/{cast.cluster.pk}/{ADDRESSES[what][0]}"


def post(cast, what, client=None, **changes):
    return (client or cast.admin).post(address(cast, what), FILLED[what] | changes)


def text(answer):
    return re.sub(r"[ \n]+", " ", unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())))
