"""Answers: whoever takes nothing of one is closed, in time."""

import pytest
from django.conf import settings

from console.project.connections import BYTES_A_SECOND, BoundedConnection


class Stuck:
    """A request of whose answer a piece has not gone out since second 100."""

    is_whole, finished = True, False
    stuck_s, piece_bytes = 100.0, 10 * BYTES_A_SECOND


@pytest.mark.parametrize(("after_s", "ends"), [(settings.REQUEST_S + 9, False), (settings.REQUEST_S + 11, True)])
def test_a_piece_of_an_answer_has_as_long_to_go_out_as_a_request_to_come(monkeypatch, after_s, ends):
    aborted = []
    monkeypatch.setattr(BoundedConnection, "abortConnection", lambda one: aborted.append(one), raising=False)
    connection = BoundedConnection(None, None)
    connection.request = Stuck()
    connection.close_if_slow(100.0 + after_s)
    assert aborted == [connection] * ends
