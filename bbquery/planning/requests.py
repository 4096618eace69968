"""Requests to the list endpoint, and which queries fit into one of them."""

from __future__ import annotations

import re

from .._text import Span
from ..errors import BuildError, NotAWireQuery, QuerySyntaxError
from ..language.nodes import And, Equal, Not, Or, conjuncts
from ..language.printer import format_query, needs_no_escape, preview
from ..language.session_fields import SESSION_FIELDS, SessionField
from ..language.validation import equality_value
from .urls import BASE_URL, decode_form, percent_encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..language.nodes import Node

SESSIONS_PATH = "/v1/sessions"


class ListRequest:
    """A request to the list endpoint (docs/service.md#f12): a `q`, a `status`, both or neither."""

    __slots__ = ("q", "status")

    def __init__(self, q: str | None = None, status: str | None = None) -> None:
        self.q = q
        self.status = status

    def params(self) -> dict[str, str]:
        """Return the parameters as plain text, `q` first."""
        pairs = (("q", self.q), ("status", self.status))
        return {name: value for name, value in pairs if value is not None}

    def target(self) -> str:
        """Return the path and the query string."""
        query = "&".join([f"{name}={percent_encode(value)}" for name, value in self.params().items()])
        return f"{SESSIONS_PATH}?{query}" if query else SESSIONS_PATH

    def url(self, base_url: str = BASE_URL) -> str:
        """Return the whole URL."""
        return base_url.rstrip("/") + self.target()


# --- ast → request -----------------------------------------------------------------------------


def require_wire_query(node: Node) -> None:
    """Raise NotAWireQuery if the query is not a single equality that the service knows.

    Otherwise its text is the `q`.
    """
    if not isinstance(node, Equal) or isinstance(node.field, SessionField):
        raise NotAWireQuery(_needs_plan(node))
    for what, text in (*(("key", key) for key in node.field), ("value", node.value)):
        if not needs_no_escape(text):  # type: ignore[arg-type]  # metadata holds strings
            raise NotAWireQuery(
                f"the {what} {str(text)[:80]!a} cannot be sent: the service documents no escape for ' or \\ or control "
                "characters; only a full listing can find it"
            )


def list_request(node: Node) -> ListRequest:
    """Return the one request that answers a query exactly: an equality, a status, or both ANDed."""
    q = status = None
    for part in conjuncts(node):
        if isinstance(part, Equal) and isinstance(part.field, SessionField) and part.field.name == "status":
            if status not in (None, part.value):
                raise NotAWireQuery("two statuses in one query cannot both hold, nor be asked in one request")
            status = part.value
        elif q is None:
            require_wire_query(part)
            q = format_query(part)
        else:
            raise NotAWireQuery(f"the service takes one equality at a time, and {preview(part)} is one more")
    return ListRequest(q, status)  # type: ignore[arg-type]  # a status is a string


def _needs_plan(node: Node) -> str:
    if isinstance(node, And | Or | Not):
        joint = type(node).__name__.upper()
        return f"{preview(node)} needs a plan: the service answers one equality, not {joint}"
    return f"{preview(node)} needs a plan: the service answers only equality on user_metadata, and status"


# --- text → parts ------------------------------------------------------------------------------


def parse_query_string(text: str) -> ListRequest | None:
    """Return the parameters of a URL or a query string, or None for a text that is neither."""
    match = re.match(r"[ \t\r\n]*(?:(?:https?://|/)[^?#]*)?(?:\?|(?=(?:q|status)=))([^#]*)", text)
    if match is None and not re.match(r"[ \t\r\n]*https?://", text):
        return None
    if match is None:
        raise _nothing_to_decode(text)
    found: dict[str, str] = {}
    for piece in re.finditer(r"[^&]+", match[1].rstrip(" \t\r\n")):
        name = piece[0].partition("=")[0]
        span = Span(match.start(1) + piece.start(), match.start(1) + piece.end())
        if name not in ("q", "status"):
            raise QuerySyntaxError(
                f"the list endpoint has no parameter {name[:40]!r}",
                text=text, span=span, code="unknown-parameter", hint="it takes q and status",
            )  # fmt: skip
        if name in found:
            raise QuerySyntaxError(
                f"{name} is given twice", text=text, span=span, code="repeated-parameter", hint="leave one out"
            )
        value = Span(span.start + len(name) + 1, span.end)
        found[name] = decode_form(text, value)
        if name == "status":
            _check_status(found[name], text, value)
    if not found:
        raise _nothing_to_decode(text)
    return ListRequest(found.get("q"), found.get("status"))


def _check_status(status: str, text: str, span: Span) -> None:
    try:
        equality_value(SESSION_FIELDS["status"], status)
    except BuildError as error:
        raise QuerySyntaxError(error.message, text=text, span=span, code=error.code, hint=error.hint) from None


def _nothing_to_decode(text: str) -> QuerySyntaxError:
    message = "there is no q and no status to decode"
    return QuerySyntaxError(message, text=text, span=Span(0, len(text)), code="empty-query")
