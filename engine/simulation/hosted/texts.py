"""Texts of a world as people are shown them: short, and text in every case.

*Invariant*: whoever draws them escapes them.
*Not here*: which texts there are (picture.py, cells.py, inside.py).
"""

TEXT_MAX = 60


def clipped(text: bytes | str | None) -> str | None:
    """Short text for people; what is no text is shown as its bytes."""
    if text is None:
        return None
    shown = text if isinstance(text, str) else _decoded(text)
    return shown if len(shown) <= TEXT_MAX else f"{shown[: TEXT_MAX - 1]}…"


def _decoded(data: bytes) -> str:
    try:
        return data[: TEXT_MAX * 4].decode()
    except UnicodeDecodeError:
        return data[:TEXT_MAX].hex(" ")
