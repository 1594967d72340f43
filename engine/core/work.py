"""Pure computations that take too long for the loop: a shell runs them in a helper thread, the world at once.

`WORK[name](argument)` is what `effects.Work` asks for. Each is a pure function of
bytes that gives bytes or plain numbers, so that both worlds get the same result.
"""

from collections.abc import Callable

from engine.core.records.compression import check_batch

WORK: dict[str, Callable[[bytes], object]] = {
    "check_batch": check_batch,  # a whole batch -> the error code of its test decompression
}
