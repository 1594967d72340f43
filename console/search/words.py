"""The words of the filter language: text to tokens, each with its place.

A bare word holds letters, digits and a few signs; whatever else is meant as text stands in double quotes. So nothing
that looks like code, in any language, is ever taken for a filter by accident.

*Invariants*: time and memory are linear in the text, whose length is bounded; a wrong text is a FilterError with the
place of the mistake.
*Not here*: what the words mean (language.py).
"""

import unicodedata
from dataclasses import dataclass
from typing import Literal

LENGTH_MAX = 2_000
WORD_SIGNS = "_-./@#%~"
VALUE_SIGNS = WORD_SIGNS + ":+,"  # after an operator: times, addresses, lists
OPERATORS = ("!=", "<=", ">=", ":", "=", "<", ">")
JOINERS = ("and", "or", "not", "(")
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}


class FilterError(Exception):
    """A filter that cannot be understood, or a record it cannot be compared with; `str(error)` is for people."""

    def __init__(self, reason: str, begin: int = 0, end: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.begin = begin  # where in the text, in characters
        self.end = max(end, begin)


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `text` is what it says, without quotes and escapes."""

    kind: Literal["(", ")", "operator", "word", "string", "end"]
    text: str
    begin: int
    end: int
    segments: tuple[str, ...] = ()  # of a word: what its dots part; a segment may be quoted


def tokens(text: str) -> list[Token]:
    """Return the words, and an "end" behind them."""
    if len(text) > LENGTH_MAX:
        raise FilterError(f"A filter has at most {LENGTH_MAX} characters; this has {len(text)}.", LENGTH_MAX, len(text))
    found: list[Token] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        token = _token(text, position, after_operator=bool(found) and found[-1].kind == "operator")
        if found and found[-1].end == token.begin and {token.kind, found[-1].kind} <= {"word", "string"}:
            raise FilterError("Put a space before the quote, or the whole text into quotes.", token.begin, token.end)
        if token.kind == "(" and found and found[-1].end == token.begin and found[-1].text.lower() not in JOINERS:
            raise FilterError("Nothing is called here: put a space before the bracket.", token.begin, token.end)
        found.append(token)
        position = token.end
    found.append(Token("end", "", len(text), len(text)))
    return found


def quoted(text: str) -> str:
    """Write a text so that the language reads it as this text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _token(text: str, begin: int, *, after_operator: bool) -> Token:
    character = text[begin]
    if character in "()":
        return Token("(" if character == "(" else ")", character, begin, begin + 1)
    if character == '"':
        content, end = _string(text, begin)
        return Token("string", content, begin, end)
    for operator in OPERATORS:
        if text.startswith(operator, begin) and not after_operator:
            return Token("operator", operator, begin, begin + len(operator))
    return _word(text, begin, VALUE_SIGNS if after_operator else WORD_SIGNS, whole=after_operator)


def _word(text: str, begin: int, signs: str, *, whole: bool) -> Token:
    segments, part, position = [], begin, begin
    while position < len(text):
        character = text[position]
        if character == "." and not whole:
            segments.append(text[part:position])
            part = position + 1
        elif character == '"' and not whole and part == position > begin:
            content, position = _string(text, position)
            segments.append(content)
            if position < len(text) and text[position] == ".":
                position = part = position + 1
                continue
            return Token("word", text[begin:position], begin, position, tuple(segments))
        elif not _belongs(character, signs):
            break
        position += 1
    if position == begin:
        _refuse(text, begin)
    word = text[begin:position]
    if unicodedata.normalize("NFKC", word) != word and unicodedata.normalize("NFKD", word) != word:
        raise FilterError(f"Put {word} into quotes: it has letters that only look like others.", begin, position)
    segments.append(text[part:position])
    return Token("word", word, begin, position, tuple(segments))


def _belongs(character: str, signs: str) -> bool:
    return character in signs or unicodedata.category(character)[0] in "LNM"


def _refuse(text: str, begin: int) -> None:
    character = text[begin]
    shown = f"“{character}”" if character.isprintable() else f"the character U+{ord(character):04X}"
    raise FilterError(f"{shown} means nothing here. Text with such signs stands in double quotes.", begin, begin + 1)


def _string(text: str, begin: int) -> tuple[str, int]:
    content, position = [], begin + 1
    while position < len(text):
        character = text[position]
        if character == '"':
            return "".join(content), position + 1
        if character == "\\":
            escape = text[position + 1 : position + 2]
            if escape not in ESCAPES:
                raise FilterError(
                    'In quotes, \\" is a quote and \\\\ a backslash; \\n and \\t are known too.', position, position + 2
                )
            content.append(ESCAPES[escape])
            position += 2
            continue
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise FilterError(f"A filter cannot hold the character U+{ord(character):04X}.", position, position + 1)
        content.append(character)
        position += 1
    raise FilterError("This quote is not closed.", begin, begin + 1)
