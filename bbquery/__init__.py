"""The query language of Browserbase session metadata.

Every public name is here. Each is loaded on first use, so that `import bbquery` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import metadata
    from ._text import Span
    from ._version import __version__
    from .archive import Archive
    from .client import AsyncClient, Client
    from .client.creation import SessionNotRecovered
    from .client.settings import Timeout
    from .client.streams import AsyncSessionStream, SessionStream
    from .client.waiting import WaitTimeout
    from .errors import (
        ApiError,
        ArchiveError,
        AuthenticationError,
        BadRequest,
        BBQueryError,
        BuildError,
        DecodeError,
        Diagnostic,
        FullScanRefused,
        NotAWireQuery,
        NotFound,
        NotSqlQuery,
        QuerySyntaxError,
        RateLimited,
        ServerError,
        SessionCreatedError,
        TransportError,
    )
    from .fields import field, meta
    from .lint import check
    from .lint.checked_text import CheckedText
    from .lint.completions import Completion
    from .lint.extractors.excerpt import Excerpt
    from .lint.findings import Edit, Finding, Fix
    from .lint.linter import Linter
    from .planning.plan import Plan
    from .query import Query, all_of, any_of, decode, from_dict, from_json, parse, simplify
    from .semantics.layouts import Layout
    from .sessions.records import CreatedSession, Project, ProjectUsage, RecordProblem, Session
    from .sessions.results import Release, SessionList, Trace
    from .usage import UsageReport, measure_usage

__all__ = [
    "ApiError",
    "Archive",
    "ArchiveError",
    "AsyncClient",
    "AsyncSessionStream",
    "AuthenticationError",
    "BBQueryError",
    "BadRequest",
    "BuildError",
    "CheckedText",
    "Client",
    "Completion",
    "CreatedSession",
    "DecodeError",
    "Diagnostic",
    "Edit",
    "Excerpt",
    "Finding",
    "Fix",
    "FullScanRefused",
    "Layout",
    "Linter",
    "NotAWireQuery",
    "NotFound",
    "NotSqlQuery",
    "Plan",
    "Project",
    "ProjectUsage",
    "Query",
    "QuerySyntaxError",
    "RateLimited",
    "RecordProblem",
    "Release",
    "ServerError",
    "Session",
    "SessionCreatedError",
    "SessionList",
    "SessionNotRecovered",
    "SessionStream",
    "Span",
    "Timeout",
    "Trace",
    "TransportError",
    "UsageReport",
    "WaitTimeout",
    "__version__",
    "all_of",
    "any_of",
    "check",
    "decode",
    "field",
    "from_dict",
    "from_json",
    "measure_usage",
    "meta",
    "metadata",
    "parse",
    "simplify",
]

# Where each of them lives. The imports above tell type checkers the same; a test holds the two together.
_HOMES = {
    "errors": (
        "ApiError ArchiveError AuthenticationError BBQueryError BadRequest BuildError DecodeError Diagnostic "
        "FullScanRefused NotAWireQuery NotFound NotSqlQuery QuerySyntaxError RateLimited ServerError "
        "SessionCreatedError TransportError"
    ),
    "_text": "Span",
    "_version": "__version__",
    "archive": "Archive",
    "client": "AsyncClient Client",
    "client.creation": "SessionNotRecovered",
    "client.settings": "Timeout",
    "client.streams": "AsyncSessionStream SessionStream",
    "client.waiting": "WaitTimeout",
    "fields": "field meta",
    "lint": "check",
    "lint.checked_text": "CheckedText",
    "lint.completions": "Completion",
    "lint.extractors.excerpt": "Excerpt",
    "lint.findings": "Edit Finding Fix",
    "lint.linter": "Linter",
    "planning.plan": "Plan",
    "query": "Query all_of any_of decode from_dict from_json parse simplify",
    "semantics.layouts": "Layout",
    "sessions.records": "CreatedSession Project ProjectUsage RecordProblem Session",
    "sessions.results": "Release SessionList Trace",
    "usage": "UsageReport measure_usage",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}


if not TYPE_CHECKING:  # so that a type checker reports unknown names

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name == "metadata":
            return import_module(".metadata", __name__)
        try:
            module = import_module("." + _HOME[name], __name__)
        except KeyError:
            raise _unknown_name(name) from None
        value = globals()[name] = getattr(module, name)
        return value


def _unknown_name(name: str) -> AttributeError:
    message = f"module {__name__!r} has no attribute {name!r}"
    if name.startswith("_"):  # how Python asks what a module can do
        return AttributeError(message)
    from ._text import did_you_mean

    hint = _ELSEWHERE.get(name) or did_you_mean(name, __all__)
    return AttributeError(f"{message}; {hint}" if hint else message)


_ELSEWHERE = {
    "encode": "write bbquery.parse(text).encode()",
    "url": "write bbquery.parse(text).url()",
    "quote": "nothing has to be quoted: bbquery.parse(text, name=value)",
    "Browserbase": "write bbquery.Client()",
    "connect": "write bbquery.Client()",
    "filter": "write bbquery.parse(text).filter(sessions)",
}
"""Names that people look for here, and what they mean."""


def __dir__() -> list[str]:
    return list(__all__)
