"""Records that no batch can hold: refused one by one, so that they keep no other back."""

import pytest

from engine.client.calls import Produce
from engine.client.errors import NotProduced
from engine.wire.error_codes import ErrorCode
from engine.wire.messages.produce import ProduceRequest

from .scripted import connected
from .test_producer import IDEMPOTENT, PLAIN, answered, record, values_of, with_id


@pytest.mark.parametrize("config", [PLAIN, IDEMPOTENT], ids=["plain", "idempotent"])
@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"headers": (("\ud800", b"1"),)}, ErrorCode.INVALID_RECORD),
        ({"timestamp_ms": 1 << 63}, ErrorCode.INVALID_TIMESTAMP),
    ],
)
def test_a_record_that_cannot_be_encoded_keeps_no_other_back(config, bad, code):
    driver, _ = connected(("orders", 1), producer=config)
    number = driver.call(Produce((record(b"a"), record(b"b", **bad), record(b"c"))))
    if config.idempotent:
        with_id(driver)
    asked = driver.take_one(ProduceRequest)
    assert values_of(asked) == [b"a", b"c"]
    driver.answer(asked, answered(asked))
    first, refused, last = driver.results[number]
    assert (first.offset, last.offset) == (0, 1)
    assert (type(refused), refused.code, refused.maybe_written) == (NotProduced, code, False)
