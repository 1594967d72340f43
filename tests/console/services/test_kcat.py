import shlex

import pytest

from console.services.kcat import read_command


def test_a_record_is_read_by_kcat():
    assert read_command("localhost:9092", "orders.placed", 3, 117) == (
        "kcat -C -b localhost:9092 -t orders.placed -p 3 -o 117 -c 1 -e -f '%p %o %T\\n%h\\n%k\\n%s\\n'"
    )


@pytest.mark.parametrize("hostile", ["a; rm -rf /", "$(id)", "`id`", "a'b", 'a"b', "-X sasl", "a\nb", "x y", "\u202e"])
def test_nothing_breaks_out_of_its_word(hostile):
    words = shlex.split(read_command(hostile, "t", 0, 1)) if hostile.isprintable() else None
    assert words is None or (words[3] == hostile and len(words) == 15)
    assert "\n" not in read_command(hostile, "t", 0, 1)
