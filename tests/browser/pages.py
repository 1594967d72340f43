"""The pages that tests look at, each in the states that it has: a new page adds its lines here, and nothing else.

Paths are below the cluster of the fixture `world` (tests/browser/worlds.py), or of the whole installation where they
begin with a slash; {other}, {search}, {running}, {invite}, {user} and {entry} are made there. A name ending in "!" is a
page on which something moves by itself: it is not looked at as still. A name that ends in "missing" answers 404, one
that ends in "wrong" may answer 409, every other 200. States that need a hand (a form that was sent) are brought about
in test_look.py, by the name.
"""

LONG = "a-long-name." + "x" * 237  # the longest that a topic may have
LONG_READ = LONG[:-1] + "g"  # another, with groups
LONG_GROUP = f"read-{LONG}"[:249]

TOPICS = {
    "topics": "topics/",
    "topics-nothing": "topics/?q=paymnets.authorised",
    "records": "topics/payments.authorised/",
    "record": "topics/payments.authorised/records/0/3/",
    "live!": "topics/payments.authorised/live/",
    "offset-wrong": "topics/payments.authorised/?start=offset&offset=nine",
    "partitions": "topics/payments.authorised/partitions/",
    "settings": "topics/payments.authorised/configs/",
    "compacted": "topics/customers.consent/",
    "topic-empty": f"topics/{LONG}/",
    "topic-missing": "topics/not-there/",
    "topic-groups": "topics/payments.settled/groups/",
    "topic-no-groups": f"topics/{LONG}/groups/",
}
LONG_NAMES = {
    "long-partitions": f"topics/{LONG}/partitions/",
    "long-settings": f"topics/{LONG}/configs/",
    "long-live!": f"topics/{LONG}/live/",
    "long-nothing": f"topics/?q={LONG[:-1]}y",
    "long-missing": f"topics/{LONG[:-1]}y/",
    "long-group": f"groups/{LONG}/",
    "long-group-read": f"groups/{LONG_GROUP}/",
    "long-reset": f"groups/{LONG}/offset-reset/?to=offset&offset=99&topic={LONG_READ}",
    "long-topic-groups": f"topics/{LONG_READ}/groups/",
}
GROUPS = {
    "groups": "groups/",
    "groups-nothing": "groups/?q=fraud-scorring",
    "group": "groups/fraud-scoring/",
    "group-empty": "groups/ledger/",
    "group-missing": "groups/nobody/",
    "group-delete": "groups/ledger/delete/",
    "group-delete-members": "groups/fraud-scoring/delete/",
    "long-group-delete": f"groups/{LONG}/delete/",
    "reset-form": "groups/audit-export/offset-reset/",
    "reset-wrong": "groups/audit-export/offset-reset/?to=time&time=noon&topic=payments.settled&partitions=x",
    "reset": "groups/audit-export/offset-reset/?to=offset&offset=197&topic=payments.settled&partitions=all",
    "reset-members": "groups/fraud-scoring/offset-reset/?to=shift&by=-500&topic=payments.settled",
    "reset-bogus": "groups/audit-export/offset-reset/?to=bogus&topic=nosuch",
}
CLUSTERS = {
    "health": "",
    "broker": "brokers/1/",
    "broker-set": "brokers/1/?changed=1",
    "broker-missing": "brokers/99/",
    "clusters": "/clusters/",
    "cluster-missing": "/clusters/00000000-0000-4000-8000-000000000000/",
    "address-missing": "/nothing/here/",
    "sandboxes": "/sandboxes/",
    "lessons": "/sandboxes/lessons/",
    "patterns": "/_patterns/",
}
WRITTEN = "topics/payments.settled"
WRITES = {
    "topic-new": "new-topic/",
    "topic-new-wrong": "new-topic/?name=a+b&set.retention.ms=30+d",
    "config-change": f"{WRITTEN}/configs/change/",
    "config-wrong": f"{WRITTEN}/configs/change/?set.retention.ms=soon",
    "config-review": f"{WRITTEN}/configs/change/?set.retention.ms=7+d&set.max.message.bytes=2+MB",
    "config-put-back": "topics/inventory.levels/configs/change/",
    "partition-add": f"{WRITTEN}/partitions/add/?count=9",
    "record-delete-form": f"{WRITTEN}/records/delete/",
    "record-delete-wrong": f"{WRITTEN}/records/delete/?to=offset&offset.0=1&offset.1=999",
    "record-delete": f"{WRITTEN}/records/delete/?to=offset&offset.0=1&offset.1=2",
    "topic-delete": f"{WRITTEN}/delete/",
    "long-topic-delete": f"topics/{LONG}/delete/",
    "long-config-review": f"topics/{LONG}/configs/change/?set.retention.ms=7+d",
    "calculator": "calculator/",
    "calculator-asked": "calculator/?as=long&key=7",
}
PRODUCE = {
    "produce": "topics/orders.placed.v2/produce/",
    "produce-wrong": "topics/orders.placed.v2/produce/",
    "produce-tombstone": "topics/orders.placed.v2/produce/",
    "produce-sent": "topics/orders.placed.v2/produce/",
    "produce-again": "topics/payments.authorised/produce/?from=0/3",
    "sent": "topics/orders.placed.v2/produce/sent/",
    "records-hex": "topics/orders.placed.v2/?key_as=long&value_as=integer",
    "long-produce": f"topics/{LONG}/produce/",
}
SEARCH = {
    "search": "topics/payments.authorised/search/",
    "search-wrong": "topics/payments.authorised/search/?q=value.status%3DCAPTURED+(n",
    "search-conditions": "topics/payments.authorised/search/?q=value.status%3DCAPTURED+header.attempt%3A2",
    "search-found": "topics/payments.authorised/search/{search}/",
    "search-running!": "topics/payments.authorised/search/{running}/",
    "search-missing": "topics/payments.authorised/search/00000000-0000-4000-8000-000000000000/",
    "long-search": f"topics/{LONG}/search/?q={'y' * 300}",
    "live-filter!": "topics/payments.authorised/live/?filter=value.status%3DCAPTURED&partition=0,2-3&rate=20",
}
CONNECTIONS = {
    "connection-add": "/clusters/add/",
    "connection-tested": "/clusters/add/",
    "connection-edit": "/clusters/{other}/edit/",
    "connection-remove": "/clusters/{other}/remove/",
}
PEOPLE = "/users/"
ACCESS = {
    "users": PEOPLE,
    "users-nothing": f"{PEOPLE}?q=nobody-of-that-name",
    "user-new": f"{PEOPLE}new/",
    "user": f"{PEOPLE}1/",
    "user-other": PEOPLE + "{user}/",
    "members": "members/",
    "invites": "/invites/",
    "invite-made": "/invites/",
    "invite": "/invite/{invite}/",
    "invite-missing": "/invite/opens-nothing/",
    "account": "/account/",
    "tokens": "/account/tokens/",
    "token-made": "/account/tokens/",
    "audit": "/audit/",
    "audit-nothing": "/audit/?q=nothing+of+that+sort",
    "audit-entry": "/audit/{entry}/",
    "audit-cluster": "audit/",
}
PAGES = {
    "topics": TOPICS,
    "long names": LONG_NAMES,
    "groups": GROUPS,
    "clusters": CLUSTERS | CONNECTIONS,
    "writes": WRITES,
    "produce": PRODUCE,
    "search": SEARCH,
    "access": ACCESS,
}
