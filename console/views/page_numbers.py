"""Which pages of a list a pager names, and which part of a list a page is."""

from abc import ABC, abstractmethod


def page_numbers(page: int, pages: int) -> list[int]:
    """First, last, and those around this one; 0 stands for a gap."""
    near = {1, pages, *range(page - 1, page + 2)}
    numbers: list[int] = []
    for number in sorted(number for number in near if 1 <= number <= pages):
        if numbers and number != numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return numbers


class Paged(ABC):
    """What a page of a long list says of itself; `part` is which page it is, of how many, with how many on this one."""

    __slots__ = ()
    page_size = 50

    @property
    @abstractmethod
    def part(self) -> tuple[int, int, int]:
        """Its number, how many pages there are, how many things are on it."""

    @property
    def first(self) -> int:
        """The number of the first thing shown."""
        return (self.part[0] - 1) * self.page_size + 1

    @property
    def last(self) -> int:
        """The number of the last thing shown."""
        return self.first + self.part[2] - 1

    @property
    def next_number(self) -> int:
        """The page after this one."""
        return self.part[0] + 1

    @property
    def page_numbers(self) -> list[int]:
        """First, last, and those around; 0 stands for a gap."""
        return page_numbers(self.part[0], self.part[1])
