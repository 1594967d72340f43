"""Which pages of a list a pager names."""


def page_numbers(page: int, pages: int) -> list[int]:
    """First, last, and those around this one; 0 stands for a gap."""
    near = {1, pages, *range(page - 1, page + 2)}
    numbers: list[int] = []
    for number in sorted(number for number in near if 1 <= number <= pages):
        if numbers and number != numbers[-1] + 1:
            numbers.append(0)
        numbers.append(number)
    return numbers
