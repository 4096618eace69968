"""Write what a hover shows: what a condition means, its canonical text, how the query is asked; or a rule's page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types as lsp

from .._text import Span
from ..errors import BBQueryError, QuerySyntaxError
from ..language.nodes import PREDICATES, Node, walk
from ..language.parser import parse_query
from ..lint.extractors.cursor_string import text_offset
from ..lint.extractors.excerpt import Excerpt
from ..lint.findings import Finding
from ..lint.formatter import canonical_text
from ..lint.recovery import RepairedText, repair
from ..lint.rule_pages import rule_address, rule_page
from ..lint.rule_registry import RULES
from ..planning.plan import Plan, describe_request
from ..query import parse
from .documents import Document
from .predicate_sentences import describe

if TYPE_CHECKING:
    from ..language.nodes import Predicate

_REQUESTS = 6
"""Requests that are listed; of more, only the number is given."""


def hover(document: Document, position: lsp.Position) -> lsp.Hover | None:
    """Return what there is to say about a place, or None where there is no query."""
    checked = document.checked
    if checked is None:
        return None
    offset = document.positions.offset(position)
    near = [each for each in checked.findings if each.span.start <= offset <= each.span.end]
    sections = [_rule_section(each) for each in {finding.code: finding for finding in near}.values()]
    excerpt = next((each for each in checked.excerpts if each.span.start <= offset <= each.span.end), None)
    where = near[0].span if near else None
    if excerpt is not None and (said := _query_section(excerpt, text_offset(excerpt, offset))):
        text, span = said
        sections.append(text)
        where = where or excerpt.locate(span)
    if where is None:
        return None
    contents = lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n---\n\n".join(sections))
    return lsp.Hover(contents, document.positions.range(where))


def _rule_section(finding: Finding) -> str:
    rule = RULES[finding.code]
    what = re.search(r"## What it does\s+(.+?)(?=\n#|\Z)", rule_page(rule.code), re.DOTALL)
    address = rule_address(rule.code)
    page = f"\n\n[{rule.code}]({address})" if address else ""
    return f"**{rule.name}** ({rule.code})\n\n{what[1].strip() if what else rule.summary}{page}"


def _query_section(excerpt: Excerpt, at: int) -> tuple[str, Span] | None:
    """Return what a query and the condition at a place of it mean, and where that stands; None if it is not a query."""
    repaired = RepairedText(excerpt.text, interpolated=excerpt.unknown)
    try:
        node = parse_query(excerpt.text, {})
    except QuerySyntaxError:
        repaired, repairs = repair(excerpt.text, excerpt.unknown)
        try:
            node = parse_query(repaired.text, {})
        except QuerySyntaxError:
            return None
        if repairs:
            return None
    lines = [f"```bbq\n{_canonical(excerpt, repaired)}\n```"]
    found = _predicate_at(node, repaired, at)
    span = Span(0, len(excerpt.text))
    if found is not None:
        predicate, span = found
        if not _is_known(repaired, span):
            lines.insert(0, "Part of this condition is put in at run time.")
        else:
            lines.insert(0, describe(predicate))
    if not excerpt.unknown:
        lines.append(_plan(repaired.text))
    return "\n\n".join(lines), span


def _canonical(excerpt: Excerpt, repaired: RepairedText) -> str:
    if excerpt.unknown:
        return repaired.shown(Span(0, len(repaired.text)))
    try:
        return canonical_text(excerpt.text)
    except QuerySyntaxError:
        return excerpt.text


def _predicate_at(node: Node, repaired: RepairedText, at: int) -> tuple[Predicate, Span] | None:
    for each in walk(node):
        if isinstance(each, PREDICATES) and each.span is not None:
            span = repaired.locate(each.span)
            if span.start <= at <= span.end:
                return each, span
    return None


def _is_known(repaired: RepairedText, span: Span) -> bool:
    unknown = [repaired.locate(each) for each in repaired.unknown]
    return not any(each.start < span.end and span.start < each.end for each in unknown)


def _plan(text: str) -> str:
    """Return how a query is asked, in Markdown."""
    try:
        plan: Plan = parse(text).plan("allow")
    except BBQueryError:
        return ""
    requests = plan.requests
    if not requests:
        return "No session can match: nothing is asked."
    said = [f"Asks for {describe_request(request)}" for request in requests[:_REQUESTS]]
    if len(requests) > _REQUESTS:
        said.append(f"… {len(requests):,} requests in all")
    said.append(f"Checks here: `{plan.residual}`" if plan.residual else "The requests answer it.")
    said += [f"Note: {reason}" for reason in plan.reasons]
    return "\n".join([f"- {line}" for line in said])
