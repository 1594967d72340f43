"""Deleting a group: while nobody is in it, once its name is typed, and noted with what it had committed.

*Invariants*: nothing is tried twice; without an answer the sentence says that it is perhaps deleted.
*Not here*: who may (permissions.py), the request (kafka/group_writes.py).
"""

from console.kafka import group_writes, groups
from console.kafka.errors import ClusterUnreachable, KafkaError, KafkaRefused
from console.models import Cluster, Result
from console.services import audit
from console.services.clusters import connection_spec

SAID = {
    "NON_EMPTY_GROUP": "somebody has joined the group; the cluster deletes it only while it is empty",
    "NOT_COORDINATOR": "its coordinator changed at this moment; try again",
    "COORDINATOR_LOAD_IN_PROGRESS": "its coordinator is starting; try again",
    "COORDINATOR_NOT_AVAILABLE": "its coordinator is not there now; try again",
}


class NotDeleted(audit.Refusal):
    """The group is still there, and why."""


class PerhapsDeleted(NotDeleted):
    """No answer came."""

    result = Result.UNKNOWN


def refusal(group: groups.GroupDetail) -> str:
    """Why this group is not deleted now, whoever asks; "" if it can be."""
    if not group.members:
        return ""
    count = "a member" if len(group.members) == 1 else f"{len(group.members)} members"
    return f"the group has {count}; the cluster deletes it only while it is empty"


def delete(cluster: Cluster, actor: audit.Actor, group: groups.GroupDetail, typed: str) -> None:
    """Delete it. NotDeleted: why not."""
    committed = {f"{one.topic} {one.index}": one.committed for one in group.partitions if one.committed is not None}
    with audit.writing(actor, "group.delete", group.name, cluster=cluster, before=committed):
        why_not = refusal(group)
        if why_not:
            raise NotDeleted(why_not)
        if typed != group.name:
            raise NotDeleted("what was typed is not the name of the group")
        try:
            group_writes.delete_group(connection_spec(cluster), group.name)
        except ClusterUnreachable as error:
            raise PerhapsDeleted(f"{error.reason}. Perhaps the group is deleted: look at the groups") from None
        except KafkaRefused as error:
            raise NotDeleted(SAID.get(error.code, str(error))) from None
        except KafkaError as error:
            raise NotDeleted(error.reason) from None
