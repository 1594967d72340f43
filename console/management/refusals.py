"""What a command refuses, and how it says so."""


class Refused(Exception):
    """A command cannot do what it was told: one clear sentence that says what is wrong and what to do."""
