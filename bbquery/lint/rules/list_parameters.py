"""BBQ304, BBQ407 and BBQ408: what code gives the list endpoint beside the query (docs/service.md#f12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from ..._text import Span, did_you_mean, suggest, truncate
from ...language.session_fields import STATUSES
from ..findings import Edit, Finding, Fix
from ..rule_registry import RULES

LIST_PARAMETERS = frozenset(("q", "status"))
_FEWEST_STATUSES = 2
"""So many of a set of words must be statuses for the others to be meant as such."""


def unknown_parameter(name: str, span: Span) -> Finding:
    """Return the finding for a parameter that the endpoint has not."""
    message = f"the list endpoint has no parameter {truncate(name, 40)!r}: it takes q and status"
    hint = "it has no pages: every session comes in one answer; leave it out"
    return Finding("BBQ407", message, span, severity=RULES["BBQ407"].severity, hint=hint)


def unknown_status(value: str, span: Span, write: Callable[[str], str] | None) -> Finding:
    """Return the finding for a status that the service has not. `write` is how the source spells another one."""
    near = suggest(value, STATUSES)
    fixes = [Fix(f"write {each}", Edit(span, write(each)), safe=False) for each in near or STATUSES] if write else []
    fix = fixes[0] if fixes and len(near) == 1 else None
    hint = did_you_mean(value, STATUSES) or f"the statuses are {' '.join(STATUSES)}"
    message = f"there is no status {truncate(value, 40)!r}"
    choices = () if fix else tuple(fixes)
    return Finding("BBQ304", message, span, severity=RULES["BBQ304"].severity, hint=hint, fix=fix, choices=choices)


def query_without_status(span: Span) -> Finding:
    """Return the finding for a `q` that has no status beside it (docs/service.md#f9)."""
    message = "on a large account a q without a status can take 75 s and end in a 504"
    hint = "give a status as well, once for each that you need"
    return Finding("BBQ408", message, span, severity=RULES["BBQ408"].severity, hint=hint)


def are_meant_as_statuses(words: Collection[str]) -> bool:
    """Return whether a set of words, as an enum lists them, is one of statuses."""
    return len(set(words) & set(STATUSES)) >= _FEWEST_STATUSES


_URL_PARAMETER = re.compile(r"[?&]([\w.-]+)=([^&\s\"'`#]*)")


def check_url_parameters(text: str, query: Span, locate: Callable[[Span], Span]) -> Iterator[Finding]:
    """Yield findings on the parameters of a URL of the list endpoint around its `q`. `locate` gives the source's."""
    start = max(text.rfind("?", 0, query.start), 0)
    end = re.compile(r"[\s\"'`#]|\Z").search(text, query.end)
    spans = (Span(start, query.start), Span(query.end, end.start() if end else len(text)))
    found = [match for span in spans for match in _URL_PARAMETER.finditer(text, *span)]
    for match in found:
        name, value = match.groups()
        if name not in LIST_PARAMETERS:
            yield unknown_parameter(name, locate(Span(*match.span(1))))
        elif name == "status" and re.fullmatch("[A-Z_]+", value) and value not in STATUSES:
            yield unknown_status(value, locate(Span(*match.span(2))), str)
    if not any(match[1] == "status" for match in found):
        yield query_without_status(locate(query))
