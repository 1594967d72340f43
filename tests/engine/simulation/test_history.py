from engine.simulation.history import GROUP, History


def filled(count: int, odd: bytes = b"x") -> History:
    history = History()
    for number in range(count):
        detail = odd if number == count // 2 else b"y"
        history.add((number * 10, number, max(0, number - 1), "bytes", number % 4, detail))
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
            history.add((0, number, 0, "wake", "a", None))
    assert looked.sha256() == other.sha256()


def test_a_detail_counts_as_it_was_then():
    changed, other = History(), History()
    for history, after in ((changed, [2]), (other, [1])):
        detail = [1]
        history.add((0, 1, 0, "worked", "a", (0, 1, detail)))
        detail[:] = after
    assert changed.sha256() == other.sha256()
