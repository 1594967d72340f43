"""Sendings: what is told of records adds up, and room is bounded."""

import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.kafka import producing
from console.kafka.connection import ConnectionSpec
from console.kafka.producing import NotWritten, PerhapsWritten, ProducerRecord, SentAs, Settings, Written
from console.models import User
from console.services import audit, payloads, sendings

SPEC = ConnectionSpec("127.0.0.1:9")
NOTHING = payloads.preview(None)


def sending_of(total, **changes):
    records = [ProducerRecord("t", b"v", partition=0)] * total
    sending = sendings.Sending(
        uuid.uuid4(), 1, uuid.uuid4(), "t", Settings(), records, total, total, NOTHING, NOTHING, ("text", "text"), 0,
        outcomes=[None] * total,
    )  # fmt: skip
    for name, value in changes.items():
        setattr(sending, name, value)
    return sending


outcomes = st.one_of(
    st.builds(Written, st.integers(0, 3), st.integers(0, 99) | st.none(), st.just(0)),
    st.builds(NotWritten, st.integers(0, 3), st.just("refused")),
    st.builds(PerhapsWritten, st.integers(0, 3), st.just("lost"), st.none() | st.just(SentAs(1, 0, 0))),
)


@settings(deadline=None)
@given(st.lists(outcomes, min_size=1, max_size=12), st.data())
def test_written_not_written_and_perhaps_written_add_up(told, data):
    sending = sending_of(len(told) + 2)
    sending.tell(range(len(told)), told, 5.0)
    unsure = [index for index, outcome in enumerate(told) if isinstance(outcome, PerhapsWritten)]
    if unsure:
        sending.tell(unsure, [data.draw(outcomes) for _ in unsure], 5.0)
    sending.running = False
    found = [type(outcome) for outcome in sending.outcomes]
    assert (sending.written, sending.perhaps) == (found.count(Written), found.count(PerhapsWritten))
    assert sending.written + sending.perhaps + sending.not_written == sending.total
    assert sum(stretch.count for stretch in sending.partitions.values()) == sending.written
    if any(isinstance(outcome, PerhapsWritten) and not outcome.sent_as for outcome in sending.outcomes):
        assert not sending.can_go_on


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ([Written(0, 1, 0)] * 2, "written"),
        ([Written(0, 1, 0), NotWritten(0, "x")], "partly"),
        ([NotWritten(0, "x")], "not"),
        ([Written(0, 1, 0), PerhapsWritten(0, "x", None)], "perhaps"),
    ],
)
def test_a_sending_has_one_state(told, state):
    sending = sending_of(2)
    assert sending.state == "sending"
    sending.tell(range(len(told)), told, 1.0)
    sending.running = False
    assert sending.state == state


def test_doubt_covers_all_that_is_not_told_and_allows_no_second_time():
    sending = sending_of(5)
    sending.tell([0], [Written(0, 1, 0)], 1.0)
    sending.doubt("a fault")
    sending.running = False
    assert (sending.written, sending.perhaps, sending.can_go_on) == (1, 4, False)


def test_a_person_keeps_twenty_sendings_and_all_of_them_are_bounded(cast, monkeypatch):
    sendings._sendings.clear()
    monkeypatch.setattr(sendings, "_start", lambda work: work())
    monkeypatch.setattr(producing, "produce", lambda *given, **asked: None)
    actor = audit.Actor(User.objects.get(username="otto"), "otto")
    for _ in range(30):
        sendings.begin(actor, cast.cluster, SPEC, uuid.uuid4(), [ProducerRecord("t", b"v", partition=0)], Settings())
    assert len(sendings.of(actor.user.pk, cast.cluster.pk, "t")) == sendings.KEPT_OF_ONE_MAX
    monkeypatch.setattr(sendings, "KEPT_BYTES_MAX", 10)
    with pytest.raises(sendings.TooMany):
        big = [ProducerRecord("t", b"v" * 11, partition=0)]
        sendings.begin(replace(actor), cast.cluster, SPEC, uuid.uuid4(), big, Settings())
    assert not any(entry.running for entry in sendings._sendings.values())


def test_guests_take_no_room_from_people_with_an_account(cast, monkeypatch):
    sendings._sendings.clear()
    monkeypatch.setattr(sendings, "_start", lambda work: None)  # they run, and do not end
    monkeypatch.setattr(sendings, "GUESTS_BYTES_MAX", 100)
    otto = audit.Actor(User.objects.get(username="otto"), "otto")
    guests = [audit.Actor(None, f"guest {number}", is_guest=True) for number in range(3)]

    def begin(actor, size):
        records = [ProducerRecord("t", b"v" * size, partition=0)]
        return sendings.begin(actor, cast.cluster, SPEC, uuid.uuid4(), records, Settings())

    begin(guests[0], 60)
    with pytest.raises(sendings.TooMany, match="guests"):
        begin(guests[1], 60)
    begin(guests[2], 40)
    begin(otto, 101)
    sendings._sendings.clear()


def test_what_guests_sent_is_forgotten_first(cast, monkeypatch):
    sendings._sendings.clear()
    monkeypatch.setattr(sendings, "_start", lambda work: work())
    monkeypatch.setattr(producing, "produce", lambda *given, **asked: None)
    monkeypatch.setattr(sendings, "KEPT_MAX", 3)
    otto = audit.Actor(User.objects.get(username="otto"), "otto")
    guest = audit.Actor(None, "guest 1", is_guest=True)
    for actor in (otto, guest, otto, otto):
        record = ProducerRecord("t", b"v", partition=0)
        sendings.begin(actor, cast.cluster, SPEC, uuid.uuid4(), [record], Settings())
    assert [entry.of_guest for entry in sendings._sendings.values()] == [False] * 3
    sendings._sendings.clear()
