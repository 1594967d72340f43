"""Sends one hostile frame on a connection of its own, and says what came of it."""

import socket
import struct
from functools import reduce

from engine.wire.catalog import APIS
from engine.wire.frames import decode_response
from tests.engine.compat.hostile_frames import Case, Outcome

ANSWER_S_MAX = 5.0


def outcome(host: str, port: int, case: Case) -> Outcome:
    """Send the case's bytes; return the error code that its path names, "ok", "close" or "none"."""
    sent = case.build()
    with socket.create_connection((host, port), timeout=ANSWER_S_MAX) as connection:
        try:
            connection.sendall(sent)
        except (BrokenPipeError, ConnectionResetError):
            return "close"
        try:
            frame = read_frame(connection)
        except (ConnectionResetError, BrokenPipeError):
            return "close"
        except TimeoutError:
            return "none"
    if frame is None:
        return "close"
    return error_in(sent, frame, case.where)


def read_frame(connection: socket.socket) -> bytes | None:
    """Return one reply without its size; None if the connection ended."""
    size = receive(connection, 4)
    return None if size is None else receive(connection, struct.unpack(">i", size)[0])


def receive(connection: socket.socket, length: int) -> bytes | None:
    """Return exactly that many bytes; None if the connection ended before."""
    received = bytearray()
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            return None
        received += piece
    return bytes(received)


def error_in(sent: bytes, frame: bytes, where: str) -> Outcome:
    """Decode the reply to what was sent, and follow the path to its error code."""
    if not where:
        return 0
    api_key, version = struct.unpack(">hh", sent[4:8])
    if version > APIS[api_key].highest:
        version = 0  # KIP-511: the answer to a version to come
    _, response = decode_response(api_key, version, memoryview(frame))
    return int(
        reduce(lambda at, name: at[int(name)] if name.isdigit() else getattr(at, name), where.split("."), response)
    )
