"""BBQ201 to BBQ204: what the parts of a query say about one another.

`semantics.simplifier` and `semantics.redundancy` find it. This says it in words, and where it stands. What lies in a
part that is reported as a contradiction, or as always true, is not reported again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from ..._text import Span
from ...language.nodes import JOINTS, And, Node, OneOf, Or, walk
from ...semantics.redundancy import Redundancy, RelatedOperands, find_above_and_below, find_opposites, find_redundant
from ...semantics.simplifier import find_constant_parts
from ..concrete_syntax import deletions, parentheses_spans, removal_spans
from ..query_document import QueryDocument, RuleResult, preview_text
from ..query_tokens import Token


def check_logic(tree: QueryDocument) -> Iterator[RuleResult]:
    """Yield contradictions, parts that always hold, duplicates and redundant parts."""
    nodes = tree.nodes if tree.normalized is tree.node else walk(tree.normalized)
    joints = [node for node in nodes if isinstance(node, JOINTS)]
    related = RelatedOperands(tree.normalized)
    done: set[Span] = set()
    for outer in related.outermost:
        for node, holds in find_constant_parts(outer):
            assert isinstance(node, JOINTS), "only these are reduced to constants"
            done.add(tree.span(node))
            yield _constant_result(tree, node, holds)
    for node in joints:
        if isinstance(node, And) and tree.span(node) not in done and (pair := find_above_and_below(node)):
            done.add(tree.span(node))
            yield _contradiction(tree, *pair)
    settled = _Settled(done)
    for node in related.joints:
        if not settled.holds(tree.span(node)):
            yield from (_redundant_result(tree, node, each) for each in find_redundant(node))
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
    pair = find_opposites(node)
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


# --- what is redundant -------------------------------------------------------------------------


def _redundant_result(tree: QueryDocument, node: And | Or, redundancy: Redundancy) -> RuleResult:
    operand = redundancy.operand
    said, source = tree.preview(operand), tree.preview(redundancy.source)
    code = "BBQ203" if redundancy.kind == "duplicate" else "BBQ204"
    if redundancy.kind == "duplicate":
        message = f"{said} is asked for twice"
    elif isinstance(node, And):
        message = f"{said} holds wherever {source} does, which is asked for as well"
    else:
        message = f"what {said} finds is found by {source}"
    hint = f"leave {said} out"
    if tree.has_double_negation:  # it can hide from the planner what would be left, so it is to be mended first
        return RuleResult(code, message, tree.span(operand), hint)
    spans = removal_spans(tree.text, tree.structure.part(tree.span(operand)))
    return RuleResult(code, message, tree.span(operand), hint, hint, deletions(tree.text, spans))


def _listed_twice(tree: QueryDocument, settled: _Settled) -> Iterator[RuleResult]:
    """Yield values that a one-of lists twice."""
    if not any(isinstance(leaf, OneOf) and len(set(leaf.values)) < len(leaf.values) for leaf in tree.leaves):
        return
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
