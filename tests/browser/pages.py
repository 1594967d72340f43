"""The pages that tests look at, each in the states that it has: a new page adds its lines here, and nothing else.

Paths are below the cluster of the fixture `world` (tests/browser/worlds.py), or of the whole installation where they
begin with a slash. A name ending in "!" is a page on which something moves by itself: it is not looked at as still.
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
    "reset-form": "groups/audit-export/offset-reset/",
    "reset-wrong": "groups/audit-export/offset-reset/?to=time&time=noon&topic=payments.settled&partitions=x",
    "reset": "groups/audit-export/offset-reset/?to=offset&offset=197&topic=payments.settled&partitions=all",
    "reset-members": "groups/fraud-scoring/offset-reset/?to=shift&by=-500&topic=payments.settled",
    "reset-bogus": "groups/audit-export/offset-reset/?to=bogus&topic=nosuch",
}
CLUSTERS = {
    "health": "",
    "clusters": "/clusters/",
    "cluster-missing": "/clusters/00000000-0000-4000-8000-000000000000/",
    "address-missing": "/nothing/here/",
    "patterns": "/_patterns/",
}
PAGES = TOPICS | LONG_NAMES | GROUPS | CLUSTERS
