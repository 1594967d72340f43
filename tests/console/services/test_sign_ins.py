from datetime import timedelta

import pytest
from django.utils import timezone

from console.models import AuditEntry, SignInFailure
from console.services import sign_ins

pytestmark = pytest.mark.django_db


def fail(times: int, name: str = "olga", address: str = "10.0.0.1") -> list[int]:
    left = []
    for _ in range(times):
        left.append(sign_ins.begin(name=name, address=address).left)
        sign_ins.failed(name=name, address=address)
    return left


def test_five_of_a_name_from_an_address_then_a_pause(cast):
    assert fail(5) == [4, 3, 2, 1, 0]
    refused = sign_ins.begin(name="OLGA", address="10.0.0.1")
    assert not refused.allowed and 0 < refused.wait_s <= 60
    assert sign_ins.begin(name="olga", address="10.0.0.2").left == 4, "who comes from elsewhere is not locked out"


def test_thirty_of_an_address_whatever_the_names(cast):
    for number in range(30):
        fail(1, f"name{number}")
    assert not sign_ins.begin(name="olga", address="10.0.0.1").allowed


def test_addresses_of_one_ipv6_network_are_one(cast):
    for number in range(5):
        fail(1, "olga", f"2001:db8::{number}")
    assert not sign_ins.begin(name="olga", address="2001:db8::ffff").allowed
    assert sign_ins.begin(name="olga", address="2001:db8:0:1::1").allowed
    assert not sign_ins.begin(name="olga", address="2001:0db8:0::7").allowed


def test_the_pause_ends_and_nothing_of_it_stays(cast):
    fail(5)
    SignInFailure.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert sign_ins.begin(name="olga", address="10.0.0.1").left == 4
    assert SignInFailure.objects.count() == 2


def test_success_forgets_the_name_and_takes_the_try_back(cast):
    fail(4)
    sign_ins.begin(name="olga", address="10.0.0.1")
    sign_ins.succeeded(name="olga", address="10.0.0.1")
    assert sign_ins.begin(name="olga", address="10.0.0.1").left == 4
    assert max(row.count for row in SignInFailure.objects.all()) == 5


def test_a_try_counts_before_the_password_is_looked_at(cast):
    # So that many at the same moment, none of which has failed yet, are no more than five.
    allowed = [sign_ins.begin(name="olga", address="10.0.0.1").allowed for _ in range(12)]
    assert sum(allowed) == 5


def test_failures_of_one_name_are_one_entry_with_their_number(cast):
    fail(4)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.result, entry.user_name, entry.address) == (
        "session.refuse", "refused", "olga", "10.0.0.1",
    )  # fmt: skip
    assert entry.after == {"tries": 4}


def test_a_name_that_nobody_has_is_not_kept(cast):
    fail(1, "my-secret-typed-into-the-wrong-field")
    entry = AuditEntry.objects.get()
    assert entry.user_name == sign_ins.UNKNOWN_NAME and entry.user is None and "secret" not in repr(vars(entry))


def test_a_flood_is_a_bounded_number_of_entries_and_still_counted(cast, monkeypatch):
    monkeypatch.setattr(sign_ins, "ENTRIES", 5)
    for number in range(20):
        fail(1, f"name{number}", f"10.0.0.{number}")
    assert AuditEntry.objects.count() == 6
    assert AuditEntry.objects.first().after == {"tries": 15}
