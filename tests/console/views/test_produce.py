"""Producing from the page: every refusal at its place, input kept, nothing half done; and what is sent."""

import html
import re
import uuid
from dataclasses import replace

import pytest

from console.kafka import producing
from console.kafka.errors import ClusterUnreachable, NotFound
from console.kafka.producing import NotWritten, PerhapsWritten, SentAs, Settings, Written
from console.models import AuditEntry, Result
from console.services import sendings
from console.services.partitioners import partition_of
from sandbox.models import Sandbox
from tests.console.fake_kafka import CONFIGS, HOSTILE, RECORD
from tests.console.fake_producer import FakeProducer

GOOD = {"key_kind": "text", "key": "k", "value_kind": "text", "value": "v", "acks": "all", "idempotent": "on"}
UNSURE = PerhapsWritten(0, "the connection was lost while the answer was awaited", SentAs(7, 0, 0))


@pytest.fixture
def producer(monkeypatch, kafka):
    return FakeProducer().put_in_place(monkeypatch)


def address(cast, path=""):
    return f"/clusters/{cast.cluster.pk}/topics/orders.placed/produce/{path}"


def post(cast, changes=(), client=None, **fields):
    data = GOOD | dict(changes) | fields
    return (client or cast.operator).post(
        address(cast), {name: value for name, value in data.items() if value is not None}
    )


def asleep(cluster, *, may_wake):
    raise ClusterUnreachable("this sandbox sleeps and cannot be woken now")


def test_a_sandbox_that_cannot_be_woken_costs_nothing_of_what_was_typed(cast, kafka, producer, settings):
    settings.CLUSTER_WAKER = f"{__name__}.asleep"
    cast.cluster.unix_path = "/run/sandbox.sock"
    cast.cluster.save()
    Sandbox.objects.create(id=cast.cluster.pk, cluster=cast.cluster, guest="g", shape={}, seed=1, limits="guest")
    answer = post(cast, value="typed with care")
    assert answer.status_code == 409 and "cannot be woken now" in words(answer) and "typed with care" in words(answer)


def words(answer):
    return re.sub(r"[ \n]+", " ", html.unescape(answer.content.decode()))


def test_a_record_is_sent_and_its_place_is_told(cast, producer):
    answer = post(cast, header_name=["a", "a", ""], header_kind=["text", "null", "text"], header_text=["1", "", ""])
    (record,) = producer.sent
    assert (record.key, record.value, record.headers) == (b"k", b"v", (("a", b"1"), ("a", None)))
    assert producer.settings == [Settings(-1, True, "none")]
    assert "written" in words(answer) and f"/records/{record.partition}/101/" in words(answer)
    assert 'name="key_kind"' in words(answer)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target, entry.result) == ("records.produce", "orders.placed", Result.DONE)
    assert entry.after == {
        "records": 1, "bytes": 5, "tombstones": 0, "acks": "all", "sent again": False, "written": 1,
        "perhaps written": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"value_kind": "json", "value": '{"a": 1,}'}, "a comma before a closing bracket is not JSON"),
        ({"value_kind": "hex", "value": "abc"}, "3 hex digits: a byte has two"),
        ({"key_kind": "base64", "key": "a*"}, "Character 2: “*” is not base64"),
        ({"key_kind": "integer", "key": "2147483648"}, "above 2147483647, the highest Integer"),
        ({"key_kind": "evil"}, "“evil” is no way to write bytes"),
        ({"where": "chosen"}, "Which one? Type its number"),
        ({"where": "chosen", "partition": "6"}, "orders.placed has no partition 6: its partitions are 0 to 5"),
        ({"where": "chosen", "partition": "x"}, "A partition is a whole number"),
        ({"time": "noon"}, "A time looks like"),
        ({"acks": "1"}, "Idempotence needs acks=all"),
        ({"compression": "rar"}, "rar is not one"),
        ({"times": "10001"}, "At most 10\u202f000 at a time"),
        ({"times": "0"}, "At least once"),
        ({"times": "40", "value": "x" * 1_000_000}, "32 MB at most in all; this is reached after 33"),
        ({"fill": "on", "value": "{uiid}"}, "Character 1: {uiid} is no placeholder"),
        ({"fill": "on", "times": "3", "key_kind": "integer", "key": "214748364{n}7"}, "is above 2147483647"),
        ({"value": "x" * 1_100_000}, "the topic takes 1\u202f048\u202f588 (max.message.bytes)"),
        ({"value": "a\0"}, "Null characters are not allowed"),
        ({"header_name": ["h"], "header_kind": ["long"], "header_text": ["x"]}, "A Long is a whole number"),
        (
            {"header_name": ["h"] * 101, "header_kind": ["text"] * 101, "header_text": ["x"] * 101},
            "At most 100 headers",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_place_and_nothing_is_sent(cast, producer, fields, expected):
    answer = post(cast, fields)
    assert answer.status_code == 422 and expected in words(answer)
    assert "Nothing was sent" in words(answer) and not producer.sent and not AuditEntry.objects.exists()
    assert (">\n" + fields.get("key", "k") + "</textarea>") in answer.content.decode()


def test_what_compression_makes_fit_is_sent(cast, producer):
    assert post(cast, value="x" * 1_100_000, compression="gzip").status_code == 200
    assert len(producer.sent) == 1


def test_line_ends_are_line_feeds_and_blanks_are_kept(cast, producer):
    post(cast, value="\r\n a\r\nb \r\n", key="")
    assert (producer.sent[0].value, producer.sent[0].key) == (b"\n a\nb \n", b"")


def test_a_tombstone_asks_once(cast, producer):
    answer = post(cast, value_kind="null")
    assert "Send a tombstone?" in words(answer) and not producer.sent
    assert "is not compacted, so nothing is removed" in words(answer)
    answer = post(cast, value_kind="null", tombstone="on")
    assert producer.sent[0].value is None and "tombstone written" in words(answer)
    assert "Send a tombstone without a key?" in words(post(cast, value_kind="null", key_kind="null"))


def test_a_tombstone_of_a_compacted_topic_says_what_it_removes(cast, producer, kafka):
    kafka.configs = [replace(CONFIGS[0], value="compact"), *CONFIGS[1:]]
    assert "all earlier values of this key are removed" in words(post(cast, value_kind="null"))


def test_a_form_that_comes_twice_is_sent_once(cast, producer):
    sending = uuid.uuid4()
    for _ in range(2):
        assert "written" in words(post(cast, sending=str(sending)))
    assert len(producer.sent) == 1


def test_repetitions_differ_and_their_partitions_are_told(cast, producer):
    answer = post(cast, key="k{n}", value_kind="json", value='{"n":{n},"id":"{uuid}"}', times="300", fill="on")
    assert [record.key for record in producer.sent[:2]] == [b"k0", b"k1"]
    assert len({record.value for record in producer.sent}) == 300
    assert "300 written" in words(answer) and "6 partitions" in words(answer)


def test_partitions_are_computed_as_the_chosen_client_does(cast, producer):
    for client in ("murmur2", "murmur3", "crc32"):
        cast.operator.post(address(cast), GOOD | {"key": "id_1234", "where": "computed", "client": client})
        assert producer.sent[-1].partition == partition_of(b"id_1234", 6, client)
    for _ in range(40):
        post(cast, key_kind="null")
    assert len({record.partition for record in producer.sent[3:]}) > 1
    post(cast, where="chosen", partition="4")
    assert producer.sent[-1].partition == 4


def test_acks_0_says_that_no_offset_is_known(cast, producer):
    producer.answers = [Written(0, None, 1)]
    answer = post(cast, acks="0", idempotent=None)
    assert "no offset is known" in words(answer) and producer.settings[-1].acks == 0


def test_a_refusal_of_the_cluster_is_told_and_noted(cast, producer):
    producer.answers = [NotWritten(0, "MESSAGE_TOO_LARGE: the request included a message larger than allowed")]
    answer = post(cast)
    assert "not written" in words(answer) and "MESSAGE_TOO_LARGE: the request included" in words(answer)
    assert AuditEntry.objects.get().result == Result.REFUSED


def test_what_is_perhaps_written_says_so_and_is_sent_again_safely(cast, producer):
    producer.answers = [UNSURE]
    answer = post(cast)
    assert "perhaps written" in words(answer) and "Sending again is safe" in words(answer)
    assert AuditEntry.objects.get().result == Result.UNKNOWN
    (sending,) = sendings._sendings.values()
    answer = cast.operator.post(address(cast, f"sent/{sending.id}/rest/"), headers={"HX-Request": "true"})
    assert len(producer.again) == 1 and len(producer.sent) == 1
    assert "perhaps" not in words(answer) and "<html" not in words(answer) and sending.state == "written"
    cast.operator.post(address(cast, f"sent/{sending.id}/rest/"))
    assert len(producer.again) == 1


def test_what_goes_on_counts_as_running_too(cast, producer, monkeypatch):
    producer.answers = [UNSURE]
    post(cast)
    (unsure,) = sendings._sendings.values()
    monkeypatch.setattr(sendings, "_start", lambda work: None)
    monkeypatch.setattr("console.views.produce.ANSWER_WITHIN_S", 0)
    for _ in range(3):
        post(cast)
    answer = words(cast.operator.post(address(cast, f"sent/{unsure.id}/rest/"), headers={"HX-Request": "true"}))
    assert "Nothing more was sent when you asked: 3 of your sendings are under way" in answer
    assert not unsure.running and not producer.again and unsure.can_go_on
    next(entry for entry in sendings._sendings.values() if entry.running).running = False
    answer = words(cast.operator.post(address(cast, f"sent/{unsure.id}/rest/"), headers={"HX-Request": "true"}))
    assert unsure.running and "Nothing more was sent" not in answer


def test_what_the_brokers_may_have_forgotten_is_not_sent_again(cast, producer):
    producer.answers = [UNSURE]
    post(cast)
    (sending,) = sendings._sendings.values()
    sending.begun_ms -= 13 * 3600 * 1000
    answer = words(cast.operator.post(address(cast, f"sent/{sending.id}/rest/"), headers={"HX-Request": "true"}))
    assert not producer.again and sending.state == "perhaps"
    assert "It is too late to send again" in answer and "Look for it before you send it again" in answer
    assert "Send again, once" not in answer


def test_without_idempotence_nothing_is_sent_again(cast, producer):
    producer.answers = [UNSURE._replace(sent_as=None)]
    answer = post(cast, idempotent=None)
    assert "perhaps written" in words(answer) and "Look for it before you send it again" in words(answer)
    (sending,) = sendings._sendings.values()
    cast.operator.post(address(cast, f"sent/{sending.id}/rest/"))
    assert not producer.again and len(producer.sent) == 1


def test_a_cluster_that_is_gone_keeps_what_was_typed(cast, producer, kafka):
    kafka.down = ClusterUnreachable("connection refused by 127.0.0.1:9")
    answer = post(cast, value="keep me")
    assert answer.status_code == 409 and "Nothing was sent" in words(answer)
    assert "onnection refused by 127.0.0.1:9" in words(answer) and "keep me" in words(answer)
    kafka.down = NotFound("there is no topic")
    assert "here is no topic orders.placed any more" in words(post(cast, value="keep me"))


def test_a_fault_while_sending_is_said_as_perhaps(cast, producer):
    producer.fails = ClusterUnreachable("the sending did not end in time; look what of it is written")
    assert "perhaps written" in words(post(cast))
    assert AuditEntry.objects.get().result == Result.UNKNOWN


def test_a_running_sending_is_looked_at_again_and_can_be_cancelled(cast, producer, monkeypatch):
    kept = []
    monkeypatch.setattr(sendings, "_start", kept.append)
    monkeypatch.setattr("console.views.produce.ANSWER_WITHIN_S", 0)
    text = words(post(cast, times="500"))
    assert "0 of 500 written" in text and "load delay:500ms" in text and "Cancel the rest" in text
    for _ in range(2):
        post(cast)
    assert "3 of your sendings are under way" in words(post(cast))
    sending = next(iter(sendings._sendings.values()))
    cast.operator.post(address(cast, f"sent/{sending.id}/cancel/"))
    producer_told = []
    monkeypatch.setattr(
        producing, "produce",
        lambda spec, records, settings, told, again=(): producer_told.append(
            told([Written(0, index, 1) for index in range(200)], 5.0)
        ),
    )  # fmt: skip
    kept[0]()
    assert producer_told == [False] and sending.state == "partly" and sending.reason == "cancelled"
    text = words(cast.operator.get(address(cast, "sent/"), headers={"HX-Request": "true"}))
    assert "200 of 500 written" in text and "Cancelled. 300 were not sent." in text and "Send the rest" in text


def test_the_form_is_filled_with_the_exact_bytes_of_a_record(cast, producer, kafka):
    headers = [("dup", b"1"), ("dup", None), ("", b""), ("bin", b"\xff\n"), ("line", b"a\nb")]
    cases = [
        (b"k", RECORD.value),
        (b"\0\0\0\x07", b"line\r\nline"),
        (None, b"\xff\0"),
        ("‮".encode(), b"\nx"),
        (b"", b""),
    ]
    for key, value in cases:
        kafka.records = [replace(RECORD, key=key, value=value, headers=headers)]
        answer = cast.operator.get(address(cast, "?from=3/84002117"))
        form = answer.context["page"].form
        data = {name: form[name].value() for name in ("key_kind", "key", "value_kind", "value", "where")}
        data |= {"partition": form["partition"].value() or ""}
        data |= {f"header_{part}": [getattr(row, part) for row in form.rows] for part in ("name", "kind", "text")}
        data["value"] = data["value"].replace("\n", "\r\n")
        post(cast, data)
        record = producer.sent[-1]
        assert (record.key, record.value, list(record.headers), record.partition) == (key, value, headers, 3)
    assert "exact bytes of record" in words(answer)


def test_a_record_that_is_not_there_cannot_fill_the_form(cast, producer):
    assert "could not be filled" in words(cast.operator.get(address(cast, "?from=3/1")))
    assert "no place of a record" in words(cast.operator.get(address(cast, "?from=evil")))


def test_where_a_key_goes_is_shown_while_it_is_typed(cast, producer):
    def where(**fields):
        return words(cast.operator.post(address(cast, "where/"), {"partitions": "3", "key_kind": "text"} | fields))

    text = where(key="id_1234", client="murmur3")
    assert 'value="murmur3" checked' in text and "69 64 5f 31 32 33 34" in text
    assert [partition_of(b"id_1234", 3, name) for name in ("murmur2", "murmur3", "crc32")] == [
        int(found) for found in re.findall(r'<td class="n">(\d+)</td>', text)
    ]
    assert "goes to a partition that is drawn" in where(key_kind="null")
    assert "is not a hex digit" in where(key_kind="hex", key="xyz")
    assert "For the first record" in where(key="k{n}", fill="on")
    assert "69 64 5f 31" in words(post(cast, key="id_1"))
    assert not producer.sent[1:]
    for field in ("key_kind", "client", "key"):
        assert where(key="k", **{field: "\0"} if field != "key" else {}), "a null character is no fault of ours"


@pytest.mark.parametrize("role", ["owner", "admin", "operator"])
def test_who_operates_may_produce(cast, producer, role):
    client = getattr(cast, role)
    assert client.get(address(cast)).status_code == 200
    assert post(cast, client=client).status_code == 200


@pytest.mark.parametrize(
    "path", ["", "where/", "sent/", f"sent/{uuid.UUID(int=1)}/cancel/", f"sent/{uuid.UUID(int=2)}/rest/"]
)
@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("learner", 404), ("stranger", 404), ("nobody", 302)])
def test_nobody_else_may(cast, producer, path, role, status):
    client = getattr(cast, role)
    method = client.get if path == "sent/" else client.post
    assert method(address(cast, path)).status_code == status
    assert not producer.sent


def test_a_read_only_connection_refuses(cast, producer):
    cast.cluster.read_only = True
    cast.cluster.save()
    answer = post(cast, client=cast.owner)
    assert answer.status_code == 403 and "read-only" in words(answer) and not producer.sent


def test_sendings_of_others_are_not_found(cast, producer):
    sending = uuid.uuid4()
    post(cast, sending=str(sending))
    assert cast.owner.post(address(cast, f"sent/{sending}/cancel/")).status_code == 404
    assert "Sent from this page</h2><p" not in words(cast.owner.get(address(cast)))


def test_a_form_that_is_too_long_is_refused_in_words(cast, producer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
    answer = post(cast, value="x" * 200_000)
    assert answer.status_code == 413 and "This is too long for a form" in words(answer) and not producer.sent


def test_hostile_text_in_the_form_is_only_text(cast, producer):
    answer = post(cast, key=HOSTILE, value=HOSTILE, header_name=[HOSTILE], header_kind=["hex"], header_text=[HOSTILE])
    assert "<script>window" not in answer.content.decode() and "<img src=x" not in answer.content.decode()
    producer.answers = [NotWritten(0, HOSTILE)]
    answer = post(cast, key=HOSTILE)
    assert "<script>window" not in answer.content.decode()


def test_the_page_of_a_dead_cluster_says_so(cast, producer, kafka):
    kafka.die()
    answer = cast.operator.get(address(cast))
    assert answer.status_code == 503 and "connection refused by 127.0.0.1:9" in words(answer)


def test_the_page_holds_no_inline_script_style_or_handler(cast, producer):
    post(cast)
    text = cast.operator.get(address(cast)).content.decode()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)


def test_what_became_of_it_stands_beside_the_button_and_not_on_a_later_visit(cast, producer):
    def beside(answer):
        return words(answer).partition('id="last-sent"')[2].partition("Sent from this page")[0]

    sent = beside(post(cast))
    assert "written" in sent and "offset 101" in sent and "See the record" in sent
    assert "See the newest records" in beside(post(cast, times="3", sending=str(uuid.uuid4())))
    assert "written" not in beside(cast.operator.get(address(cast)))
    again = words(cast.operator.get(address(cast, "sent/"), headers={"HX-Request": "true"}))
    assert 'id="last-sent" role="status" hx-swap-oob="true"' in again
    producer.answers = [NotWritten(0, "the topic takes no more")]
    assert "See the record" not in beside(post(cast, sending=str(uuid.uuid4())))
