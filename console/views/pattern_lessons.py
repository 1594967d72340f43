"""What a lesson shows beside its words, made up for /_patterns/: the order in which a reader got records, and shares.

*Not here*: where they come from (sandbox/checks/measures.py).
"""

from typing import Any

STAYS: tuple[dict[str, Any], ...] = (
    {"node": "reader", "stays": ((0, (3, 4, 6, 9, 10, 12)), (1, (1, 2, 5, 7, 8, 11))), "more": 0},
    {
        "node": "reader-of-a-long-name",
        "stays": ((0, (1, 4)), (1, (2, 3, 5)), (2, (6,)), (3, (7, 9, 10)), (0, (8, 1041)), (4, (1042, 1043))),
        "more": 1207,
    },
)
SHARES: tuple[tuple[dict[str, Any], ...], ...] = (
    (
        {
            "say": "Of 60 records or more that hot wrote, the fullest partition has at least 55 %",
            "partitions": ({"partition": 2, "percent": 100},),
        },
    ),
    (
        {
            "say": "Of 60 records or more that hot wrote, the fullest partition has at least 55 %",
            "partitions": (
                {"partition": 0, "percent": 17},
                {"partition": 1, "percent": 66},
                {"partition": 2, "percent": 17},
            ),
        },
        {
            "say": "Of 150 records after that, no partition has 45 % or more",
            "partitions": (
                {"partition": 0, "percent": 33},
                {"partition": 1, "percent": 36},
                {"partition": 2, "percent": 31},
            ),
        },
    ),
)
