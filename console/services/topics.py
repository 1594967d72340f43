"""Writes to topics: checked against what is there, done once, and noted in the audit log with before and after.

*Invariants*: who asked is told in a sentence whether it was done, not done, or perhaps done; nothing is tried twice.
What a form showed is compared with the cluster just before the write: what somebody changed meanwhile is told, not
overwritten. Kafka has no such comparison itself, so between two processes a moment remains.
*Not here*: who may (permissions.py), requests (kafka/topic_writes.py), words for the command line (topic_commands.py).
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from console.kafka import configs, topic_writes, topics
from console.kafka.connection import ConnectionSpec
from console.kafka.errors import KafkaError, KafkaRefused, NotFound
from console.kafka.topic_writes import Made, MaybeDone, NewTopic
from console.models import Cluster, Result
from console.services import audit
from console.services.audit import Actor
from console.services.clusters import connection_spec
from console.services.config_texts import about

T = TypeVar("T")
_LOCKS = [threading.Lock() for _ in range(64)]  # a topic has one of them, perhaps with others; of this process only
FIELDS = {
    "INVALID_PARTITIONS": "partitions",
    "INVALID_REPLICATION_FACTOR": "copies",
    "TOPIC_ALREADY_EXISTS": "name",
    "INVALID_TOPIC_EXCEPTION": "name",
}
GONE = ("UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID")
NOT_ALLOWED = "the cluster does not allow this to the user of the connection"
# Said where the cluster sends no words of its own.
SAID = {
    "POLICY_VIOLATION": "the cluster’s policy forbids it; records are deleted only where cleanup.policy has delete",
    "OFFSET_OUT_OF_RANGE": "the log does not reach that far",
    "LEADER_NOT_AVAILABLE": "the partition has no leader now",
    "NOT_LEADER_OR_FOLLOWER": "the leader changed at this moment; try again",
    "KAFKA_STORAGE_ERROR": "the broker could not write to its disk",
    "TOPIC_DELETION_DISABLED": "the cluster does not let topics be deleted (delete.topic.enable=false)",
    "NOT_CONTROLLER": "the controller changed at this moment; try again",
    "TOPIC_AUTHORIZATION_FAILED": NOT_ALLOWED,
    "CLUSTER_AUTHORIZATION_FAILED": NOT_ALLOWED,
    "UNSUPPORTED_VERSION": "this cluster is too old for it",
}
INTERNAL = "it is one of Kafka’s own topics, which the cluster needs as it is"
NO_DELETE = "its cleanup.policy has no delete: a cluster removes no records by offset there"


class NotDone(audit.Refusal):
    """Nothing was changed; `str(error)` says why, `field` where in the form the mistake is ("" for none)."""

    def __init__(self, reason: str, field: str = "") -> None:
        super().__init__(reason)
        self.field = field


class Gone(NotDone):
    """The topic is not there any more."""


class Meanwhile(NotDone):
    """Somebody else changed what the form had shown."""


class PerhapsDone(NotDone):
    """No answer came; the sentence says what the cluster shows now."""

    result = Result.UNKNOWN


class DoneInPart(NotDone):
    """Some of it was done and some was not, and why."""

    result = Result.PARTLY


@dataclass(frozen=True, slots=True)
class Cut:
    """Up to where the records of a partition are deleted."""

    partition: int
    start: int  # where the log begins
    to: int  # where it is to begin

    @property
    def lost(self) -> int:
        """Records that are deleted, as far as offsets tell."""
        return max(0, self.to - self.start)


def create(cluster: Cluster, actor: Actor, wanted: NewTopic) -> Made:
    """Create a topic."""
    spec = connection_spec(cluster)
    after = {"partitions": wanted.partitions, "copies": wanted.replication_factor, "configs": dict(wanted.configs)}
    with audit.writing(actor, "topic.create", wanted.name, cluster=cluster, after=after) as note:
        made = _done(
            lambda: topic_writes.create_topic(spec, wanted),
            about_configs=wanted.configs,
            look=lambda: _looked_for(spec, wanted.name, "it is there now", "it is not there yet"),
        )
        note.after = after | {"partitions": made.partitions, "copies": made.replication_factor}
    return made


def ask_about(spec: ConnectionSpec, wanted: NewTopic) -> Made:
    """Let the cluster say whether it would create this; nothing is made."""
    return _done(lambda: topic_writes.create_topic(spec, wanted, validate_only=True), about_configs=wanted.configs)


def change_configs(
    cluster: Cluster, actor: Actor, topic: str, changes: Mapping[str, str | None], seen: Mapping[str, str | None]
) -> None:
    """Give a topic these settings of its own (None: the default counts again), if they are as they were seen."""
    spec = connection_spec(cluster)
    before = {name: seen.get(name) for name in changes}
    with (
        _one_at_a_time(spec, topic),
        audit.writing(actor, "topic.alter_configs", topic, cluster=cluster, before=before, after=dict(changes)),
    ):
        own = own_configs(spec, topic)
        moved = [name for name in changes if own.get(name) != seen.get(name)]
        if moved:
            raise Meanwhile(changed_words(moved, seen, own), moved[0])
        _done(
            lambda: topic_writes.alter_configs(spec, topic, changes),
            about_configs=changes,
            look=lambda: _configs_now(spec, topic, changes),
        )


def check_configs(spec: ConnectionSpec, topic: str, changes: Mapping[str, str | None]) -> None:
    """Let the cluster say whether it would take these; nothing is changed."""
    _done(lambda: topic_writes.alter_configs(spec, topic, changes, validate_only=True), about_configs=changes)


def own_configs(spec: ConnectionSpec, topic: str) -> dict[str, str | None]:
    """The settings that somebody gave this topic."""
    try:
        entries = configs.topic_configs(spec, topic)
    except NotFound:
        raise Gone(_gone(topic)) from None
    return {entry.name: entry.value for entry in entries if entry.source == "topic"}


def add_partitions(cluster: Cluster, actor: Actor, topic: str, count: int, seen: int) -> None:
    """Let a topic grow from the number that was seen to `count`."""
    spec = connection_spec(cluster)
    before, after = {"partitions": seen}, {"partitions": count}
    with (
        _one_at_a_time(spec, topic),
        audit.writing(actor, "topic.add_partitions", topic, cluster=cluster, before=before, after=after),
    ):
        found = _found(spec, topic)
        now = len(found.partitions)
        if found.internal:
            raise NotDone(INTERNAL)
        if now != seen:
            raise Meanwhile(f"the topic had {seen} partitions in the review and has {now} now", "partitions")
        _done(
            lambda: topic_writes.add_partitions(spec, topic, count),
            look=lambda: f"it has {len(_found(spec, topic).partitions)} partitions now",
        )


def check_partitions(spec: ConnectionSpec, topic: str, count: int) -> None:
    """Let the cluster say whether it would let the topic grow so far; nothing is changed."""
    _done(lambda: topic_writes.add_partitions(spec, topic, count, validate_only=True))


def delete(cluster: Cluster, actor: Actor, topic: str, *, topic_id: str, typed: str) -> topics.TopicDetail:
    """Delete the topic that was seen, if its name was typed; gives what it was."""
    spec = connection_spec(cluster)
    with _one_at_a_time(spec, topic), audit.writing(actor, "topic.delete", topic, cluster=cluster) as note:
        if typed != topic:
            raise NotDone("What was typed is not the name of this topic.", "typed")
        found = _found(spec, topic)
        note.before = {
            "partitions": len(found.partitions),
            "copies": found.replication_factor,
            "records": found.records,
            "size_bytes": found.size_bytes,
            "configs": own_configs(spec, topic),
        }
        if found.internal:
            raise NotDone(INTERNAL)
        if found.topic_id != topic_id:
            raise Meanwhile("it was deleted and made anew meanwhile: this is another topic of the same name")
        _done(
            lambda: topic_writes.delete_topic(spec, topic, topic_id),
            look=lambda: _looked_for(spec, topic, "it is still there", "it is not there any more"),
        )
    return found


def delete_records(
    cluster: Cluster, actor: Actor, topic: str, cuts: Sequence[Cut], *, topic_id: str, typed: str
) -> int:
    """Delete the records before an offset of each partition; gives how many, as far as offsets tell."""
    spec = connection_spec(cluster)
    wanted = {cut.partition: cut for cut in cuts if cut.lost}
    before = {"log start offsets": {str(index): cut.start for index, cut in wanted.items()}}
    after = {
        "log start offsets": {str(index): cut.to for index, cut in wanted.items()},
        "records deleted": sum(cut.lost for cut in wanted.values()),
    }
    with (
        _one_at_a_time(spec, topic),
        audit.writing(actor, "records.delete", topic, cluster=cluster, before=before, after=after),
    ):
        if typed != topic:
            raise NotDone("What was typed is not the name of this topic.", "typed")
        if not wanted:
            raise NotDone("no record lies before these offsets")
        found = _found(spec, topic)
        if found.internal:
            raise NotDone(INTERNAL)
        if found.topic_id != topic_id:
            raise Meanwhile("it was deleted and made anew meanwhile: this is another topic of the same name")
        answers = topic_writes.delete_records(spec, topic, {index: cut.to for index, cut in wanted.items()})
        _check_parts(answers)
    return sum(cut.lost for cut in wanted.values())


def refusal_of_records(*, internal: bool, deletes: bool) -> str:
    """Why no records of a topic can be deleted, whoever asks; "" if they can."""
    return INTERNAL if internal else "" if deletes else NO_DELETE


def changed_words(names: Sequence[str], seen: Mapping[str, str | None], now: Mapping[str, str | None]) -> str:
    """What somebody changed meanwhile, in a sentence."""
    said = [f"{name} went from {_value(seen.get(name))} to {_value(now.get(name))}" for name in names[:5]]
    more = f", and {len(names) - 5} more" if len(names) > 5 else ""
    return f"since this form was opened, {', '.join(said)}{more}"


def _value(value: str | None) -> str:
    return "the default" if value is None else f"“{value}”"


def _check_parts(answers: Mapping[int, int | KafkaError]) -> None:
    failed = {index: error for index, error in answers.items() if isinstance(error, KafkaError)}
    if not failed:
        return
    index, error = min(failed.items())
    perhaps = [error for error in failed.values() if isinstance(error, MaybeDone)]
    words = f"{len(answers) - len(failed)} of {len(answers)} partitions were cut; partition {index} was not: "
    if perhaps:
        raise PerhapsDone(f"no answer came for some partitions: {perhaps[0]}. Perhaps their records were deleted")
    if len(failed) < len(answers):
        raise DoneInPart(words + _words(error))
    raise NotDone(_words(error))


def _done(
    write: Callable[[], T],
    *,
    about_configs: Mapping[str, str | None] | None = None,
    look: Callable[[], str] | None = None,
) -> T:
    """Do it; what went wrong becomes one of the kinds above."""
    try:
        return write()
    except MaybeDone as error:
        shows = _seen_after(look) if look else ""
        raise PerhapsDone(f"no answer came in time ({error}), so it may have been done{shows}") from error
    except KafkaRefused as error:
        if error.code in GONE:
            raise Gone("the topic is not there any more") from error
        words = _words(error)
        field = FIELDS.get(error.code, "")
        if error.code in ("INVALID_CONFIG", "POLICY_VIOLATION", "INVALID_REQUEST") and about_configs:
            named = about(words, about_configs)
            field = f"set.{named}" if named else field
        if error.code == "POLICY_VIOLATION" and not field and "partitions" in words.lower():
            field = "partitions"
        raise NotDone(words, field) from error


def _seen_after(look: Callable[[], str]) -> str:
    try:
        return f"; {look()}"
    except (KafkaError, Gone) as error:
        return f"; looking did not help either: {error}"


def _words(error: KafkaError) -> str:
    if isinstance(error, KafkaRefused):
        return error.message or SAID.get(error.code, f"the cluster answered {error.code}")
    return str(error)


def _found(spec: ConnectionSpec, topic: str) -> topics.TopicDetail:
    try:
        return topics.describe_topic(spec, topic)
    except NotFound:
        raise Gone(_gone(topic)) from None


def _gone(topic: str) -> str:
    return f"topic {topic} is not there any more: somebody deleted it"


def _looked_for(spec: ConnectionSpec, topic: str, yes: str, no: str) -> str:
    try:
        topics.describe_topic(spec, topic)
    except NotFound:
        return no
    return yes


def _configs_now(spec: ConnectionSpec, topic: str, changes: Mapping[str, str | None]) -> str:
    own = own_configs(spec, topic)
    as_asked = all(own.get(name) == value for name, value in changes.items())
    return "the settings are as asked for now" if as_asked else "the settings are not changed yet"


def _one_at_a_time(spec: ConnectionSpec, topic: str) -> AbstractContextManager[bool]:
    return _LOCKS[hash((spec, topic)) % len(_LOCKS)]
