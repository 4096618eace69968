"""`Query` and the functions that make one.

A query never changes: combining two gives a third. It has no truth value, so that a slip such as `1 < meta["n"] < 5` or
`if query:` is an error and not a silent truth.
"""

from __future__ import annotations

from ._text import Span, truncate
from .errors import BuildError, NotAWireQuery, QuerySyntaxError
from .language import builder, validation
from .language.limits import SAFE_LENGTH, combine_sizes, measure_query
from .language.nodes import Node, Not, and_of, or_of
from .language.printer import format_query
from .planning import requests
from .planning.urls import BASE_URL, curl_command, decode_form, is_encoded, percent_encode, require_base_url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from typing import Any, Literal, NoReturn, TypeVar

    from .language.limits import QuerySize
    from .planning.plan import Plan
    from .planning.requests import ListRequest
    from .semantics.evaluator import FilterFunction, MatchFunction, SessionShape
    from .semantics.layouts import Layout
    from .sessions.records import Session

    S = TypeVar("S", Session, Mapping[str, Any])

_set = object.__setattr__


class Query:
    """A query.

    `parse`, `from_dict`, `meta`, `field` and the other builders make one; `str` gives its canonical text.
    """

    __slots__ = ("_extent", "_made", "_text", "ast")
    ast: Node
    _text: str | None
    _extent: QuerySize | None
    _made: dict[tuple[str, SessionShape], MatchFunction | FilterFunction] | None
    """The functions compiled so far."""

    def __init__(self, ast: Node) -> None:
        if not isinstance(ast, Node):
            raise BuildError(
                f"a Query is made of a tree, not of a {type(ast).__name__}", hint="use bbquery.parse for a text"
            )
        _set(self, "ast", ast)
        _set(self, "_text", None)
        _set(self, "_extent", None)
        _set(self, "_made", None)

    def __str__(self) -> str:
        if self._text is None:
            _set(self, "_text", format_query(self.ast))
            return str(self)
        return self._text

    def __repr__(self) -> str:
        return f"bbquery.parse({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return self.ast == other.ast if isinstance(other, Query) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.ast)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Query, (self.ast,))

    def __copy__(self) -> Query:
        return self

    def __deepcopy__(self, memo: object) -> Query:
        return self

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Query is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a Query is immutable")

    def __bool__(self) -> NoReturn:
        raise BuildError(
            "a query is neither true nor false",
            hint="combine with & | ~ instead of and, or, not; write a range as (a < f) & (f < b)",
            code="truth-value",
        )

    # --- combining -------------------------------------------------------------------------

    def __and__(self, other: Query) -> Query:
        return all_of(self, other)

    def __or__(self, other: Query) -> Query:
        return any_of(self, other)

    def __invert__(self) -> Query:
        return _combine(Not(self.ast), [self])

    # The left operand is not a query.
    def __rand__(self, other: object) -> Query:
        return all_of(other, self)  # type: ignore[arg-type]  # it says what is wrong

    def __ror__(self, other: object) -> Query:
        return any_of(other, self)  # type: ignore[arg-type]  # the same

    # --- the service's form ----------------------------------------------------------------

    def wire(self) -> str:
        """Return the text for `q`.

        Raise NotAWireQuery if the query is not a single equality that the service knows (docs/service.md#f1).
        """
        requests.require_wire_query(self.ast)
        return str(self)

    def encode(self) -> str:
        """Return `wire()`, percent-encoded (docs/service.md#f3)."""
        return percent_encode(self.wire())

    def params(self) -> dict[str, str]:
        """Return `q` and `status` as plain text, for an HTTP client that encodes them or for the official SDK.

        Raise NotAWireQuery if one request cannot answer the query exactly.
        """
        return self.list_request().params()

    def url(self, base_url: str = BASE_URL) -> str:
        """Return the finished URL of that request."""
        require_base_url(base_url)
        return self.list_request().url(base_url)

    def curl(self, base_url: str = BASE_URL) -> str:
        """Return a shell command that sends the request, whatever the values hold.

        The key comes from the environment (docs/service.md#f27).
        """
        return curl_command(self.url(base_url))

    def list_request(self) -> ListRequest:
        """Return the one request that answers this query exactly. Raise NotAWireQuery if there is none."""
        return requests.list_request(self.ast)

    # --- evaluation and planning -----------------------------------------------------------

    def matches(self, session: Session | Mapping[str, Any], *, now: datetime | None = None) -> bool:
        """Return whether a session matches: a `Session`, or the mapping that the API returns. No content makes it
        raise.

        `now` is what `now` in the query stands for, and up to when a running session has lasted: the present unless
        given.
        """
        test: MatchFunction = self._compiled("test", session)
        return test(session, validation.run_instant(now))

    def filter(self, sessions: Iterable[S], *, now: datetime | None = None) -> Iterator[S]:
        """Yield the sessions that match, lazily and in their order. `now` is one instant for all of them."""
        instant = validation.run_instant(now)
        rest, end = iter(sessions), object()
        session: Any = next(rest, end)
        while session is not end:  # once for each run of one type
            matching: FilterFunction = self._compiled("filter", session)
            session = yield from matching(session, rest, instant, end)

    def _compiled(self, form: Literal["test", "filter"], session: object) -> Any:
        """Return the query as a function for this kind of session: a `MatchFunction` or a `FilterFunction`."""
        shape: SessionShape = "mapping"
        if not isinstance(session, dict) and not hasattr(session, "keys"):
            # Only our own records tell what was odd; the class is not imported, because msgspec takes its time.
            shape = "record" if "raw" in getattr(session, "__struct_fields__", ()) else "object"
        if shape != "mapping" and not hasattr(session, "user_metadata"):
            raise BuildError(
                f"a value of type {type(session).__name__} is not a session",
                hint="give a Session or the API's mapping",
                code="wrong-type",
            )
        made = self._made
        if made is None:
            made = {}
            _set(self, "_made", made)
        function = made.get((form, shape))
        if function is None:
            from .semantics.evaluator import compile_filter, compile_test

            function = made[form, shape] = (compile_test if form == "test" else compile_filter)(self.ast, shape)
        return function

    def plan(self, scan: Literal["allow", "forbid"] = "allow") -> Plan:
        """Return how the service can be asked.

        Raise FullScanRefused if that needs a listing of every session and `scan` is "forbid".
        """
        from .planning.planner import plan

        if scan not in ("allow", "forbid"):
            raise BuildError(f"scan is 'allow' or 'forbid', not {scan!r}", code="bad-scan")
        return plan(self.ast, allow_full_scan=scan == "allow")

    def sql(
        self, dialect: str, layout: Layout | None = None, *, now: datetime | None = None, superset: bool = False
    ) -> str:
        """Return a boolean SQL expression that is true for exactly the rows whose session matches, and never NULL.

        `dialect` is `duckdb`, `postgres`, `spark`, `databricks`, `bigquery`, `snowflake` or `trino`. The first three
        are tested on the engine itself. `layout` says where things stand: in an archive's files unless given. `now` is
        what `now` in the query stands for: the present unless given. With `superset`, a part that the dialect cannot
        say exactly becomes one that holds for more rows.

        Raise NotSqlQuery for such a part otherwise.
        """
        from .semantics.layouts import Layout
        from .semantics.sql import to_sql

        layout = Layout.archive() if layout is None else layout
        return to_sql(self.ast, dialect, layout, validation.run_instant(now), superset=superset)

    # --- other forms -----------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """Return nested keys and strings, the inverse of `from_dict`. Raise BuildError if the query is not an AND of
        equalities.
        """
        return builder.tree_to_dict(self.ast)

    def to_json(self) -> str:
        """Return the tree as JSON, as `bbquery schema` describes it."""
        from .language.json_format import tree_to_json

        return tree_to_json(self.ast)


def within_limits(node: Node) -> Query:
    """Return the query of a small tree. Raise BuildError if its text is too large."""
    query = Query(node)
    if len(str(query)) > SAFE_LENGTH:
        _size_of(query).check()
    return query


def _combine(node: Node, parts: Iterable[Query]) -> Query:
    """Return the query of a node from those of its parts. Raise BuildError if its text is too large."""
    extents = [(part.ast, _size_of(part)) for part in parts]
    extent = combine_sizes(node, extents)
    extent.check()
    query = Query(node)
    _set(query, "_extent", extent)
    return query


def _size_of(query: Query) -> QuerySize:
    if query._extent is None:
        _set(query, "_extent", measure_query(query.ast))
        return _size_of(query)
    return query._extent


def _require_queries(given: tuple[object, ...], caller: str) -> list[Query]:
    if len(given) == 1 and not isinstance(given[0], Query | str) and hasattr(given[0], "__iter__"):
        given = tuple(given[0])
    return [_require_query(query, f"{caller} combines queries") for query in given]


def _require_query(query: object, takes: str) -> Query:
    if isinstance(query, Query):
        return query
    raise BuildError(
        f"{takes}, and got a value of type {type(query).__name__}",
        hint="use bbquery.parse for a text, and put comparisons in parentheses: (a == b) & (c == d)",
        code="wrong-type",
    )


def all_of(*queries: Query | Iterable[Query]) -> Query:
    """Return the AND of queries, given one by one or as a list. Raise BuildError if there are none."""
    parts = _require_queries(queries, "all_of")
    node = and_of([query.ast for query in parts])
    return parts[0] if len(parts) == 1 else _combine(node, parts)


def any_of(*queries: Query | Iterable[Query]) -> Query:
    """Return the OR of queries, given one by one or as a list. Raise BuildError if there are none."""
    parts = _require_queries(queries, "any_of")
    node = or_of([query.ast for query in parts])
    return parts[0] if len(parts) == 1 else _combine(node, parts)


def simplify(query: Query) -> Query:
    """Return a query that matches the same sessions and is never longer; the query itself if nothing can be gained."""
    from .semantics.simplifier import simplify_node as rewritten

    given = _require_query(query, "simplify takes a query")
    node = rewritten(given.ast)
    return given if node is given.ast else Query(node)


def _not_a_text(function: str, value: object) -> BuildError:
    from .language.conversion_hints import text_hint

    return BuildError(f"{function} takes a str, not {type(value).__name__}", hint=text_hint(value), code="wrong-type")


def parse(text: str, /, **values: object) -> Query:
    """Parse a query. `$name` in it stands for the value given as `name=…`, which can never change the shape of the
    query.

    A list stands for one of its values. Raise QuerySyntaxError if the text is not a query, a value does not suit its
    place, or a name is missing or unused.
    """
    from .language.parser import parse_query as read

    if not isinstance(text, str):
        raise _not_a_text("parse", text)
    return Query(read(text, values))


def as_query(query: Query | str | None) -> Query | None:
    """Return a query, given as such or as its text."""
    if isinstance(query, str):
        return parse(query)
    if query is None or isinstance(query, Query):
        return query
    raise BuildError(
        f"expected a Query or its text, got {type(query).__name__}",
        hint="bbquery.from_dict makes a query from a dict",
        code="wrong-type",
    )


def from_dict(mapping: Mapping[str, Any]) -> Query:
    """Return the AND of the leaves of a nested mapping. Raise BuildError for a leaf that is not a string."""
    return within_limits(builder.tree_from_dict(mapping))


def from_json(source: str | bytes | dict[str, Any]) -> Query:
    """Return the query of `Query.to_json`: of the text, or of the decoded object. Raise BuildError with a JSON path
    otherwise.
    """
    from .language.json_format import tree_from_json as read

    return Query(read(source))


def decode(text: str) -> Query:
    """Return the query in a URL, a query string, an encoded `q` or a plain one. A `status` beside a `q` is ANDed to it.

    Raise QuerySyntaxError if there is none, or if the text was percent-encoded twice.
    """
    if not isinstance(text, str):
        raise _not_a_text("decode", text)
    request = requests.parse_query_string(text)
    if request is None:
        return _decode_q(text)
    parts = [_parse_decoded(request.q)] if request.q is not None else []
    if request.status is not None:
        parts.append(Query(builder.status(request.status)))
    return all_of(parts)


def _decode_q(text: str) -> Query:
    if not is_encoded(text):
        return parse(text)
    try:
        return parse(text)
    except QuerySyntaxError:
        return _parse_decoded(decode_form(text, Span(0, len(text))))


def _parse_decoded(text: str) -> Query:
    """Read a `q` that has been percent-decoded once, which must be enough."""
    try:
        return parse(text)
    except QuerySyntaxError as error:
        if not is_encoded(text):
            raise
        try:
            again = parse(decode_form(text, Span(0, len(text))))
        except QuerySyntaxError:
            raise error from None
    raise QuerySyntaxError(
        "the query is percent-encoded twice",
        text=text,
        span=Span(0, len(text)),
        code="double-encoded",
        hint=f"encode it once: {truncate(again.encode() if _is_wire(again) else str(again), 200)}",
    )


def _is_wire(query: Query) -> bool:
    try:
        query.wire()
    except NotAWireQuery:
        return False
    return True
