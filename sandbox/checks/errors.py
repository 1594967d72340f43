"""What is wrong with a lesson, for its author: a sentence and a line."""


class LessonError(Exception):
    """A lesson cannot be used as it is written."""

    def __init__(self, reason: str, line: int = 0, source: str = "") -> None:
        where = f"{source or 'lesson'}:{line}: " if line else (f"{source}: " if source else "")
        super().__init__(f"{where}{reason}")
        self.reason = reason
        self.line = line
