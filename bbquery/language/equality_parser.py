"""Parse plain equalities fast, without Lark; and unquote strings.

Most queries are one equality, or several joined by AND or by OR. They are read with the grammar's own EQUALITY pattern,
in a tenth of the time that Lark takes.
"""

from __future__ import annotations

import re
from functools import cache

from .._text import Span
from ..errors import BuildError, QuerySyntaxError
from .grammar import terminal
from .nodes import And, Equal, Node, Or


class LocatedBuildError(Exception):
    """A syntax error that does not know its text yet, because Lark's callbacks see only their tokens."""

    def __init__(self, start: int, end: int, error: BuildError) -> None:
        self.span = Span(start, end)
        self.cause = error

    def error(self, text: str) -> QuerySyntaxError:
        """Return the syntax error in its text."""
        cause = self.cause
        if cause.code == "wrong-type":
            from .syntax_errors import unquoted_time

            problem = unquoted_time(text, self.span.start)
            if problem:
                span = Span(problem.start, problem.end)
                return QuerySyntaxError(problem.message, text=text, span=span, code=problem.code, hint=problem.hint)
        return QuerySyntaxError(cause.message, text=text, span=self.span, code=cause.code, hint=cause.hint)


@cache
def _equality_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    space, both, either = (terminal(name).pattern for name in ("WS", "_AND", "_OR"))
    return terminal("EQUALITY"), re.compile(f"(?:{space})?(?:({both})|({either})|)(?:{space})?")


def parse_equalities(text: str) -> Node | None:
    """Return the tree of one equality, or of several joined by AND alone or by OR alone; None for any other text."""
    if not text.startswith("user_metadata"):  # spares a first parse the patterns
        return None
    equality, connective = _equality_patterns()
    match = equality.match(text)
    if match is None:
        return None
    end = match.end()
    node = equality_node(match[0], 0, end)
    if end == len(text):
        return node
    # `kind` is the group of the connective: 1 is AND, 2 is OR, and 0 is not known yet. A mix is for Lark.
    nodes, kind = [node], 0
    while (joint := connective.match(text, end)) is not None and joint.end() < len(text):
        match = equality.match(text, joint.end())
        if match is None or joint.lastindex is None or joint.lastindex != (kind or joint.lastindex):
            return None
        kind = joint.lastindex
        start, end = match.span()
        nodes.append(equality_node(match[0], start, end))
    if joint is None or joint.lastindex is not None:
        return None
    if not kind:
        return node
    return (And if kind == 1 else Or)(tuple(nodes), Span(0, end))


def equality_node(source: str, start: int, end: int) -> Equal:
    """Return the node of the text of one equality, which stands at these offsets."""
    if "\\" in source or '"' in source:
        *keys, value = _string_values(source, start)
        return Equal(tuple(keys), value, Span(start, end))
    parts = source.split("'")  # user_metadata[ ' key ' ][ ' key ' ]: ' value '
    return Equal(tuple(parts[1:-3:2]), parts[-2], Span(start, end))


def _string_values(source: str, start: int) -> list[str]:
    return [unquote(match[0], start + match.start()) for match in terminal("STRING").finditer(source)]


# Left to `re` to compile when a first escape comes: few queries have one, and a first parse should not pay for it.
_STRING_ESCAPE = r"\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))"
_MEANINGS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def unquote(literal: str, start: int) -> str:
    """Return the value of a string token that starts at an offset. Raise LocatedBuildError for a lone surrogate."""
    if "\\" not in literal:
        return literal[1:-1]

    def meaning(match: re.Match[str]) -> str:
        high, low, unit, letter = match.groups()
        if letter:
            return _MEANINGS.get(letter, letter)
        if high:
            return chr(0x10000 + (int(high, 16) - 0xD800 << 10) + int(low, 16) - 0xDC00)
        if unit[0] in "dD" and unit[1] in "89abcdefABCDEF":
            problem = BuildError(
                f"{match[0]} is half of a surrogate pair",
                hint="write both halves, or the character itself",
                code="lone-surrogate",
            )
            raise LocatedBuildError(start + match.start(), start + match.end(), problem)
        return chr(int(unit, 16))

    return re.sub(_STRING_ESCAPE, meaning, literal)[1:-1]
