"""BBQ201 to BBQ204: what the parts of a query say about one another.

`semantics.simplifier` and `semantics.predicates` know. This finds out which two parts it is about, and where they
stand. What lies in a part that is reported as a contradiction, or as always true, is not reported again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from ..._text import Span
from ...language.nodes import And, Equal, Exists, Node, Not, OneOf, Or, Order, Text, walk
from ...semantics.simplifier import find_constant_parts, truth_given
from ..concrete_syntax import deletions, parentheses_spans, removal_spans
from ..query_document import QueryDocument, RuleResult, preview_text
from ..query_tokens import Token

Literal: TypeAlias = Node
"""A predicate, or a negated one."""

_NEAR = 32
"""The most parts that are compared with one another. Of more, only equal ones are found, by hashing."""


def check_logic(tree: QueryDocument) -> Iterator[RuleResult]:
    """Yield contradictions, parts that always hold, duplicates and redundant parts."""
    joints = [node for node in walk(tree.normalized) if isinstance(node, And | Or)]
    done: set[Span] = set()
    if joints:
        for node, holds in find_constant_parts(tree.normalized):
            assert isinstance(node, And | Or), "only these are reduced to constants"
            done.add(tree.span(node))
            yield _constant_result(tree, node, holds)
        for node in joints:
            if isinstance(node, And) and tree.span(node) not in done and (pair := _above_and_below(node)):
                done.add(tree.span(node))
                yield _contradiction(tree, *pair)
    settled = _Settled(done)
    for node in joints:
        if not settled.holds(tree.span(node)):
            yield from _Operands(tree, node).needless()
    yield from _listed_twice(tree, settled)


class _Settled:
    """The parts that have been reported on."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._outermost: list[Span] = []
        for span in sorted(spans, key=lambda span: (span.start, -span.end)):
            if not self._outermost or span.start >= self._outermost[-1].end:
                self._outermost.append(span)

    def holds(self, span: Span) -> bool:
        place = bisect_right(self._outermost, span.start, key=lambda outer: outer.start)
        return place > 0 and span.end <= self._outermost[place - 1].end


# --- constants ---------------------------------------------------------------------------------


def _constant_result(tree: QueryDocument, node: And | Or, holds: bool) -> RuleResult:
    pair = _opposites(node)
    if not holds:
        if pair:
            return _contradiction(tree, *pair)
        message = f"the parts of {tree.preview(node)} never hold together"
        return RuleResult("BBQ201", message, tree.span(node), "no session can match it: leave a part out")
    if pair:
        message = f"{tree.preview(pair[0])} or {tree.preview(pair[1])} holds for every session"
        return RuleResult("BBQ202", message, _cover(tree, *pair), "leave it out, or ask for something else")
    message = f"{tree.preview(node)} holds for every session"
    return RuleResult("BBQ202", message, tree.span(node), "leave it out, or ask for something else")


def _contradiction(tree: QueryDocument, one: Node, other: Node) -> RuleResult:
    message = f"{tree.preview(one)} and {tree.preview(other)} never hold together"
    return RuleResult(
        "BBQ201", message, _cover(tree, one, other), "no session can match both: write OR, or leave one out"
    )


def _cover(tree: QueryDocument, one: Node, other: Node) -> Span:
    spans = (tree.span(one), tree.span(other))
    return Span(min(span.start for span in spans), max(span.end for span in spans))


def _opposites(node: And | Or) -> tuple[Node, Node] | None:
    """Return two operands of an AND that never hold together, or of an OR of which one always holds."""
    by_field: dict[object, list[Literal]] = {}
    seen: dict[Literal, Literal] = {}
    for operand in node.operands:
        literal = _read_operand(node, operand)
        if literal is None:
            continue
        opposite = literal.operand if isinstance(literal, Not) else Not(literal)
        if opposite in seen:
            return seen[opposite], operand
        seen.setdefault(literal, operand)
        near = by_field.setdefault(_field_of(literal), [])
        for known in near[:_NEAR]:
            if truth_given(known, literal) is False:
                return seen[known], operand
        near.append(literal)
    return None


def _read_operand(node: And | Or, operand: Node) -> Literal | None:
    """Return a literal as an operand of an AND. Of an OR, which is the negation of an AND, it is negated."""
    inner = operand.operand if isinstance(operand, Not) else operand
    if isinstance(inner, And | Or | Not):
        return None
    if isinstance(node, And):
        return operand
    return inner if isinstance(operand, Not) else Not(inner)


def _field_of(literal: Literal) -> object:
    predicate = literal.operand if isinstance(literal, Not) else literal
    assert isinstance(predicate, Equal | OneOf | Exists | Order | Text), "a literal is a predicate, or its negation"
    return predicate.field


def _above_and_below(node: And) -> tuple[Node, Node] | None:
    """Return an operand that asks for a string at a path, and one that asks for something below it."""
    strings: dict[tuple[str, ...], Node] = {}
    paths: list[tuple[tuple[str, ...], Node]] = []
    for operand in node.operands:
        if isinstance(operand, Equal | OneOf | Exists | Order | Text) and isinstance(operand.field, tuple):
            paths.append((operand.field, operand))
            if not isinstance(operand, Exists):
                strings.setdefault(operand.field, operand)
    lengths = sorted({len(path) for path in strings})
    for path, below in paths:
        for length in lengths:
            if length >= len(path):
                break
            if path[:length] in strings:
                above = strings[path[:length]]
                return (above, below) if (above.span or ()) < (below.span or ()) else (below, above)
    return None


# --- what is needless --------------------------------------------------------------------------


class _Operands:
    """The operands of an AND or OR, and which of them another one makes redundant."""

    def __init__(self, tree: QueryDocument, node: And | Or) -> None:
        self._tree = tree
        self._node = node
        self._needless: dict[int, tuple[str, Node]] = {}  # by place: the rule, and the operand that says as much

    def needless(self) -> Iterator[RuleResult]:
        self._find_duplicates()
        self._find_implied()
        self._find_absorbed()
        for place in sorted(self._needless):
            code, other = self._needless[place]
            yield self._note(code, self._node.operands[place], other)

    def _left(self) -> Iterator[tuple[int, Node]]:
        return ((place, operand) for place, operand in enumerate(self._node.operands) if place not in self._needless)

    def _find_duplicates(self) -> None:
        first: dict[object, Node] = {}
        for place, operand in enumerate(self._node.operands):
            key = (type(operand), frozenset(operand.operands)) if isinstance(operand, And | Or) else operand
            if key in first:
                self._needless[place] = ("BBQ203", first[key])
            else:
                first[key] = operand

    def _find_implied(self) -> None:
        """Find literals that hold wherever another one on their field does."""
        by_field: dict[object, list[tuple[int, Literal]]] = {}
        for place, operand in self._left():
            literal = _read_operand(self._node, operand)
            if literal is not None:
                by_field.setdefault(_field_of(literal), []).append((place, literal))
        for literals in by_field.values():
            near = literals[:_NEAR]
            for place, literal in near:
                for other_place, known in near:
                    apart = other_place != place and other_place not in self._needless
                    if apart and truth_given(known, literal) is True:
                        self._needless[place] = ("BBQ204", self._node.operands[other_place])
                        break

    def _find_absorbed(self) -> None:
        """Find clauses that hold wherever a literal or another clause does, as in `a AND (a OR b)` and `a OR (a AND
        b)`.
        """
        known: dict[object, list[tuple[Literal, Node]]] = {}
        clauses: list[tuple[int, And | Or, frozenset[Node]]] = []
        for place, operand in self._left():
            literal = _read_operand(self._node, operand)
            if literal is not None:
                known.setdefault(_field_of(literal), []).append((literal, operand))
            elif isinstance(operand, And | Or):
                clauses.append((place, operand, frozenset(operand.operands)))
        for place, clause, _ in clauses:
            for part in clause.operands:
                literal = _read_operand(self._node, part)
                near = known.get(_field_of(literal), [])[:_NEAR] if literal is not None else []
                source = next(
                    (operand for fact, operand in near if literal and truth_given(fact, literal) is True), None
                )
                if source is not None:
                    self._needless[place] = ("BBQ204", source)
                    break
        if len(clauses) > _NEAR:
            return
        for place, _, parts in clauses:
            for other_place, other, fewer in clauses:
                if other_place not in self._needless and place not in self._needless and fewer < parts:
                    self._needless[place] = ("BBQ204", other)

    def _note(self, code: str, operand: Node, other: Node) -> RuleResult:
        tree = self._tree
        said, source = tree.preview(operand), tree.preview(other)
        if code == "BBQ203":
            message = f"{said} is asked for twice"
        elif isinstance(self._node, And):
            message = f"{said} holds wherever {source} does, which is asked for as well"
        else:
            message = f"what {said} finds is found by {source}"
        hint = f"leave {said} out"
        if (
            tree.has_double_negation
        ):  # what would be left may hide behind NOT NOT from the planner: that is to be mended first
            return RuleResult(code, message, tree.span(operand), hint)
        spans = removal_spans(tree.text, tree.structure.part(tree.span(operand)))
        return RuleResult(code, message, tree.span(operand), hint, hint, deletions(tree.text, spans))


def _listed_twice(tree: QueryDocument, settled: _Settled) -> Iterator[RuleResult]:
    """Yield values that a one-of lists twice."""
    for predicate, literals in tree.predicates:
        if not isinstance(predicate, OneOf) or len(set(predicate.values)) == len(predicate.values):
            continue
        if settled.holds(tree.span(predicate)):
            continue
        seen: set[object] = set()
        several = len(set(predicate.values)) > 1
        for place, (value, token) in enumerate(zip(predicate.values, literals.values, strict=True)):
            if tree.is_unknown(token):
                continue
            if value in seen:
                before = literals.values[place - 1]
                spans = [Span(before.end, token.end)]
                if not several and len(literals.values) == 2:
                    spans += parentheses_spans(tree.text, [_list_around(tree, literals.values)])
                written = preview_text(tree.text[token.start : token.end])
                hint = "leave one out"
                yield RuleResult(
                    "BBQ203", f"{written} is listed twice", Span(token.start, token.end), hint, hint,
                    deletions(tree.text, spans),
                )  # fmt: skip
            seen.add(value)


def _list_around(tree: QueryDocument, values: list[Token]) -> Span:
    """Return the parentheses around the values of a one-of."""
    start = tree.text.rindex("(", 0, values[0].start)
    return Span(start, tree.text.index(")", values[-1].end) + 1)
