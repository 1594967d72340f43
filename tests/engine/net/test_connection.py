import random
import socket
from contextlib import suppress

from engine.core.connection.reply_order import Connection
from engine.net.connection import BUFFER_BYTES_USUAL, LARGE_BYTES, Link


class Owner:
    """A shell that only collects whole frames: four bytes of length, then as many."""

    def __init__(self) -> None:
        self.machine, self.loop = self, self
        self.frames: list[bytes] = []
        self.positions: list[int] = []  # where each began in the buffer
        self.asked: list[int] = []  # for how much memory

    def on_bytes(self, connection, buffer, view, start, end, now_ms) -> int:
        position = start
        connection.wanted_bytes = 4
        while end - position >= 4:
            length = int.from_bytes(buffer[position : position + 4], "big")
            if end - position - 4 < length:
                connection.wanted_bytes = 4 + length
                break
            self.frames.append(bytes(view[position + 4 : position + 4 + length]))
            self.positions.append(position)
            position += 4 + length
        return position - start

    def perform(self) -> None: ...

    def may_grow(self, link, more_bytes) -> bool:
        self.asked.append(more_bytes)
        return True

    def drop(self, link) -> None:
        raise AssertionError("the connection was taken for closed")


def receive(*lengths: int, seed: int = 1) -> tuple[Owner, Link]:
    """Send frames of these lengths, as fast as the socket takes them; check that they come as they went."""
    owner, chance = Owner(), random.Random(seed)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for one in (ours, theirs):
            one.setblocking(False)
        link = Link(owner, ours, Connection(1, "peer"))
        sent = [chance.randbytes(length) for length in lengths]
        data = memoryview(b"".join(len(one).to_bytes(4, "big") + one for one in sent))
        turns = 0
        while len(owner.frames) < len(sent):
            turns += 1
            assert turns < 100_000, "a frame never became whole"
            if data:
                with suppress(BlockingIOError):
                    data = data[theirs.send(data[: chance.randint(1, 400_000)]) :]
            link.on_readable()
            assert link.end <= link.read_end <= len(link.buffer)
            assert link.end < len(link.buffer), "there is room for what comes next"
        assert owner.frames == sent
    return owner, link


def test_a_large_frame_after_another_begins_at_the_front_so_nothing_is_moved():
    owner, link = receive(*[1_000_000] * 12)
    assert owner.positions[2:] == [0] * 10
    assert len(link.buffer) <= 1_000_004 + LARGE_BYTES


def test_a_buffer_is_no_longer_than_its_largest_frame_needs():
    _, link = receive(3_000_000, 10, 3_000_000, 5)
    assert len(link.buffer) <= 3_000_004 + LARGE_BYTES
    _, link = receive(*[16_000] * 200)
    assert len(link.buffer) <= BUFFER_BYTES_USUAL + LARGE_BYTES


def test_a_buffer_beyond_the_usual_is_asked_for_first():
    owner, link = receive(*[1_000] * 20_000)
    assert len(link.buffer) <= BUFFER_BYTES_USUAL or owner.asked


def test_frames_of_any_lengths_come_as_they_went():
    for seed in range(30):
        chance = random.Random(seed)
        kinds = ((0, 200), (0, 20_000), (60_000, 70_000), (300_000, 1_200_000))
        lengths = [chance.randint(*chance.choice(kinds)) for _ in range(40)]
        receive(*lengths, seed=seed)
