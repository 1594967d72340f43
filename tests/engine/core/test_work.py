"""What is computed beside the loop is what would be computed on it."""

from engine.core.work import ANSWER_HEAD, WORK
from engine.wire.frames import decode_response, encode_response
from engine.wire.messages.metadata import MetadataResponse, MetadataResponseTopic
from engine.wire.primitives import Malformed

ANSWER = MetadataResponse(brokers=[], cluster_id="c", topics=[MetadataResponseTopic(name="t", partitions=[])])


def test_an_answer_is_decoded_as_on_the_loop():
    for version in (1, 9, 12):
        frame = encode_response(3, version, 7, ANSWER)[4:]
        found = WORK["decode_answer"](ANSWER_HEAD.pack(3, version) + frame)
        assert found == decode_response(3, version, memoryview(frame))[1]


def test_what_is_no_answer_is_told_not_raised():
    frame = encode_response(3, 12, 7, ANSWER)[4:-5]
    assert isinstance(WORK["decode_answer"](ANSWER_HEAD.pack(3, 12) + frame), Malformed)
