from engine.net.memory import Memory


def test_below_the_limit_everybody_may_grow():
    memory = Memory(100)
    assert memory.may_grow(1, 50)
    assert memory.may_grow(2, 50)
    assert memory.total == 100


def test_above_it_one_may_and_the_others_wait_until_it_is_done():
    memory = Memory(100)
    memory.may_grow(1, 90)
    assert memory.may_grow(2, 50), "one may always go on: else all could wait for each other"
    assert memory.may_grow(2, 50)
    assert not memory.may_grow(3, 50)
    assert memory.take_waiting() == []
    memory.forget(2)
    assert memory.take_waiting() == [3]
    assert memory.may_grow(3, 50)


def test_who_waits_longest_is_first_and_who_closes_waits_no_more():
    memory = Memory(10)
    memory.may_grow(1, 20)
    for connection in (4, 2, 3):
        assert not memory.may_grow(connection, 20)
    memory.forget(2)
    memory.forget(1)
    assert memory.take_waiting() == [4, 3]


def test_a_buffer_that_shrank_gives_back_what_it_took():
    memory = Memory(100)
    memory.may_grow(1, 30)
    memory.may_grow(1, 30)
    memory.note(1, 60, 60)
    assert memory.total == 60
    memory.note(1, 60, 4)
    assert (memory.total, memory.held) == (0, {})
