"""Work on very many things beside the loop."""

import asyncio
import threading

from console.kafka.beside import CHUNK, MANY, beside, in_order, is_busy, taken


def test_much_is_done_in_a_thread_and_little_at_once():
    async def both():
        return [await beside(many, threading.current_thread) for many in (MANY - 1, MANY)]

    little, much = asyncio.run(both())
    assert little is threading.main_thread() and much is not threading.main_thread()


def test_it_is_known_that_something_is_at_work():
    async def both():
        return is_busy(), await beside(MANY, is_busy), is_busy()

    assert asyncio.run(both()) == (False, True, False)


def test_chunks_give_the_order_of_one_sort():
    things = [(number * 7_919 % 1_000, number) for number in range(3 * CHUNK + 1)]
    for reverse in (False, True):
        assert in_order(things, lambda thing: thing[0], reverse=reverse) == sorted(
            things, key=lambda thing: thing[0], reverse=reverse
        )
    assert in_order([], len) == []


def test_what_was_taken_is_gone():
    things = [1, 2, 3]
    assert [(thing, len(things)) for thing in taken(things)] == [(3, 2), (2, 1), (1, 0)]
