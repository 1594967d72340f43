"""Topics are written: what is shown first, what is done, and every way in which it is not."""

import re
from dataclasses import replace
from html import unescape

import pytest

from console.kafka import configs, groups
from console.kafka.errors import ClusterUnreachable, KafkaRefused, NotFound
from console.kafka.features import Features
from console.kafka.topic_writes import MaybeDone
from console.models import AuditEntry
from console.views.topic_outcomes import ONE_TIME
from sandbox.models import Sandbox
from tests.console.fake_kafka import CONFIGS, DETAIL, HOSTILE, RECORD
from tests.console.topic_forms import ACTIONS, ADDRESSES, DONE, FILLED, NAME, address, post, text

each = pytest.mark.parametrize("what", ADDRESSES)


@each
def test_only_the_role_that_it_needs_sees_the_form_or_does_it(cast, kafka, writes, what):
    for client, role in ((cast.viewer, "viewer"), (cast.operator, "operator"), (cast.admin, "admin")):
        expected = {"operator": ("operator", "admin"), "admin": ("admin",)}[ADDRESSES[what][1]]
        kafka.configs = CONFIGS
        seen, sent = client.get(address(cast, what)), post(cast, what, client)
        assert (seen.status_code, sent.status_code) == ((200, 302) if role in expected else (403, 403)), role
    for client in (cast.stranger, cast.learner):
        assert client.get(address(cast, what)).status_code == post(cast, what, client).status_code == 404
    assert cast.nobody.get(address(cast, what)).status_code == 302


def asleep(cluster, *, may_wake):
    raise ClusterUnreachable("this sandbox sleeps and cannot be woken now")


@each
def test_a_sandbox_that_cannot_be_woken_costs_nothing_of_what_was_typed(cast, kafka, writes, settings, what):
    settings.CLUSTER_WAKER = f"{__name__}.asleep"
    cast.cluster.unix_path = "/run/sandbox.sock"
    cast.cluster.save()
    Sandbox.objects.create(id=cast.cluster.pk, cluster=cast.cluster, guest="g", shape={}, seed=1, limits="guest")
    answer = post(cast, what)
    assert answer.status_code == 503 and "cannot be woken now" in text(answer) and not writes.done
    assert "Nothing was done: the cluster does not answer" in text(answer)
    assert all(key in answer.content.decode() for key in FILLED[what] if key not in ONE_TIME)


@each
def test_a_read_only_connection_is_not_changed(cast, kafka, writes, what):
    cast.cluster.read_only = True
    cast.cluster.save()
    answer = post(cast, what, cast.owner)
    assert answer.status_code == 403 and "read-only" in text(answer) and not writes.done


@each
def test_it_is_done_once_said_and_noted_with_before_and_after(cast, kafka, writes, what):
    answer = post(cast, what)
    assert answer.status_code == 302 and writes.done == [DONE[what]]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user_name, entry.result) == (ACTIONS[what], "ada", "done")
    assert entry.before is not None or what == "new"
    assert entry.after is not None or what == "delete"
    said = text(cast.admin.get(answer.url if what != "new" else f"/clusters/{cast.cluster.pk}/topics/"))
    words = {"new": "fresh was created", "configs": "retention.ms of", "partitions": "has 9 partitions now",
             "records": "708 records were deleted", "delete": "was deleted with 4\u202f218 records"}  # fmt: skip
    assert words[what] in said


@each
def test_a_get_changes_nothing(cast, kafka, writes, what):
    cast.admin.get(address(cast, what), FILLED[what])
    assert not writes.done and not AuditEntry.objects.exists()


@each
def test_a_cluster_that_is_gone_costs_no_input(cast, kafka, writes, what):
    kafka.die()
    answer = post(cast, what)
    assert answer.status_code == 503 and "Nothing was done" in text(answer) and "onnection refused" in text(answer)
    if what in ("new", "configs"):
        assert "set.retention.ms=30+d" in answer.content.decode()


@each
def test_no_answer_means_that_it_may_have_been_done(cast, kafka, writes, what):
    if what == "records":
        writes.answers = {0: MaybeDone("the connection broke")}
    else:
        writes.then = MaybeDone("the connection broke")
    answer = post(cast, what)
    assert (
        answer.status_code == 503 and "Perhaps it was done" in text(answer) and "the connection broke" in text(answer)
    )
    assert AuditEntry.objects.get().result == "unknown"
    seen = {"new": "it is not there yet", "configs": "the settings are not changed yet",
            "partitions": "it has 6 partitions now", "delete": "it is still there"}  # fmt: skip
    assert seen.get(what, "Perhaps") in text(answer)


@pytest.mark.parametrize("what", ["configs", "partitions", "records", "delete"])
def test_a_topic_that_was_deleted_meanwhile_is_a_sentence(cast, kafka, writes, what, monkeypatch):
    writes.then = writes.refuses = KafkaRefused("UNKNOWN_TOPIC_OR_PARTITION")
    kafka.detail = replace(DETAIL, name="another")

    def gone(spec, name):
        raise NotFound(f"topic {name} is not there")

    monkeypatch.setattr(configs, "topic_configs", gone)
    answer = post(cast, what)
    assert (
        answer.status_code == 409 and "not there any more" in text(answer) and "What you typed is kept" in text(answer)
    )


@pytest.mark.parametrize("what", ["partitions", "records", "delete"])
def test_a_topic_of_kafka_s_own_is_left_alone(cast, kafka, writes, what):
    kafka.detail = replace(DETAIL, internal=True)
    answer = post(cast, what)
    assert answer.status_code == 409 and not writes.done and "Kafka’s own topics" in text(answer)
    assert "Kafka’s own topics" in text(cast.admin.get(address(cast, what)))


@pytest.mark.parametrize("what", ["records", "delete"])
def test_the_name_must_be_typed_and_the_topic_be_the_one_that_was_seen(cast, kafka, writes, what):
    answer = post(cast, what, typed="orders.place")
    assert answer.status_code == 409 and not writes.done
    assert "not the name of this topic" in text(answer)
    assert "made anew meanwhile" in text(post(cast, what, topic_id="AAAAAAAAQqOAAAAAAAAABB")) and not writes.done


REFUSALS = [
    ("INVALID_PARTITIONS", "Too few.", "partitions"),
    ("INVALID_REPLICATION_FACTOR", "Only 1 broker.", "copies"),
    ("TOPIC_ALREADY_EXISTS", "Topic 'fresh' already exists.", "name"),
    ("INVALID_TOPIC_EXCEPTION", "It collides.", "name"),
    ("INVALID_CONFIG", "Invalid value 1 for configuration retention.ms: no", "set.retention.ms"),
    ("POLICY_VIOLATION", "retention.ms must be at least a day", "set.retention.ms"),
    ("POLICY_VIOLATION", "Excessively large number of partitions per request.", "partitions"),
]


@pytest.mark.parametrize(("code", "message", "field"), REFUSALS)
@pytest.mark.parametrize("do", ["create", "ask"])
def test_what_the_cluster_refuses_stands_at_its_field_and_input_is_kept(cast, kafka, writes, code, message, field, do):
    writes.refuses = KafkaRefused(code, message)
    answer = post(cast, "new", do=do)
    page = answer.content.decode()
    assert answer.status_code == 409 and "Nothing was created" in page
    spot = page.index(f'id="{field}-error"')
    assert message[:30] in unescape(page[spot : spot + 600])
    assert 'value="30 d"' in page and 'value="12"' in page and 'value="fresh"' in page


def test_a_refusal_without_words_or_place_stands_above_the_form(cast, kafka, writes):
    writes.refuses = KafkaRefused("CLUSTER_AUTHORIZATION_FAILED")
    assert "does not allow this to the user of the connection" in text(post(cast, "new"))
    writes.refuses = KafkaRefused("UNKNOWN_SERVER_ERROR")
    assert "The cluster answered UNKNOWN_SERVER_ERROR." in text(post(cast, "new"))


def test_the_cluster_can_be_asked_first(cast, kafka, writes):
    answer = post(cast, "new", do="ask")
    assert "would create it so" in text(answer) and not writes.done and not AuditEntry.objects.exists()


def test_the_rules_of_a_name_are_the_same_while_typing_and_at_the_end(cast, kafka, writes):
    headers = {"HX-Request": "true", "HX-Target": "rules"}
    for name, words in (("orders_placed", "same metrics"), ("a b", "“ ” at 2"), (NAME, "is there"), (HOSTILE, "at 1")):
        typed = cast.admin.get(address(cast, "new"), {"name": name}, headers=headers)
        page = typed.content.decode()
        assert words in text(typed) and "<html" not in page and 'hx-swap-oob="true"' in page
        assert "<script>window" not in page and "\u202e" not in page
        assert words in text(post(cast, "new", name=name))
    assert not writes.done


@pytest.mark.parametrize(("name", "looked_for"), [("fresh", "fresh"), ("a b", ""), ("x" * 300, ""), ("", "")])
def test_a_name_that_can_be_is_looked_for_when_it_is_to_be_made(cast, kafka, writes, name, looked_for):
    post(cast, "new", name=name)
    assert writes.looked_for == [looked_for]


def test_another_topic_s_settings_are_copied(cast, kafka, writes):
    page = cast.admin.get(address(cast, "new"), {"like": NAME}).content.decode()
    assert 'value="1209600000"' in page and 'name="partitions" inputmode="numeric" value="6"' in page
    missing = cast.admin.get(address(cast, "new"), {"like": "not-there"})
    assert missing.status_code == 200 and "were not copied" in text(missing)


def test_defaults_that_are_not_told_are_said_to_be(cast, kafka, writes):
    writes.ground = replace(writes.ground, settings=(), partitions=None, untold="the cluster does not tell")
    assert "Defaults are not told" in text(cast.admin.get(address(cast, "new")))


def test_a_review_shows_before_after_and_the_command_and_changes_nothing(cast, kafka, writes):
    answer = post(cast, "configs", do="review")
    said = text(answer)
    assert "14\u202fd 1\u202f209\u202f600\u202f000" in said and "30\u202fd 2\u202f592\u202f000\u202f000" in said
    assert "--add-config retention.ms=2592000000" in said and not writes.done
    assert "Nothing would change" in text(post(cast, "configs", do="review", **{"set.retention.ms": "14 d"}))


def test_an_empty_value_goes_back_to_the_default_and_can_be_put_back(cast, kafka, writes):
    answer = post(cast, "configs", **{"set.retention.ms": ""})
    assert writes.done == [("configs", NAME, {"retention.ms": None})]
    page = cast.admin.get(answer.url).content.decode()
    back = unescape(re.search(r'href="([^"]*)">Put back', page)[1])
    review = text(cast.admin.get(back))
    assert "7\u202fd" in review and "14\u202fd" in review and "Change 1 setting" in review


def test_a_value_without_characters_is_set_shown_and_never_taken_for_the_default(cast, kafka, writes):
    post(cast, "configs", **{"set.cleanup.policy": '""'})
    assert writes.done == [("configs", NAME, {"retention.ms": "2592000000", "cleanup.policy": ""})]
    empty = replace(CONFIGS[0], name="leader.replication.throttled.replicas", type="list", value="", source="topic")
    kafka.configs = [*CONFIGS, empty]
    form = cast.admin.get(address(cast, "configs")).content.decode()
    assert re.search(r'id="set.leader.replication.throttled.replicas"[^>]*value="&quot;&quot;"', form)
    assert '<span class="hint num">14\u202fd</span>' in form  # beside the 1209600000 of the field above
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', form)[1])
    untouched = {f"set.{empty.name}": '""', "set.retention.ms": "14 d", "seen": seen}
    assert "Nothing would change" in text(post(cast, "configs", do="review", **untouched))
    assert "back to the default" in text(post(cast, "configs", do="review", **untouched | {f"set.{empty.name}": ""}))


def test_a_new_topic_takes_a_value_without_characters(cast, kafka, writes):
    assert "cleanup.policy=" in text(post(cast, "new", do="ask", **{"set.cleanup.policy": '""'}))
    post(cast, "new", **{"set.cleanup.policy": '""'})
    assert writes.done[-1][-1]["cleanup.policy"] == ""


def test_of_two_tabs_the_second_is_told_what_changed_and_loses_nothing(cast, kafka, writes):
    kafka.configs = [CONFIGS[0], replace(CONFIGS[1], value="86400000"), CONFIGS[2]]
    answer = post(cast, "configs")
    page, said = answer.content.decode(), text(answer)
    assert answer.status_code == 409 and not writes.done
    assert "Since this form was opened, retention.ms went from “1209600000” to “86400000”" in said
    assert 'value="30 d"' in page and "Change 1 setting" in said
    assert AuditEntry.objects.get().result == "refused"
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', page)[1])
    assert post(cast, "configs", seen=seen).status_code == 302 and writes.done == [DONE["configs"]]


def test_what_another_tab_changed_is_never_put_back_by_a_field_that_nobody_touched(cast, kafka, writes):
    kafka.configs = [replace(CONFIGS[0], value="compact", source="topic"), *CONFIGS[1:]]
    answer = post(cast, "configs", do="review", **{"set.cleanup.policy": ""})
    page, said = answer.content.decode(), text(answer)
    assert "cleanup.policy went from the default to “compact”" in said and "Change 1 setting" in said
    assert '<option value="compact" selected>' in page
    seen = unescape(re.search(r'name="seen" value="([^"]*)"', page)[1])
    assert post(cast, "configs", seen=seen, **{"set.cleanup.policy": "compact"}).status_code == 302
    assert writes.done == [DONE["configs"]]


def test_settings_that_nobody_touches_may_change_meanwhile(cast, kafka, writes):
    kafka.configs = [replace(CONFIGS[0], value="compact", source="topic"), *CONFIGS[1:]]
    assert post(cast, "configs").status_code == 302


def test_what_the_broker_does_not_act_on_is_said_in_the_field(cast, kafka, writes):
    words = "This broker does not act on compression.type yet, so it cannot be changed from producer."
    writes.refuses = KafkaRefused("INVALID_CONFIG", words)
    page = post(cast, "configs", do="review", **{"set.compression.type": "zstd"}).content.decode()
    spot = page.index('id="set.compression.type-error"')
    assert words in page[spot:] and "Change 2 settings" not in page


@pytest.mark.parametrize(
    "changes", [{"seen": "{"}, {"seen": "[1]"}, {"seen": '{"retention.ms": 5}'}, {"set.retention.ms": "x" * 8001}]
)
def test_a_form_that_cannot_be_read_changes_nothing(cast, kafka, writes, changes):
    assert post(cast, "configs", **changes).status_code == 409 and not writes.done


def test_one_setting_can_be_shown_alone(cast, kafka, writes):
    page = cast.admin.get(address(cast, "configs"), {"only": "retention.ms"}).content.decode()
    assert 'name="set.retention.ms"' in page and 'name="set.cleanup.policy"' not in page


def test_partitions_are_reviewed_with_keys_and_warnings(cast, kafka, writes):
    said = text(cast.admin.get(address(cast, "partitions"), {"count": "9"}))
    assert "cust-11907" in said and "Of 1\u202f000 keys about 667 go elsewhere" in said
    assert "State stays behind" in said and "--partitions 9" in said and not writes.done


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": "many"}, "A whole number."),
        ({"count": ""}, "Type how many there shall be."),
        ({"agreed": ""}, "tick that you have seen"),
        ({"seen": "5"}, "had 5 partitions in the review and has 6 now"),
    ],
)
def test_more_partitions_are_not_made_by_mistake(cast, kafka, writes, changes, words):
    answer = post(cast, "partitions", **changes)
    assert answer.status_code == 409 and not writes.done and words.lower() in text(answer).lower()


def test_too_few_partitions_are_refused_at_the_field(cast, kafka, writes):
    writes.refuses = KafkaRefused("INVALID_PARTITIONS", "The topic would need more.")
    page = cast.admin.get(address(cast, "partitions"), {"count": "3"}).content.decode()
    assert "The topic would need more." in page[page.index('id="count-error"') :]


def test_doors_of_kafka_s_own_topics_are_closed(cast, kafka, writes):
    kafka.detail = replace(DETAIL, internal=True)
    said = text(cast.admin.get(f"/clusters/{cast.cluster.pk}/topics/{NAME}/configs/"))
    assert "To delete: it is one of Kafka’s own topics" in said


def test_a_review_that_cannot_be_read_deletes_nothing(cast, kafka, writes):
    for seen in ("0:0", "x", f"0:0:{2**63}"):
        assert post(cast, "records", seen=seen).status_code == 409
    assert "No record lies before" in text(post(cast, "records", seen="")) and not writes.done


def test_hostile_words_of_a_cluster_are_only_text(cast, kafka, writes, monkeypatch):
    kafka.configs = [*CONFIGS, replace(CONFIGS[0], name="odd.one", default=HOSTILE, documentation=HOSTILE)]
    kafka.records = [replace(RECORD, key=HOSTILE.encode())]
    writes.ground = replace(writes.ground, untold=HOSTILE, names=frozenset({"t", HOSTILE}))
    rows = [groups.TopicGroup(HOSTILE, "Empty", 0, 0, 1, 0)]
    monkeypatch.setattr(groups, "groups_of_topic", lambda spec, name: groups.TopicGroups(rows, 1, ()))
    seen = [cast.admin.get(address(cast, what), {"count": "9"} if what == "partitions" else {}) for what in ADDRESSES]
    writes.refuses = KafkaRefused("INVALID_CONFIG", HOSTILE + " retention.ms")
    seen += [post(cast, "new"), post(cast, "configs"), cast.admin.get(address(cast, "partitions"), {"count": "3"})]
    writes.refuses = MaybeDone(HOSTILE)
    seen.append(post(cast, "delete"))
    for answer in seen:
        page = answer.content.decode()
        assert "<script>window" not in page and "<img" not in page
        assert "\u202e" not in re.sub(r'value="[^"]*"', "", page)  # what is offered to type is as it is


def test_who_may_not_sees_the_words_switched_off_with_the_reason(cast, kafka, writes):
    for path, words in (("topics/", "New topic"), (f"topics/{NAME}/partitions/", "Add partitions…"),
                        (f"topics/{NAME}/configs/", "Change settings…")):  # fmt: skip
        page = cast.viewer.get(f"/clusters/{cast.cluster.pk}/{path}").content.decode()
        assert re.search(rf'aria-disabled="true" aria-describedby="why-not">(<svg.*?</svg>)?{words}', page)
        assert "this needs the role operator, and you are viewer" in page.lower()
        own = cast.admin.get(f"/clusters/{cast.cluster.pk}/{path}").content.decode()
        assert "why-not" not in own.replace("why-not.css", "") and words in own
    for tab in ("", "partitions/", "groups/", "configs/"):
        page = cast.operator.get(f"/clusters/{cast.cluster.pk}/topics/{NAME}/{tab}").content.decode()
        assert re.search('aria-disabled="true" aria-describedby="why-not-head">Delete topic…', page)
        assert "To delete: this needs the role admin, and you are operator" in page
        own = cast.admin.get(f"/clusters/{cast.cluster.pk}/topics/{NAME}/{tab}").content.decode()
        assert f'href="{address(cast, "delete")}">Delete topic…' in own


def test_what_was_done_is_said_once_and_in_numbers_that_agree(cast, kafka, writes):
    answer = post(cast, "new", partitions="1")
    said = text(cast.admin.get(f"/clusters/{cast.cluster.pk}/topics/"))
    assert answer.status_code == 302 and said.count("was created with 1 partition.") == 1
    post(cast, "configs")
    changed = text(cast.admin.get(f"/clusters/{cast.cluster.pk}/topics/"))
    assert changed.count("was changed.") == 1 and "Put back…" in changed


@pytest.mark.parametrize(
    ("path", "words", "why"),
    [
        ("topics/", "New topic", "create topics: it needs Kafka 0.10.1 or newer"),
        (f"topics/{NAME}/partitions/", "Add partitions…", "add partitions: it needs Kafka 1.0 or newer"),
        (f"topics/{NAME}/configs/", "Change settings…", "change configs: it needs Kafka 2.3 or newer"),
    ],
)
def test_what_a_cluster_cannot_do_is_switched_off_with_the_reason(cast, kafka, writes, path, words, why):
    kafka.features = Features({}, {})
    page = cast.admin.get(f"/clusters/{cast.cluster.pk}/{path}").content.decode()
    assert re.search(rf'aria-disabled="true" aria-describedby="why-not">(<svg.*?</svg>)?{words}', page)
    assert f"this cluster cannot {why}" in page.lower().replace("kafka", "Kafka")
