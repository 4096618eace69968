"""BBQ006 and BBQ205 to BBQ208: how a query is written. All of these can be fixed, and no fix changes the meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..._text import Span
from ...language.nodes import And, Node, Or
from ..concrete_syntax import Expression, collapse_spans, deletions, parentheses_spans, useful_parentheses
from ..findings import Edit
from ..query_document import QueryDocument, RuleResult, preview_text
from ..query_tokens import Token


def check_style(tree: QueryDocument) -> Iterator[RuleResult]:
    """Yield what could be written more simply."""
    if tree.is_canonical and not tree.has_double_negation and not any(map(_is_mixed, tree.nodes)):
        return
    yield from _double_quotes(tree)
    text = tree.text
    if len(tree.predicates) == 1 and not any(sign in text for sign in ("(", "NOT", "-")):
        return
    yield from _juxtaposed(tree)
    yield from _single_values(tree)
    for part in tree.structure.root.walk():
        if not tree.is_open:  # what is put in may need the parentheses
            yield from _needless_layers(tree, part)
        if part.kind == "not":
            yield from _double_negation(tree, part)
        elif part.kind == "and" and part.parent is not None and part.parent.kind == "or" and not part.layers:
            yield _mixed(tree, part)


def _is_mixed(node: Node) -> bool:
    return isinstance(node, Or) and any(isinstance(operand, And) for operand in node.operands)


def _double_quotes(tree: QueryDocument) -> Iterator[RuleResult]:
    for kind, start, end in tree.tokens:
        if kind != "string" or tree.text[start] != '"':
            continue
        body = tree.text[start + 1 : end - 1]
        if "'" in body:  # it would need an escape that it does not need now
            continue
        written = "'" + re.sub(r'\\(["\\])', lambda match: '"' if match[1] == '"' else match[0], body) + "'"
        hint = f"write {preview_text(written)}"
        yield RuleResult(
            "BBQ006", "the string is in double quotes", Span(start, end), hint, hint, [Edit(Span(start, end), written)]
        )


def _juxtaposed(tree: QueryDocument) -> Iterator[RuleResult]:
    for part in tree.structure.beside:
        start = part.outer.start
        spaced = tree.text[start - 1] in " \t\r\n"
        hint = "write AND between them"
        edit = Edit(Span(start, start), "AND " if spaced else " AND ")
        message = "two conditions stand side by side, which means AND"
        yield RuleResult("BBQ207", message, part.outer, hint, "write AND", [edit])


def _single_values(tree: QueryDocument) -> Iterator[RuleResult]:
    for span in tree.structure.single:
        if tree.is_unknown(Token("", *span)):  # it may be several
            continue
        edits = deletions(tree.text, parentheses_spans(tree.text, [span]))
        yield RuleResult("BBQ206", "parentheses around a single value", span, "leave them out", "leave them out", edits)


def _needless_layers(tree: QueryDocument, part: Expression) -> Iterator[RuleResult]:
    needless = part.layers[useful_parentheses(part.kind, part.parent) :]
    if needless:
        edits = deletions(tree.text, parentheses_spans(tree.text, needless))
        message = "these parentheses change nothing"
        yield RuleResult("BBQ206", message, needless[0], "leave them out", "leave them out", edits)


def _double_negation(tree: QueryDocument, part: Expression) -> Iterator[RuleResult]:
    """Yield NOT NOT, however it is spelled. Of three in a row only the first two are one."""
    (inner,) = part.operands
    above = 0
    outer = part
    while outer.parent is not None and outer.parent.kind == "not":
        outer = outer.parent
        above += 1
    if inner.kind != "not" or above % 2:
        return
    (left,) = inner.operands
    start = left.outer.start
    spans = [Span(part.start, inner.outer.start), *parentheses_spans(tree.text, inner.layers), Span(inner.start, start)]
    edits = deletions(tree.text, spans + collapse_spans(tree.text, part, left))
    hint = "leave both negations out"
    yield RuleResult("BBQ205", "two negations cancel out", Span(part.start, start), hint, hint, edits)


def _mixed(tree: QueryDocument, part: Expression) -> RuleResult:
    edits = [Edit(Span(part.start, part.start), "("), Edit(Span(part.end, part.end), ")")]
    message = "AND beside OR: AND binds tighter, which not every reader knows"
    return RuleResult(
        "BBQ208", message, Span(part.start, part.end), "put the AND in parentheses", "add parentheses", edits
    )
