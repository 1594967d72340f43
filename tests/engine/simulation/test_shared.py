from engine.simulation.shared import BLOCK_ITEMS, SharedList


def filled(count: int) -> SharedList:
    items = SharedList()
    for number in range(count):
        items.append(number)
    return items


def test_items_come_back_in_order_across_blocks():
    count = 3 * BLOCK_ITEMS + 5
    items = filled(count)
    assert list(items) == list(range(count))
    assert len(items) == count
    assert [items[number] for number in (0, BLOCK_ITEMS - 1, BLOCK_ITEMS, count - 1)] == [
        0, BLOCK_ITEMS - 1, BLOCK_ITEMS, count - 1,
    ]  # fmt: skip
    assert list(items.since(count - 3)) == [count - 3, count - 2, count - 1]


def test_truncating_never_changes_a_block_that_a_copy_shares():
    for kept in (0, 1, BLOCK_ITEMS - 1, BLOCK_ITEMS, BLOCK_ITEMS + 1, 2 * BLOCK_ITEMS + 7):
        items = filled(2 * BLOCK_ITEMS + 7)
        blocks = list(items.blocks)
        items.truncate(kept)
        items.append("new")
        assert list(items) == [*range(kept), "new"]
        assert [block.items[0] for block in blocks] == [0, BLOCK_ITEMS]
