"""The filter language of searches and live tails: parse(text) -> Filter.

    refund                            in the key, the value or a header (name or value)
    "two words"                       the same with spaces or signs
    key:ord_2026  value:"a b"         contained;  = the whole,  != not the whole,  =null is null
    header.trace-id=4bf92f            the header of this name;  header:text in any name or value
    value.ship_to.city="Αθήνα"        a field of a JSON value (key.… of a JSON key); numbers also < <= > >=
    partition:0-11  partition:2,5     offset>=100  offset:100..200  time:2026-11-24T13:30..2026-11-24T14:06  (UTC)
    a b  a and b  a or b  not a  ( )  and binds closer than or; words beside each other must both hold

Upper and lower case differ. There are no regular expressions: Python's own can take for ever on a hostile record.

*Invariants*: pure; own parser, nothing is run; a filter has at most TERMS_MAX conditions and DEPTH_MAX brackets.
*Not here*: the words (words.py), whether a record matches (evaluate.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from console.search.words import FilterError, Token, tokens

__all__ = ["All", "Any", "Condition", "Filter", "FilterError", "Not", "parse"]

TERMS_MAX = 60
DEPTH_MAX = 32
PATH_MAX = 24  # segments of a JSON path
NUMBER_LENGTH_MAX = 400
INTEGER_MAX = 2**63 - 1
PLACES = ("key", "value", "header")
NUMBERS = ("partition", "offset", "time")
ALIASES = {"headers": "header", "timestamp": "time"}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?", re.ASCII)
TIME_WORDS = "A time looks like 2026-11-24, 2026-11-24T14:02 or 2026-11-24T14:02:11.874, in UTC, or is in milliseconds."
FIELDS_WORDS = "Fields are key, value, header, partition, offset and time; as plain text it stands in double quotes."


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. `place` is "any" for plain text; numbers are compared with `ranges` (both ends included)."""

    place: str
    operator: str
    text: str
    begin: int  # in the filter's text
    end: int
    path: tuple[str, ...] = ()  # of key and value: into JSON; of a header: its name alone
    bare: bool = False  # not quoted: may mean a number, true, false or null
    number: Decimal | None = None
    ranges: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    child: "Node"
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these; none of them: everything."""

    children: "tuple[Node, ...]"
    begin: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these."""

    children: "tuple[Node, ...]"
    begin: int
    end: int


Node = Condition | Not | All | Any


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was understood."""

    text: str
    tree: Node

    @property
    def is_empty(self) -> bool:
        """Whether everything matches, because nothing is asked."""
        return self.tree == All(())

    @property
    def parts(self) -> list[Node]:
        """The conditions that must all hold, outermost."""
        return list(self.tree.children) if isinstance(self.tree, All) else [self.tree]

    def without(self, part: Node) -> str:
        """The text without one of the parts."""
        before, after = self.text[: part.begin].rstrip(), self.text[part.end :].lstrip()
        before = re.sub(r"(^|\s)and$", "", before, flags=re.IGNORECASE)
        after = after if before else re.sub(r"^and\s", "", after, flags=re.IGNORECASE)
        return f"{before} {after}".strip()


def parse(text: str) -> Filter:
    """Understand a filter; FilterError says what is wrong and where. An empty text matches everything."""
    parser = _Parser(tokens(text))
    if parser.token.kind == "end":
        return Filter(text, All(()))
    tree = parser.either()
    if parser.token.kind == ")":
        raise FilterError("This bracket closes nothing.", parser.token.begin, parser.token.end)
    assert parser.token.kind == "end", "either() takes everything else"
    return Filter(text, tree)


class _Parser:
    """Recursive descent; the depth is bounded."""

    def __init__(self, words: list[Token]) -> None:
        self.words: Iterator[Token] = iter(words)
        self.token = next(self.words)
        self.depth = 0
        self.terms = 0

    def advance(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.token = next(self.words)
        return token

    def is_word(self, word: str) -> bool:
        return self.token.kind == "word" and self.token.text.lower() == word

    def either(self) -> Node:
        children = [self.every()]
        while self.is_word("or"):
            self.advance()
            children.append(self.every())
        return children[0] if len(children) == 1 else Any(tuple(children), children[0].begin, children[-1].end)

    def every(self) -> Node:
        children = [self.one()]
        while self.is_word("and") or not (self.token.kind in (")", "end") or self.is_word("or")):
            if self.is_word("and"):
                self.advance()
            children.append(self.one())
        return children[0] if len(children) == 1 else All(tuple(children), children[0].begin, children[-1].end)

    def one(self) -> Node:
        token = self.advance()
        self.terms += 1
        if self.terms > TERMS_MAX:
            raise FilterError(f"A filter has at most {TERMS_MAX} conditions.", token.begin, token.end)
        if token.kind in ("(", "word") and (token.kind == "(" or token.text.lower() == "not"):
            self.depth += 1
            if self.depth > DEPTH_MAX:
                raise FilterError(f"Brackets and nots go at most {DEPTH_MAX} deep.", token.begin, token.end)
            node = self.group(token) if token.kind == "(" else self.negation(token)
            self.depth -= 1
            return node
        if token.kind == "word" and token.text.lower() in ("and", "or"):
            raise FilterError(f"“{token.text}” stands between two conditions.", token.begin, token.end)
        if token.kind == "operator":
            raise FilterError(f"“{token.text}” needs a field before it. {FIELDS_WORDS}", token.begin, token.end)
        if token.kind in (")", "end"):
            raise FilterError("A condition is missing here.", token.begin, token.end)
        if self.token.kind == "operator":
            return self.compared(token)
        return self.plain(token)

    def group(self, token: Token) -> Node:
        node = self.either()
        if self.token.kind != ")":
            raise FilterError("This bracket is not closed.", token.begin, token.end)
        end = self.advance().end
        if isinstance(node, All):
            return All(node.children, token.begin, end)
        return All((node,), token.begin, end)

    def negation(self, token: Token) -> Node:
        child = self.one()
        return Not(child, token.begin, child.end)

    def plain(self, token: Token) -> Condition:
        if token.kind == "word":
            head = token.segments[0].lower()
            head = ALIASES.get(head, head)
            if head in (*PLACES, *NUMBERS) and (len(token.segments) == 1 or head in PLACES):
                if self.is_word("matches"):
                    raise FilterError(
                        "There are no regular expressions here; key:text looks for a text.",
                        self.token.begin,
                        self.token.end,
                    )
                raise FilterError(
                    f"{token.text} must be compared, as in {token.text}:text. As plain text it stands in quotes.",
                    token.begin,
                    token.end,
                )
            if '"' in token.text:
                raise FilterError("Put the whole text into quotes.", token.begin, token.end)
        if not token.text:
            raise FilterError("An empty text is everywhere; there is nothing to look for.", token.begin, token.end)
        return Condition("any", ":", token.text, token.begin, token.end)

    def compared(self, field: Token) -> Condition:
        operator = self.advance()
        operand = self.advance()
        if operand.kind not in ("word", "string"):
            raise FilterError(f"After {operator.text} a text or a number is missing.", operand.begin, operand.end)
        head = field.segments[0].lower() if field.kind == "word" else ""
        head = ALIASES.get(head, head)
        if head in PLACES:
            return _text_condition(head, field, operator, operand)
        if head in NUMBERS and len(field.segments) == 1:
            return _number_condition(head, field, operator, operand)
        raise FilterError(f"There is no field {field.text}. {FIELDS_WORDS}", field.begin, field.end)


def _text_condition(place: str, field: Token, operator: Token, operand: Token) -> Condition:
    path = field.segments[1:]
    if not all(path):
        raise FilterError("A part of this path is empty.", field.begin, field.end)
    if len(path) > PATH_MAX:
        raise FilterError(f"A path has at most {PATH_MAX} parts.", field.begin, field.end)
    if place == "header" and path:
        path = (".".join(path),)
    bare = operand.kind == "word"
    number = _number(operand) if bare else None
    if operator.text[0] in "<>":
        if not path or place == "header":
            raise FilterError(
                f"{operator.text} compares numbers: fields of JSON, partition, offset, time.",
                operator.begin,
                operator.end,
            )
        if number is None:
            raise FilterError(f"{operator.text} needs a number after it.", operand.begin, operand.end)
    if operator.text == ":" and not operand.text:
        raise FilterError("An empty text is everywhere; = compares with the empty text.", operand.begin, operand.end)
    if bare and path and operand.text.lower() in ("nan", "inf", "infinity", "-inf", "-infinity", "-nan"):
        raise FilterError(
            f"{operand.text} is no number of JSON; as text it stands in double quotes.", operand.begin, operand.end
        )
    return Condition(place, operator.text, operand.text, field.begin, operand.end, path, bare, number)


def _number(operand: Token) -> Decimal | None:
    if not NUMBER.fullmatch(operand.text):
        return None
    if len(operand.text) > NUMBER_LENGTH_MAX:
        raise FilterError(f"A number has at most {NUMBER_LENGTH_MAX} characters.", operand.begin, operand.end)
    return Decimal(operand.text)


def _number_condition(place: str, field: Token, operator: Token, operand: Token) -> Condition:
    read = _time_ms if place == "time" else _whole
    ranges: tuple[tuple[int, int], ...]
    if operator.text == ":":
        ranges = tuple(_range(place, part, operand) for part in operand.text.split(","))
    else:
        value = read(operand.text, operand)
        ranges = {
            "=": ((value, value),),
            "!=": ((-1, value - 1), (value + 1, INTEGER_MAX)),
            "<": ((-1, value - 1),),
            "<=": ((-1, value),),
            ">": ((value + 1, INTEGER_MAX),),
            ">=": ((value, INTEGER_MAX),),
        }[operator.text]
    return Condition(place, operator.text, operand.text, field.begin, operand.end, ranges=ranges)


def _range(place: str, text: str, operand: Token) -> tuple[int, int]:
    """`a..b`; of partitions also `a-b`; or one. The end of a time is not part of it, so that ranges meet."""
    first, dots, last = text.partition("..")
    if place == "time":
        if not dots:
            raise FilterError(
                "A range of times is written from..to; time>=… is open at the end.", operand.begin, operand.end
            )
        return (_time_ms(first, operand), _time_ms(last, operand) - 1)
    if not dots and place == "partition":
        first, dots, last = text.partition("-")
    return (_whole(first, operand), _whole(last if dots else first, operand))


def _whole(text: str, operand: Token) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= INTEGER_MAX):
        raise FilterError("Here a whole number from 0 to 9223372036854775807 is needed.", operand.begin, operand.end)
    return int(text)


def _time_ms(text: str, operand: Token) -> int:
    if text.isascii() and text.isdigit() and len(text) > 8:
        return _whole(text, operand)
    for form in ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f"):
        try:
            moment = datetime.strptime(text.removesuffix("Z") if text.isascii() else "", form).replace(tzinfo=UTC)
        except ValueError:
            continue
        time_ms = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
        if time_ms >= 0:
            return time_ms
        raise FilterError("Times begin at 1970-01-01.", operand.begin, operand.end)
    raise FilterError(TIME_WORDS, operand.begin, operand.end)
