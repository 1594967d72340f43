"""Addresses of the console.

Topic names hold only letters, digits, dot, underscore and hyphen, so they stand in an address as they are.
"""

from django.urls import path, register_converter

from console.views import (
    account,
    accounts,
    audit,
    brokers,
    calculator,
    clusters,
    config_changes,
    configs,
    connections,
    deletions,
    downloads,
    group_deletions,
    groups,
    invites,
    members,
    offset_resets,
    partition_additions,
    partitions,
    patterns,
    produce,
    record,
    records,
    searches,
    topic_creation,
    topics,
    users,
)
from console.views.converters import OffsetConverter, TopicNameConverter
from console.views.group_names import GroupNameConverter

register_converter(TopicNameConverter, "topic")
register_converter(OffsetConverter, "offset")
register_converter(GroupNameConverter, "group")

app_name = "console"

ON_CLUSTER = "clusters/<uuid:cluster_id>/"
ON_TOPIC = ON_CLUSTER + "topics/<topic:name>/"
ON_SEARCH = ON_TOPIC + "search/<uuid:search_id>/"
ON_GROUP = ON_CLUSTER + "groups/<group:group>/"

account_urls = [
    path("login/", accounts.sign_in, name="login"),
    path("logout/", accounts.sign_out, name="logout"),
]
access_urls = [
    path("account/", account.account, name="account"),
    path("account/password/", account.password_change, name="password-change"),
    path("account/sessions/end-others/", account.session_end_others, name="session-end-others"),
    path("account/sessions/<slug:name>/end/", account.session_end, name="session-end"),
    path("account/tokens/", account.token_list, name="token-list"),
    path("account/tokens/<int:pk>/revoke/", account.token_revoke, name="token-revoke"),
    path("invite/<str:secret>/", invites.invite_accept, name="invite-accept"),
    path("invites/", invites.invite_list, name="invite-list"),
    path("invites/<int:pk>/revoke/", invites.invite_revoke, name="invite-revoke"),
    path("users/", users.user_list, name="user-list"),
    path("users/new/", users.user_new, name="user-new"),
    path("users/<int:pk>/", users.user_detail, name="user-detail"),
    path("users/<int:pk>/kind/", users.user_kind, name="user-kind"),
    path("users/<int:pk>/active/", users.user_active, name="user-active"),
    path("users/<int:pk>/sign-out/", users.user_sign_out, name="user-sign-out"),
    path("users/<int:pk>/tokens/", users.user_tokens, name="user-tokens"),
    path("users/<int:pk>/password/", users.user_password, name="user-password"),
    path("users/<int:pk>/roles/", users.user_role, name="user-role"),
    path(ON_CLUSTER + "members/", members.member_list, name="member-list"),
    path(ON_CLUSTER + "members/<int:pk>/", members.member_change, name="member-change"),
    path(ON_CLUSTER + "members/<int:pk>/remove/", members.member_remove, name="member-remove"),
]
audit_urls = [
    path("audit/", audit.audit_list, name="audit-list"),
    path("audit/<int:pk>/", audit.audit_entry, name="audit-entry"),
    path("audit/download/", audit.audit_download, name="audit-download"),
    path(ON_CLUSTER + "audit/", audit.audit_list, name="cluster-audit-list"),
    path(ON_CLUSTER + "audit/<int:pk>/", audit.audit_entry, name="cluster-audit-entry"),
    path(ON_CLUSTER + "audit/download/", audit.audit_download, name="cluster-audit-download"),
]
cluster_urls = [
    path("", clusters.home, name="home"),
    path("clusters/", clusters.cluster_list, name="cluster-list"),
    path(ON_CLUSTER, clusters.cluster_detail, name="cluster-detail"),
    path(ON_CLUSTER + "brokers/<int:node_id>/", brokers.broker_detail, name="broker-detail"),
]
connection_urls = [
    path("clusters/add/", connections.cluster_add, name="cluster-add"),
    path(ON_CLUSTER + "row/", clusters.cluster_row, name="cluster-row"),
    path(ON_CLUSTER + "edit/", connections.cluster_edit, name="cluster-edit"),
    path(ON_CLUSTER + "remove/", connections.cluster_remove, name="cluster-remove"),
]
topic_urls = [
    path(ON_CLUSTER + "topics/", topics.topic_list, name="topic-list"),
    path(ON_TOPIC, records.record_list, name="topic-detail"),
    path(ON_TOPIC + "live/", records.record_tail, name="record-tail"),
    path(ON_TOPIC + "partitions/", partitions.partition_list, name="partition-list"),
    path(ON_TOPIC + "groups/", groups.topic_groups, name="topic-groups"),
    path(ON_TOPIC + "configs/", configs.config_list, name="config-list"),
    path(ON_TOPIC + "records/<int:partition>/<offset:offset>/", record.record_detail, name="record-detail"),
    path(
        ON_TOPIC + "records/<int:partition>/<offset:offset>/<slug:part>.bin", records.record_bytes, name="record-bytes"
    ),
]
topic_write_urls = [
    path(ON_CLUSTER + "new-topic/", topic_creation.topic_create, name="topic-create"),
    path(ON_CLUSTER + "calculator/", calculator.partition_calculator, name="partition-calculator"),
    path(ON_TOPIC + "configs/change/", config_changes.config_change, name="config-change"),
    path(ON_TOPIC + "partitions/add/", partition_additions.partition_add, name="partition-add"),
    path(ON_TOPIC + "records/delete/", deletions.record_delete, name="record-delete"),
    path(ON_TOPIC + "delete/", deletions.topic_delete, name="topic-delete"),
]
group_urls = [
    path(ON_CLUSTER + "groups/", groups.group_list, name="group-list"),
    path(ON_GROUP, groups.group_detail, name="group-detail"),
    path(ON_GROUP + "delete/", group_deletions.group_delete, name="group-delete"),
    path(ON_GROUP + "offset-reset/", offset_resets.offset_reset, name="offset-reset"),
]
produce_urls = [
    path(ON_TOPIC + "produce/", produce.produce, name="produce"),
    path(ON_TOPIC + "produce/where/", produce.key_partitions, name="key-partitions"),
    path(ON_TOPIC + "produce/sent/", produce.sending_list, name="sending-list"),
    path(ON_TOPIC + "produce/sent/<uuid:sending_id>/cancel/", produce.sending_cancel, name="sending-cancel"),
    path(ON_TOPIC + "produce/sent/<uuid:sending_id>/rest/", produce.sending_go_on, name="sending-go-on"),
    path(ON_TOPIC + "records/<int:partition>/<slug:step>/", record.record_end, name="record-end"),
    path(ON_TOPIC + "records/<int:partition>/<offset:offset>/<slug:step>/", record.record_step, name="record-step"),
]
search_urls = [
    path(ON_TOPIC + "search/", searches.search_form, name="search-form"),
    path(ON_SEARCH, searches.search_detail, name="search-detail"),
    path(ON_SEARCH + "cancel/", searches.search_cancel, name="search-cancel"),
    path(ON_SEARCH + "download/", downloads.search_download, name="search-download"),
    path(ON_TOPIC + "download/", downloads.topic_download, name="topic-download"),
]
urlpatterns = [
    *account_urls,
    *access_urls,
    *audit_urls,
    *cluster_urls,
    *connection_urls,
    *topic_urls,
    *topic_write_urls,
    *group_urls,
    *produce_urls,
    *search_urls,
    path("_patterns/", patterns.pattern_list, name="pattern-list"),
]
