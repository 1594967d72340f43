"""Who may do what: one table of every route, API and socket, by method and role.

test_access_matrix.py asks each row as each role with a real request on fakes, and fails for a route without a row.

A new route is one line in TABLE: its name in the URLconf, the method, what it takes (a rule), and what is special:

    row("console:topic-list", GET, VIEW)                                   a page for viewers
    row("console:topic-create", GET, OPERATE)                              a form for operators ...
    row("console:topic-create", POST, OPERATE, {"name": "x"}, done=302, audited="topic.create")     ... and its deed
    row("console:user-kind", POST, INSTALLATION, {"kind": "learner"}, pk="vera", done=302, audited="user.change_kind")
    row("rest:topic", DELETE, API_ADMINISTER, done=204, audited="topic.delete")

Rules say what each role gets when the deed itself would go well; `done` is that status (200 if not said). `audited` is
the action of the one audit entry that a write leaves; a POST that changes nothing administrative has audited="".
`by` is who does it where that is asked once (the owner, if nothing is said): some things are one person's own.
Values of the address come from Stage.where by the name of the parameter; `pk`, `name` and the like can be given.
`read_only=True` marks what changes the cluster and is refused by a read-only connection.
What needs data of its own is prepared in Stage. Sockets are in SOCKETS: the pattern, and whom it lets in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.console.cast import PASSWORD
from tests.console.fake_kafka import RECORD
from tests.console.topic_forms import FILLED

GET, POST, PUT, PATCH, DELETE = "GET", "POST", "PUT", "PATCH", "DELETE"
PEOPLE = ("nobody", "stranger", "learner", "viewer", "operator", "admin", "owner")
TOKENS = ("read", "write", "manage", "foreign", "expired")  # three of the admin's, one of a stranger's, an old one
ROLES = (*PEOPLE, *TOKENS)
DONE = 0  # stands for the row's own status

LOGIN = 302  # to the form; a token opens no page: whoever shows only one is nobody there


def rule(
    nobody: int, stranger: int, learner: int, viewer: int, operator: int, admin: int, owner: int
) -> dict[str, int]:
    """A rule of pages: tokens count for nothing."""
    people = dict(zip(PEOPLE, (nobody, stranger, learner, viewer, operator, admin, owner), strict=True))
    return people | dict.fromkeys(TOKENS, nobody)


def api_rule(viewer: int, operator: int, admin: int, *, stranger: int = 404) -> dict[str, int]:
    """A rule of the API: a token has its role, of an owner who has it too."""
    people = dict(zip(PEOPLE, (401, stranger, stranger, viewer, operator, admin, DONE), strict=True))
    return people | {"read": viewer, "write": operator, "manage": admin, "foreign": stranger, "expired": 401}


ANYBODY = rule(DONE, DONE, DONE, DONE, DONE, DONE, DONE)
SIGNED_IN = rule(LOGIN, DONE, DONE, DONE, DONE, DONE, DONE)
VIEW = rule(LOGIN, 404, 404, DONE, DONE, DONE, DONE)
OPERATE = rule(LOGIN, 404, 404, 403, DONE, DONE, DONE)
ADMINISTER = rule(LOGIN, 404, 404, 403, 403, DONE, DONE)
INSTALLATION = rule(LOGIN, 403, 403, 403, 403, 403, DONE)
API_ANYBODY = api_rule(DONE, DONE, DONE, stranger=DONE)
API_VIEW = api_rule(DONE, DONE, DONE)
API_OPERATE = api_rule(403, DONE, DONE)
API_ADMINISTER = api_rule(403, 403, DONE)


@dataclass(frozen=True)
class Row:
    """One route with one method."""

    route: str
    method: str
    rule: Mapping[str, int]
    data: Mapping[str, Any] | None
    done: int
    audited: str
    read_only: bool
    where: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    by: str = "owner"

    def expected(self, role: str) -> int:
        """The status that this role gets."""
        return self.rule[role] or self.done

    @property
    def is_api(self) -> bool:
        """Whether it answers in JSON."""
        return self.route.startswith("rest:")

    def __str__(self) -> str:
        return f"{self.method} {self.route}{self.query}"


def row(
    route: str,
    method: str,
    rule: Mapping[str, int],
    data: Mapping[str, Any] | None = None,
    *,
    done: int = 200,
    audited: str = "",
    read_only: bool | None = None,
    query: str = "",
    by: str = "owner",
    **where: Any,
) -> Row:
    """A line of the table."""
    changes = method != GET and (rule in (OPERATE, API_OPERATE, API_ADMINISTER))
    return Row(route, method, rule, data, done, audited, changes if read_only is None else read_only, where, query, by)


RESET = "?to=earliest&topic=orders.placed&partitions=all"
LEFT_TYPED = {"typed": "left-behind"}
SEEN = {"seen": "0:691:0,1:10:15", "skips": "1"}
VERA = {"name": "vera", "password": PASSWORD}
CHOSEN = {"name": "new", "password": "a-Long9-one", "again": "a-Long9-one"}
ALTERED = {"data": [{"name": "retention.ms", "value": "1"}]}
CROWN = {"kind": "administrator"}
ROLE_THERE = {"cluster": "$other", "role": "10"}
LEARNER = {"note": "x", "days": "1", "is_learner": "1"}
ACCOUNT = [
    row("console:login", GET, rule(200, 302, 302, 302, 302, 302, 302)),
    row("console:login", POST, ANYBODY, VERA, done=302, audited="session.begin"),
    row("console:logout", POST, ANYBODY, done=302, audited="session.end"),
    row("console:account", GET, SIGNED_IN),
    row("console:password-change", POST, SIGNED_IN, {"old": "wrong", "password": "x", "again": "x"}, done=409),
    row("console:session-end", POST, SIGNED_IN, done=302, audited="session.end", name="unknown"),
    row("console:session-end-others", POST, SIGNED_IN, done=302, audited="session.end"),
    row("console:token-list", GET, SIGNED_IN),
    row(
        "console:token-list", POST, rule(302, 200, 409, 200, 200, 200, 200),
        {"name": "ci", "scope": "read", "days": "9", "every": "1"}, audited="token.create",
    ),
    row(
        "console:token-revoke", POST, rule(302, 404, 404, 404, 404, 302, 404),
        done=302, audited="token.revoke", by="admin", pk="token",
    ),
    row("console:invite-accept", GET, ANYBODY),
    row("console:invite-accept", POST, ANYBODY, CHOSEN, done=302),
]  # fmt: skip
INSTALLATION_PAGES = [
    row("console:user-list", GET, INSTALLATION),
    row("console:user-new", GET, INSTALLATION),
    row("console:user-new", POST, INSTALLATION, {"name": "nina", "kind": "person"}, audited="user.create"),
    row("console:user-detail", GET, INSTALLATION, pk="vera"),
    row("console:user-kind", POST, INSTALLATION, CROWN, done=302, audited="user.change_kind", pk="vera"),
    row("console:user-active", POST, INSTALLATION, {"active": "0"}, done=302, audited="user.deactivate", pk="vera"),
    row("console:user-sign-out", POST, INSTALLATION, done=302, audited="session.end_all", pk="vera"),
    row("console:user-tokens", POST, INSTALLATION, done=302, audited="token.revoke_all", pk="vera"),
    row("console:user-password", POST, INSTALLATION, audited="user.replace_password", pk="vera"),
    row("console:user-role", POST, INSTALLATION, ROLE_THERE, done=302, audited="member.add", pk="vera"),
    row("console:invite-list", GET, INSTALLATION),
    row("console:invite-list", POST, INSTALLATION, LEARNER, audited="invite.create"),
    row("console:invite-revoke", POST, INSTALLATION, done=302, audited="invite.revoke", pk="invite"),
    row("console:audit-list", GET, INSTALLATION),
    row("console:audit-entry", GET, INSTALLATION, pk="entry"),
    row("console:audit-download", GET, INSTALLATION),
]  # fmt: skip
CLUSTER_PAGES = [
    row("console:home", GET, SIGNED_IN, done=302),
    row("console:cluster-list", GET, SIGNED_IN),
    row("console:pattern-list", GET, rule(LOGIN, 404, 404, 404, 404, 404, DONE)),
    row("console:cluster-detail", GET, VIEW),
    row("console:broker-detail", GET, VIEW),
    row("console:topic-list", GET, VIEW),
    row("console:topic-detail", GET, VIEW),
    row("console:record-tail", GET, VIEW),
    row("console:partition-list", GET, VIEW),
    row("console:topic-groups", GET, VIEW),
    row("console:config-list", GET, VIEW),
    row("console:record-detail", GET, VIEW),
    row("console:record-bytes", GET, VIEW),
    row("console:group-list", GET, VIEW),
    row("console:group-detail", GET, VIEW),
    row("console:offset-reset", GET, OPERATE, read_only=True),
    row("console:offset-reset", POST, OPERATE, SEEN, done=302, audited="offsets.reset", query=RESET),
    row("console:group-delete", GET, ADMINISTER, read_only=True),
    row("console:group-delete", POST, ADMINISTER, LEFT_TYPED, done=302, audited="group.delete", group="left-behind"),
    row("console:member-list", GET, ADMINISTER),
    row("console:member-list", POST, ADMINISTER, {"name": "stan", "role": "10"}, done=302, audited="member.add"),
    row("console:member-change", POST, ADMINISTER, {"role": "20"}, done=302, audited="member.change", pk="member"),
    row("console:member-remove", POST, ADMINISTER, done=302, audited="member.remove", pk="member"),
    row("console:cluster-audit-list", GET, ADMINISTER),
    row("console:cluster-audit-entry", GET, ADMINISTER, pk="entry"),
    row("console:cluster-audit-download", GET, ADMINISTER),
]
CONNECTION = {"do": "save", "name": "spare-2", "bootstrap": "kafka.example", "colour": "local"}
CONNECTION |= {"security_protocol": "PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512"}
MARKS = {"do": "save", "name": "orders", "colour": "staging"}
CONNECTIONS = [
    row("console:cluster-add", GET, INSTALLATION),
    row("console:cluster-add", POST, INSTALLATION, CONNECTION, done=302, audited="cluster.add"),
    row("console:cluster-row", GET, VIEW),
    row("console:cluster-edit", GET, ADMINISTER),
    row("console:cluster-edit", POST, ADMINISTER, MARKS, done=302, audited="cluster.edit"),
    row("console:cluster-remove", GET, ADMINISTER),
    row(
        "console:cluster-remove", POST, ADMINISTER, {"name": "spare"},
        done=302, audited="cluster.remove", cluster_id="spare",
    ),
]  # fmt: skip
WRITTEN = {"done": 302, "read_only": True}
TOPIC_WRITES = [
    row("console:partition-calculator", GET, VIEW),
    row("console:topic-create", GET, OPERATE, read_only=True),
    row("console:topic-create", POST, OPERATE, FILLED["new"], audited="topic.create", **WRITTEN),
    row("console:config-change", GET, OPERATE, read_only=True),
    row("console:config-change", POST, OPERATE, FILLED["configs"], audited="topic.alter_configs", **WRITTEN),
    row("console:partition-add", GET, OPERATE, read_only=True),
    row("console:partition-add", POST, OPERATE, FILLED["partitions"], audited="topic.add_partitions", **WRITTEN),
    row("console:record-delete", GET, ADMINISTER, read_only=True),
    row("console:record-delete", POST, ADMINISTER, FILLED["records"], audited="records.delete", **WRITTEN),
    row("console:topic-delete", GET, ADMINISTER, read_only=True),
    row("console:topic-delete", POST, ADMINISTER, FILLED["delete"], audited="topic.delete", **WRITTEN),
]
OF_OTTO = rule(LOGIN, 404, 404, 403, DONE, 404, 404)  # a sending is its sender's own
TYPED = {"key_kind": "text", "key": "k", "value_kind": "text", "value": "v", "acks": "all", "idempotent": "on"}
PRODUCING = [
    row("console:produce", GET, OPERATE, read_only=True),
    row("console:produce", POST, OPERATE, TYPED, audited="records.produce"),
    row("console:key-partitions", POST, OPERATE, TYPED | {"partitions": "6"}, read_only=False),
    row("console:sending-list", GET, OPERATE, done=302, read_only=True),
    row("console:sending-cancel", POST, OF_OTTO, by="operator", **WRITTEN),
    row("console:sending-go-on", POST, OF_OTTO, audited="records.produce", by="operator", **WRITTEN),
    row("console:record-end", GET, VIEW, done=302, step="last"),
    row("console:record-step", GET, VIEW, done=302, step="next"),
]
SEARCHES = [
    row("console:search-form", GET, VIEW),
    row("console:search-form", POST, VIEW, {"q": "nee"}, done=302),
    row("console:search-detail", GET, VIEW),
    row("console:search-cancel", POST, OPERATE, done=302, read_only=False),  # Otto's own; admins cancel any
    row("console:search-cancel", POST, ADMINISTER, done=302, search_id="search of ada"),
    row("console:search-download", GET, VIEW, query="?format=jsonl"),
    row("console:topic-download", GET, VIEW),
    row("console:topic-download", GET, VIEW, query="?format=csv"),
]
# A sandbox of the owner's; nobody else finds it, whatever their role. Guests are tested apart (tests/sandbox).
OWN = rule(404, 404, 404, 404, 404, 404, DONE)
SANDBOX_PAGES = [
    row("sandbox:sandbox-list", GET, SIGNED_IN),
    row("sandbox:sandbox-new", POST, SIGNED_IN, {"name": "Second"}, done=302),
    row("sandbox:sandbox-detail", GET, OWN),
    row("sandbox:sandbox-compare", GET, OWN),
    row("sandbox:sandbox-sleep", POST, OWN, done=302),
    row("sandbox:sandbox-plain", GET, OWN),
    row("sandbox:sandbox-plain", POST, OWN, {"do": "play"}, done=409),  # nobody hosts it here
    row("sandbox:sandbox-end", POST, OWN, done=302),
    # No runner hosts it here: what would ask one says so, and the rest is done all the same.
    row("sandbox:lesson-list", GET, SIGNED_IN),
    row("sandbox:lesson-start", POST, SIGNED_IN, done=302, slug="first-event"),
    row("sandbox:lesson-hash", GET, ANYBODY),
    row("sandbox:lesson-panel", GET, OWN),
    row("sandbox:lesson-status", GET, OWN, done=204),
    row("sandbox:lesson-answer", POST, OWN, {"first_number": "0"}, done=302),
    row("sandbox:lesson-act", POST, OWN, done=302, number=0),
    row("sandbox:lesson-next", POST, OWN, done=302),
    row("sandbox:lesson-restart", POST, OWN, done=302),
    row("sandbox:lesson-leave", POST, OWN, done=302),
]
# What a guest may open of the cluster of a sandbox of theirs; another guest finds nothing there (404), and for every
# other route a guest is nobody. What is not theirs in there (a sending of somebody) is not found either.
OPEN_TO_GUESTS = {
    f"console:{name}"
    for name in (
        "cluster-detail", "broker-detail", "topic-list", "topic-detail", "record-tail", "partition-list",
        "topic-groups", "config-list",
        "record-detail", "record-bytes", "record-end", "record-step", "group-list", "group-detail", "offset-reset",
        "partition-calculator", "topic-create", "config-change", "partition-add", "produce", "key-partitions",
        "topic-delete", "record-delete", "group-delete",
        "sending-list", "sending-cancel", "sending-go-on",
    )
}  # fmt: skip
RECORDS = {"value": {"type": "STRING", "data": "x"}}
API = [
    row("rest:cluster-list", GET, API_ANYBODY),
    row("rest:cluster", GET, API_VIEW),
    row("rest:broker-list", GET, API_VIEW),
    row("rest:broker", GET, API_VIEW),
    row("rest:topic-list", GET, API_VIEW),
    row("rest:topic-list", POST, API_OPERATE, {"topic_name": "new"}, done=201, audited="topic.create"),
    row("rest:topic", GET, API_VIEW),
    row("rest:topic", DELETE, API_ADMINISTER, done=204, audited="topic.delete"),
    row("rest:topic", PATCH, API_OPERATE, {"partitions_count": 9}, audited="topic.add_partitions"),
    row("rest:partition-list", GET, API_VIEW),
    row("rest:partition", GET, API_VIEW),
    row("rest:replica-list", GET, API_VIEW),
    row("rest:config-list", GET, API_VIEW),
    row("rest:config-alter", POST, API_OPERATE, ALTERED, done=204, audited="topic.alter_configs"),
    row("rest:config", GET, API_VIEW, name="retention.ms"),
    row("rest:config", PUT, API_OPERATE, {"value": "1"}, done=204, audited="topic.alter_configs", name="retention.ms"),
    row("rest:config", DELETE, API_OPERATE, done=204, audited="topic.alter_configs", name="retention.ms"),
    row("rest:record-list", POST, API_OPERATE, RECORDS, audited="records.produce"),
    row("rest:group-list", GET, API_VIEW),
    row("rest:group", GET, API_VIEW),
    row("rest:consumer-list", GET, API_VIEW),
    row("rest:consumer", GET, API_VIEW),
    row("rest:lag-summary", GET, API_VIEW),
    row("rest:lag-list", GET, API_VIEW),
    row("rest:lag", GET, API_VIEW),
    row("rest:unknown", GET, API_ANYBODY, done=404),
]  # fmt: skip
NOT_BUILT = [
    "acl-list", "acl-batch", "cluster-config-list", "cluster-config-alter", "cluster-config", "broker-config-list",
    "broker-config-alter", "broker-config", "broker-replica-list", "all-config-list", "all-config-alter",
    "all-reassignment-list", "reassignment-list", "reassignment", "partition-offset", "replica", "record-batch",
    "assignment-list", "assignment",
]  # fmt: skip
API += [row(f"rest:{name}", GET, API_VIEW, done=501) for name in NOT_BUILT]
AREAS = {
    "account": ACCOUNT, "installation": INSTALLATION_PAGES, "clusters": CLUSTER_PAGES, "connections": CONNECTIONS,
    "topic writes": TOPIC_WRITES, "producing": PRODUCING, "searches": SEARCHES,
    "sandboxes": SANDBOX_PAGES, "api": API,
}  # fmt: skip
TABLE = [row for rows in AREAS.values() for row in rows]
SANDBOX_SOCKET = r"^sandboxes/(?P<sandbox_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/socket$"
# The pattern of a socket, and who gets in. Tokens open no socket: a browser cannot send one, and a program has the API.
SOCKETS = {
    r"^clusters/(?P<cluster_id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/"
    r"topics/(?P<name>[a-zA-Z0-9._-]{1,249})/live/socket$": {"viewer", "operator", "admin", "owner"},
    SANDBOX_SOCKET: {"owner"},
    r"": set(),
}
SOCKET_PATHS = {pattern: "clusters/{cluster_id}/topics/orders.placed/live/socket" for pattern in SOCKETS if pattern} | {
    SANDBOX_SOCKET: "sandboxes/{sandbox_id}/socket",
    "": "nothing/here",
}
WHERE = {
    "name": "orders.placed",
    "topic_name": "orders.placed",
    "group": "fraud-scoring",
    "consumer": "scorer-0-1234",
    "node_id": 1,
    "partition": RECORD.partition,
    "offset": RECORD.offset,
    "part": "value",
    "partition_id": 0,
    "broker_id": 1,
    "rest": "nothing/here",
}
