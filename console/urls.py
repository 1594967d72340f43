"""Addresses of the console.

Topic names hold only letters, digits, dot, underscore and hyphen, so they stand in an address as they are.
"""

from django.urls import path, register_converter

from console.views import (
    accounts,
    clusters,
    configs,
    downloads,
    groups,
    offset_resets,
    partitions,
    patterns,
    records,
    searches,
    topics,
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
cluster_urls = [
    path("", clusters.home, name="home"),
    path("clusters/", clusters.cluster_list, name="cluster-list"),
    path(ON_CLUSTER, clusters.cluster_detail, name="cluster-detail"),
]
topic_urls = [
    path(ON_CLUSTER + "topics/", topics.topic_list, name="topic-list"),
    path(ON_TOPIC, records.record_list, name="topic-detail"),
    path(ON_TOPIC + "live/", records.record_tail, name="record-tail"),
    path(ON_TOPIC + "partitions/", partitions.partition_list, name="partition-list"),
    path(ON_TOPIC + "groups/", groups.topic_groups, name="topic-groups"),
    path(ON_TOPIC + "configs/", configs.config_list, name="config-list"),
    path(ON_TOPIC + "records/<int:partition>/<offset:offset>/", records.record_detail, name="record-detail"),
    path(
        ON_TOPIC + "records/<int:partition>/<offset:offset>/<slug:part>.bin", records.record_bytes, name="record-bytes"
    ),
]
group_urls = [
    path(ON_CLUSTER + "groups/", groups.group_list, name="group-list"),
    path(ON_GROUP, groups.group_detail, name="group-detail"),
    path(ON_GROUP + "offset-reset/", offset_resets.offset_reset, name="offset-reset"),
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
    *cluster_urls,
    *topic_urls,
    *group_urls,
    *search_urls,
    path("_patterns/", patterns.pattern_list, name="pattern-list"),
]
