import pytest

from console.views.page_numbers import page_numbers


@pytest.mark.parametrize(
    ("page", "pages", "numbers"),
    [(1, 1, [1]), (1, 3, [1, 2, 3]), (5, 9, [1, 0, 4, 5, 6, 0, 9]), (9, 9, [1, 0, 8, 9]), (3, 4, [1, 2, 3, 4])],
)
def test_the_first_the_last_and_those_around_are_named(page, pages, numbers):
    assert page_numbers(page, pages) == numbers
