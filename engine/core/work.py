"""Pure computations that take too long for the loop: a shell runs them in a helper thread, the world at once.

`WORK[name](argument)` is what `effects.Work` asks for. Each is a pure function of
bytes that gives plain data, so that both worlds get the same result.
"""

import struct
from collections.abc import Callable

from engine.core.records.compression import check_batch
from engine.wire.frames import decode_response
from engine.wire.primitives import Malformed, Message

ANSWER_HEAD = struct.Struct(">hh")  # API key and version, before the frame of an answer


def decode_answer(argument: bytes) -> Message | Malformed:
    """The message of an answer, or why there is none."""
    api_key, version = ANSWER_HEAD.unpack_from(argument)
    try:
        return decode_response(api_key, version, memoryview(argument)[ANSWER_HEAD.size :])[1]
    except Malformed as malformed:
        return malformed


WORK: dict[str, Callable[[bytes], object]] = {
    "check_batch": check_batch,  # a whole batch -> the error code of its test decompression
    "decode_answer": decode_answer,
}
