"""Error codes: Kafka's numbers and names."""

from kio.schema.errors import ErrorCode as KioErrorCode

from engine.wire.error_codes import ErrorCode, WireError

# Names that kio spells otherwise than org.apache.kafka.common.protocol.Errors.
OTHERWISE = {-1: "UNKNOWN_SERVER_ERROR", 0: "NONE"}


def test_every_code_of_kafka_has_its_number():
    assert sorted(ErrorCode) == sorted(int(code) for code in KioErrorCode)
    for code in KioErrorCode:
        expected = OTHERWISE.get(int(code), code.name.upper())
        assert ErrorCode(int(code)).name == expected, int(code)


def test_a_refusal_carries_its_code_and_a_sentence():
    error = WireError(ErrorCode.INVALID_CONFIG, "segment.bytes must be at least 14")
    assert (error.code, error.message) == (40, "segment.bytes must be at least 14")
    assert WireError(ErrorCode.NOT_CONTROLLER).message is None
