"""Parentheses and operands as they were written, and the edits that remove them.

The tree of a query is flat and forgets parentheses; nothing is forgotten here. Removing an operand can leave
parentheses that change nothing any more. They go with it, so that no fix makes work for another one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from .._text import Span
from .findings import Edit
from .query_tokens import Token

Kind = Literal["predicate", "not", "and", "or"]
_SPACE = re.compile(r"[ \t\r\n]*")


class Expression:
    """An expression in the text. `start` and `end` are without the parentheses around it, which are in `layers`,
    outermost first.
    """

    __slots__ = ("end", "kind", "layers", "operands", "parent", "place", "start")

    def __init__(self, kind: Kind, start: int, end: int, operands: Iterable[Expression] = ()) -> None:
        self.kind: Kind = kind
        self.start = start
        self.end = end
        self.layers: list[Span] = []
        self.operands = list(operands)
        self.parent: Expression | None = None
        self.place = 0
        for place, operand in enumerate(self.operands):
            operand.parent, operand.place = self, place

    @property
    def outer(self) -> Span:
        return self.layers[0] if self.layers else Span(self.start, self.end)

    def walk(self) -> Iterator[Expression]:
        """Yield this expression and everything in it, parents first."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack += reversed(part.operands)


class _Group:
    """The operands read since a parenthesis was opened, or since the start."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.alternatives: list[Expression] = []
        self.conjuncts: list[Expression] = []
        self.negations: list[int] = []
        self.joined = True  # an AND or OR, or nothing at all, stands before what comes next

    def add(self, part: Expression) -> Expression | None:
        """Take one operand in; gives it back where it stands side by side with the one before it."""
        for start in reversed(self.negations):
            part = Expression("not", start, part.outer.end, [part])
        self.negations.clear()
        self.conjuncts.append(part)
        beside = None if self.joined else part
        self.joined = False
        return beside

    def end_conjunction(self) -> None:
        self.alternatives.append(_join_spans("and", self.conjuncts))
        self.conjuncts = []
        self.joined = True

    def close(self) -> Expression:
        self.end_conjunction()
        return _join_spans("or", self.alternatives)


def _join_spans(kind: Kind, parts: list[Expression]) -> Expression:
    return parts[0] if len(parts) == 1 else Expression(kind, parts[0].outer.start, parts[-1].outer.end, parts)


class ConcreteSyntax:
    """The expressions of a query as written.

    `beside` are those that follow another one with nothing between. `single` are the parentheses around lists of one
    value.
    """

    def __init__(self, found: list[Token]) -> None:
        self.beside: list[Expression] = []
        self.single: list[Span] = []
        groups = [_Group(0)]
        at = 0
        while at < len(found):
            kind, start, _ = found[at]
            group = groups[-1]
            part = None
            if kind in ("not", "minus"):
                group.negations.append(start)
            elif kind == "open":
                groups.append(_Group(start))
            elif kind == "close":
                part = groups.pop().close()
                part.layers.insert(0, Span(group.start, found[at].end))
            elif kind == "or":
                group.end_conjunction()
            elif kind == "and":
                group.joined = True
            else:
                last = self._end_of_predicate(found, at)
                part = Expression("predicate", start, found[last].end)
                at = last
            if part is not None and (beside := groups[-1].add(part)) is not None:
                self.beside.append(beside)
            at += 1
        self.root = groups[0].close()
        self._by_span = {span: part for part in self.root.walk() for span in (Span(part.start, part.end), *part.layers)}

    def _end_of_predicate(self, found: list[Token], at: int) -> int:
        """Return the place of the last token of a predicate, whose first token is at `at`."""
        while found[at].kind not in ("colon", "order", "text"):
            at += 1
        if found[at + 1].kind != "open":
            return at + 1
        opened = at = at + 1
        while found[at].kind != "close":
            at += 1
        if at == opened + 2:
            self.single.append(Span(found[opened].start, found[at].end))
        return at

    def part(self, span: Span) -> Expression:
        """Return the expression of a node of the tree, by the node's span."""
        return self._by_span[span]


# --- parentheses -------------------------------------------------------------------------------


def needs_parentheses(kind: Kind, around: Expression | None) -> bool:
    """Return whether an expression cannot stand without parentheses where it is."""
    if around is None:
        return False
    return (kind == "or" and around.kind in ("and", "not")) or (kind == "and" and around.kind == "not")


def useful_parentheses(kind: Kind, around: Expression | None) -> int:
    """Return how many parentheses around an expression are useful. Those around an AND inside an OR help the reader."""
    return int(needs_parentheses(kind, around) or (kind == "and" and around is not None and around.kind == "or"))


# --- edits -------------------------------------------------------------------------------------


def deletions(text: str, spans: Iterable[Span]) -> list[Edit]:
    """Return edits that delete ranges. Words that would run together are kept apart."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(span.end, merged[-1].end))
        else:
            merged.append(span)
    return [Edit(span, " " if _glues(text, span) else "") for span in merged]


def _glues(text: str, span: Span) -> bool:
    before, after = text[span.start - 1 : span.start], text[span.end : span.end + 1]
    return bool(re.match(r"\w", before) and re.match(r"\w", after))


def parentheses_spans(text: str, layers: Iterable[Span]) -> list[Span]:
    """Return what to delete to remove parentheses: they, and the white space inside them."""
    spans: list[Span] = []
    for start, end in layers:
        inside = text[start + 1 : end - 1]
        body = inside.rstrip(" \t\r\n")
        spans += (Span(start, _skip_space(text, start + 1)), Span(start + 1 + len(body), end))
    return spans


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def removal_spans(text: str, part: Expression) -> list[Span]:
    """Return what to delete to remove an operand of an AND or OR, with what joins it to the others."""
    group = part.parent
    assert group is not None, "only an operand can be taken away"
    place = part.place
    if place:
        spans = [Span(group.operands[place - 1].outer.end, part.outer.end)]
    else:
        spans = [Span(part.outer.start, group.operands[1].outer.start)]
    if len(group.operands) == 2:
        spans += collapse_spans(text, group, group.operands[1 - place])
    return spans


def collapse_spans(text: str, whole: Expression, left: Expression) -> list[Span]:
    """Return what else to delete if only one part of an expression is left: parentheses, and NOT before NOT."""
    around = whole.parent
    if around is not None and around.kind == left.kind == "not":
        (inner,) = left.operands
        signs = [Span(around.start, whole.outer.start), Span(left.start, inner.outer.start)]
        return signs + parentheses_spans(text, [*whole.layers, *left.layers]) + collapse_spans(text, around, inner)
    layers = [*whole.layers, *left.layers]
    if useful_parentheses(left.kind, around) and layers:
        # Of those that must stay, the ones that no other fix takes away.
        layers.remove(left.layers[0] if left.layers and left.kind != whole.kind else layers[0])
    return parentheses_spans(text, layers)
