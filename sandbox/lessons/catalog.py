"""The lessons that there are: read from their files, with a salt for each learner's run.

*Invariants*: a lesson that is in the catalog can be used; a file that cannot is an error at the first look, with its
line; a slug is one of ORDER, never a path that somebody typed.
*Not here*: the language (sandbox/checks), how far somebody is (services/lesson_runs.py).
"""

from functools import cache, lru_cache
from pathlib import Path

from sandbox.checks import reading
from sandbox.checks.model import Lesson, Step

ORDER = ("first-event", "keys-partitions-order")
FILE = "lesson.toml"
SALT_SHOWN = "…"  # where nobody has begun yet
CACHED = 256


class NoLesson(Exception):
    """There is no lesson of this name, or no such step in it."""


def lessons() -> list[Lesson]:
    """All lessons, in the order in which they are taught."""
    return [lesson(slug, SALT_SHOWN) for slug in ORDER]


@lru_cache(maxsize=CACHED)
def lesson(slug: str, salt: str) -> Lesson:
    """One lesson with a salt."""
    return reading.read(text_of(slug), slug, salt)


def step(slug: str, salt: str, step_id: str) -> Step:
    """One step of a lesson."""
    for one in lesson(slug, salt).steps:
        if one.id == step_id:
            return one
    raise NoLesson(f"the lesson {slug} has no step {step_id[:20]}")


@cache
def text_of(slug: str) -> str:
    """A lesson's file."""
    if slug not in ORDER:
        raise NoLesson(f"there is no lesson called {slug[:60]}")
    return (Path(__file__).parent / slug / FILE).read_text(encoding="utf-8")
