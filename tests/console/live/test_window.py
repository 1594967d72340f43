from console.live.window import FRAMES_MAX, Window


def test_a_window_closes_after_its_frames_and_opens_with_an_acknowledgement():
    window = Window()
    assert [window.next_number() for _ in range(FRAMES_MAX)] == list(range(1, FRAMES_MAX + 1))
    assert not window.is_open
    assert window.acknowledge(2)
    assert window.is_open


def test_acknowledging_what_was_not_sent_is_refused():
    window = Window()
    window.next_number()
    assert not window.acknowledge(2) and not window.acknowledge(0) and not window.acknowledge(-1)


def test_a_late_acknowledgement_takes_nothing_back():
    window = Window()
    for _ in range(3):
        window.next_number()
    assert window.acknowledge(3) and window.acknowledge(1)
    assert window.acknowledged == 3
