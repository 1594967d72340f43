from engine.simulation.history import GROUP, History


def filled(count: int, odd: bytes = b"x") -> History:
    history = History()
    for number in range(count):
        history.add(number * 10, number, max(0, number - 1), "bytes", number % 4, odd if number == count // 2 else b"y")
    return history


def test_equal_events_have_equal_digests_and_others_do_not():
    count = 3 * GROUP + 11
    assert filled(count).sha256() == filled(count).sha256()
    assert filled(count).sha256() != filled(count, b"z").sha256()
    assert filled(count).sha256() != filled(count - 1).sha256()


def test_looking_does_not_change_what_follows():
    looked, other = filled(GROUP // 3), filled(GROUP // 3)
    for _ in range(3):
        looked.sha256()
    for history in (looked, other):
        for number in range(2 * GROUP):
            history.add(0, number, 0, "wake", "a", None)
    assert looked.sha256() == other.sha256()
