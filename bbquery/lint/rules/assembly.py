"""BBQ401 to BBQ403: values put into the text of a query.

Something stands in for each interpolation of a text, and what comes of that is asked whether it is a query. An
interpolation is an injection where a value or a key stands: between quotes, in brackets, after the colon. One that
stands for a whole condition is none of our business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..._text import Span, truncate
from ...planning.requests import SESSIONS_PATH
from ...planning.urls import percent_encode
from ..extractors.assembled_text import AssembledText, ConstantText, Interpolation
from ..extractors.detection import decode_query, mentions_metadata, query_positions
from ..extractors.excerpt import Excerpt, Extraction
from ..findings import Finding, Fix
from ..rule_registry import RULES
from ..unknown_text import UnknownText
from .list_parameters import check_url_parameters
from .stand_ins import fill

if TYPE_CHECKING:
    from ..extractors.assembled_text import Fragment, Respell, Role


class Advice(NamedTuple):
    """The way out of each problem, in the words of a language. `bound` may depend on the query. `encoded` is None if a
    percent-encoded query is as it should be there.
    """

    bound: str | Callable[[AssembledText], str]
    unencoded: str
    encoded: str | None = None


def find_queries(
    pieces: Sequence[Fragment],
    span: Span,
    advice: Advice,
    extraction: Extraction,
    *,
    role: Role | None = None,
    respell: Respell | None = None,
) -> bool:
    """Add to `extraction` the queries in a text that stands at `span`, alone or as the `q` of a URL, plain or
    percent-encoded.

    Return whether the text is any of our business. `respell` is that of a text which is one literal.
    """
    if role in ("query", "wire"):
        _add_query(fill(pieces, is_query=True), span, advice, extraction, role, respell, is_wire=role == "wire")
        return True
    if role == "shown" or not any(
        isinstance(piece, ConstantText) and mentions_metadata(piece.text) for piece in pieces
    ):
        return role == "shown"
    whole = fill(pieces)
    end = 0  # of what is found
    for place, in_url in query_positions(whole.text):
        found = decode_query(whole.text[slice(*place)]) if place.start >= end else None
        if found is None:
            continue
        plain, offsets = found
        end = place.end
        source = Span(whole.starts[place.start], whole.ends[end - 1])
        if role == "unencoded":  # what encodes it now may do so twice: the checker says that of the text
            plain, offsets = whole.text[slice(*place)], None
        elif role is None and in_url and offsets is None:
            message = "the query stands in a URL without percent-encoding"
            extraction.findings.append(code_finding("BBQ403", message, source, advice.unencoded))
        elif role is None and advice.encoded and offsets is not None:
            extraction.findings.append(
                code_finding("BBQ402", "the query is percent-encoded by hand", source, advice.encoded)
            )
        # What is percent-encoded needs no escape in any language.
        written = percent_encode if respell and offsets is not None else respell
        is_wire = in_url and SESSIONS_PATH in whole.text[: place.start]
        if is_wire and role is None:
            extraction.findings.extend(check_url_parameters(whole.text, place, whole.locate))
        _add_query(whole.part(place, plain, offsets), source, advice, extraction, role, written, is_wire=is_wire)
    return end > 0


def code_finding(code: str, message: str, span: Span, hint: str | None = None, fix: Fix | None = None) -> Finding:
    """Return a finding on code."""
    return Finding(code, message, span, severity=RULES[code].severity, hint=hint, fix=fix)


# What a template has for a value that is filled in later. None of it can be stored (docs/service.md#f20), %s apart.
TEMPLATE_FIELD = re.compile(r"\$?\{\w*(?:![rsa])?(?::[^{}'\"]*)?\}|\{\{ *[\w.]+ *\}\}|%\(\w+\)s|%s")


def _add_query(
    query: AssembledText,
    span: Span,
    advice: Advice,
    extraction: Extraction,
    role: Role | None,
    respell: Respell | None,
    *,
    is_wire: bool,
) -> None:
    """Add the query, and findings on what is put into it.

    In a query that is used as it is, nothing is filled in later.
    """
    message = "{} is put into the text of the query: a quote in it changes what is asked for"
    if not query.holes and role not in ("query", "wire"):
        message = _FILLED_LATER
        query = query._replace(holes=_later(query))
    extraction.excerpts.append(_to_excerpt(query, span, respell)._replace(is_wire=is_wire))
    values = [hole for _, hole in query.holes if not (hole.harmless or hole.is_structural)]
    if values and role != "compared":  # what is only compared injects nothing
        hint = advice.bound if isinstance(advice.bound, str) else advice.bound(query)
        extraction.findings.extend(
            code_finding("BBQ401", message.format(truncate(" ".join(hole.code.split()), 40)), hole.span, hint)
            for hole in values
        )


_FILLED_LATER = "{} is filled in later, as text: a quote in it changes what is asked for"


def is_filled_later(finding: Finding) -> bool:
    """Return whether a finding is on a field of a template, which is filled in elsewhere."""
    return finding.code == "BBQ401" and finding.message.endswith(_FILLED_LATER.partition("}")[2])


def _later(query: AssembledText) -> list[tuple[Span, Interpolation]]:
    """Return the fields of a template."""
    found = [match for string in query.strings for match in TEMPLATE_FIELD.finditer(query.text, *string)]
    return [
        (Span(*match.span()), Interpolation(Span(query.starts[match.start()], query.ends[match.end() - 1]), match[0]))
        for match in found
    ]


def helper_excerpt(pieces: Sequence[Fragment], span: Span) -> Excerpt:
    """Return the query that the service gets from a helper, whose call stands at `span`."""
    query = fill(pieces, is_query=True)
    return _to_excerpt(query, span, None)._replace(span=span, is_wire=True, is_elsewhere=True)


def _to_excerpt(query: AssembledText, span: Span, respell: Respell | None) -> Excerpt:
    if not query.text:
        return Excerpt("", span, None, respell)
    span = Span(query.starts[0], query.ends[-1]) if not query.from_helper else span
    unknown = [UnknownText(at, hole.code, hole.is_structural) for at, hole in query.holes]
    if (
        not query.from_helper
        and query.starts == [*range(*span)]
        and query.ends == [*range(span.start + 1, span.end + 1)]
    ):
        return Excerpt(query.text, span, None, respell, None, unknown)
    offsets = [*query.starts, span.end]
    return Excerpt(query.text, span, offsets, respell, query.ends, unknown, from_helper=query.from_helper)
