"""Addresses of the REST API v3, as Confluent's REST Proxy has them; what is not built yet says so.

*Not here*: versions 2 and 1, and streaming produce (a server of their own).
"""

from django.urls import path

from console.rest import clusters, groups, records, topics
from console.rest.clusters import not_built, unknown
from console.rest.door import endpoint

app_name = "rest"

C = "clusters/<str:cluster_id>"
T = C + "/topics/<str:topic_name>"
P = T + "/partitions/<int:partition_id>"
G = C + "/consumer-groups/<str:group>"
NOT_BUILT = endpoint(GET=not_built, POST=not_built, PUT=not_built, DELETE=not_built, PATCH=not_built)

cluster_urls = [
    path("clusters", endpoint(GET=clusters.list_clusters), name="cluster-list"),
    path(C, endpoint(GET=clusters.get_cluster), name="cluster"),
    path(C + "/brokers", endpoint(GET=clusters.list_brokers), name="broker-list"),
    path(C + "/brokers/<int:broker_id>", endpoint(GET=clusters.get_broker), name="broker"),
]
not_built_urls = [
    path(C + "/acls", NOT_BUILT, name="acl-list"),
    path(C + "/acls:batch", NOT_BUILT, name="acl-batch"),
    path(C + "/broker-configs", NOT_BUILT, name="cluster-config-list"),
    path(C + "/broker-configs:alter", NOT_BUILT, name="cluster-config-alter"),
    path(C + "/broker-configs/<str:name>", NOT_BUILT, name="cluster-config"),
    path(C + "/brokers/<str:broker_id>/configs", NOT_BUILT, name="broker-config-list"),
    path(C + "/brokers/<str:broker_id>/configs:alter", NOT_BUILT, name="broker-config-alter"),
    path(C + "/brokers/<str:broker_id>/configs/<str:name>", NOT_BUILT, name="broker-config"),
    path(C + "/brokers/<int:broker_id>/partition-replicas", NOT_BUILT, name="broker-replica-list"),
    path(C + "/topics/-/configs", NOT_BUILT, name="all-config-list"),
    path(C + "/topics/-/configs:alter", NOT_BUILT, name="all-config-alter"),
    path(C + "/topics/-/partitions/-/reassignment", NOT_BUILT, name="all-reassignment-list"),
    path(T + "/partitions/-/reassignment", NOT_BUILT, name="reassignment-list"),
    path(P + "/reassignment", NOT_BUILT, name="reassignment"),
    path(P + "/offset", NOT_BUILT, name="partition-offset"),
    path(P + "/replicas/<int:broker_id>", NOT_BUILT, name="replica"),
    path(T + "/records:batch", NOT_BUILT, name="record-batch"),
    path(G + "/consumers/<str:consumer>/assignments", NOT_BUILT, name="assignment-list"),
    path(
        G + "/consumers/<str:consumer>/assignments/<str:topic_name>/partitions/<int:partition_id>",
        NOT_BUILT,
        name="assignment",
    ),
]
topic_urls = [
    path(C + "/topics", endpoint(GET=topics.list_topics, POST=topics.create_topic), name="topic-list"),
    path(
        T,
        endpoint(GET=topics.get_topic, DELETE=topics.delete_topic, PATCH=topics.add_partitions),
        name="topic",
    ),
    path(T + "/partitions", endpoint(GET=topics.list_partitions), name="partition-list"),
    path(P, endpoint(GET=topics.get_partition), name="partition"),
    path(P + "/replicas", endpoint(GET=topics.list_replicas), name="replica-list"),
    path(T + "/configs", endpoint(GET=topics.list_configs), name="config-list"),
    path(T + "/configs:alter", endpoint(POST=topics.alter_configs), name="config-alter"),
    path(
        T + "/configs/<str:name>",
        endpoint(GET=topics.get_config, PUT=topics.set_config, DELETE=topics.reset_config),
        name="config",
    ),
    path(T + "/records", endpoint(POST=records.produce), name="record-list"),
]
group_urls = [
    path(C + "/consumer-groups", endpoint(GET=groups.list_groups), name="group-list"),
    path(G, endpoint(GET=groups.get_group), name="group"),
    path(G + "/consumers", endpoint(GET=groups.list_consumers), name="consumer-list"),
    path(G + "/consumers/<str:consumer>", endpoint(GET=groups.get_consumer), name="consumer"),
    path(G + "/lag-summary", endpoint(GET=groups.lag_summary), name="lag-summary"),
    path(G + "/lags", endpoint(GET=groups.list_lags), name="lag-list"),
    path(G + "/lags/<str:topic_name>/partitions/<int:partition_id>", endpoint(GET=groups.get_lag), name="lag"),
]
urlpatterns = [
    *cluster_urls,
    *not_built_urls,
    *topic_urls,
    *group_urls,
    path(
        "<path:rest>", endpoint(GET=unknown, POST=unknown, PUT=unknown, DELETE=unknown, PATCH=unknown), name="unknown"
    ),
]
