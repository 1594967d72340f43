"""What the database knows of sandboxes: whose they are and where they stand, never what is in them."""

from sandbox.models.lesson_run import LessonRun
from sandbox.models.sandbox import Sandbox

__all__ = ["LessonRun", "Sandbox"]
