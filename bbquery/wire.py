"""One request to the list endpoint ↔ its URL. Percent-encoding lives here and nowhere else.

Only RFC 3986 unreserved characters stay as they are: what this writes means the same to a decoder of URLs and to
one of forms (F3, F8), and no HTTP library has a reason to change it (F30).
"""

from __future__ import annotations

import re

from ._text import Span
from .errors import BuildError, NotAWireQuery, QuerySyntaxError
from .language.nodes import And, Equal, Not, Or, conjuncts
from .language.printer import format_query, needs_no_escape
from .language.session_fields import SESSION_FIELDS, SessionField
from .language.validation import equality_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .language.nodes import Node

BASE_URL = "https://api.browserbase.com"  # F27
SESSIONS = "/v1/sessions"


class ListRequest:
    """What the endpoint can be asked (F12): a `q`, a `status`, both or neither."""

    __slots__ = ("q", "status")

    def __init__(self, q: str | None = None, status: str | None = None) -> None:
        self.q = q
        self.status = status

    def params(self) -> dict[str, str]:
        """The parameters as plain text, `q` first."""
        pairs = (("q", self.q), ("status", self.status))
        return {name: value for name, value in pairs if value is not None}

    def target(self) -> str:
        """Path and query string."""
        query = "&".join([f"{name}={encode(value)}" for name, value in self.params().items()])
        return f"{SESSIONS}?{query}" if query else SESSIONS

    def url(self, base_url: str = BASE_URL) -> str:
        return base_url.rstrip("/") + self.target()


def encode(text: str | bytes) -> str:
    """Percent-encoded UTF-8; or bytes, percent-encoded as they are."""
    return "".join(map(_ENCODED.__getitem__, text.encode() if isinstance(text, str) else text))


_UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"  # RFC 3986
_ENCODED = [char if char in _UNRESERVED else f"%{ord(char):02X}" for char in map(chr, range(256))]


def curl(url: str) -> str:
    """A command for a POSIX shell. The key stays in the environment (F27)."""
    from shlex import quote

    return f'curl --globoff --silent --show-error {quote(url)} --header "X-BB-API-Key: $BROWSERBASE_API_KEY"'


# --- ast → request -----------------------------------------------------------------------------


def check_wire(node: Node) -> None:
    """NotAWireQuery, unless the query is a single equality that the service knows: then its text is the `q`."""
    if not isinstance(node, Equal) or isinstance(node.field, SessionField):
        raise NotAWireQuery(_needs_plan(node))
    for what, text in (*(("key", key) for key in node.field), ("value", node.value)):
        if not needs_no_escape(text):  # type: ignore[arg-type]  # metadata holds strings
            raise NotAWireQuery(
                f"the {what} {str(text)[:80]!a} cannot be sent: the service documents no escape for ' or \\ or control "
                "characters (F6); only a full listing can find it"
            )


def list_request(node: Node) -> ListRequest:
    """The one request that answers a query exactly: an equality, a status, or both ANDed."""
    q = status = None
    for part in conjuncts(node):
        if isinstance(part, Equal) and isinstance(part.field, SessionField) and part.field.name == "status":
            if status not in (None, part.value):
                raise NotAWireQuery("two statuses in one query cannot both hold, nor be asked in one request")
            status = part.value
        elif q is None:
            check_wire(part)
            q = format_query(part)
        else:
            raise NotAWireQuery(f"the service takes one equality at a time (F5), and {_short(part)} is one more")
    return ListRequest(q, status)  # type: ignore[arg-type]  # a status is a string


def _needs_plan(node: Node) -> str:
    if isinstance(node, And | Or | Not):
        joint = type(node).__name__.upper()
        return f"{_short(node)} needs a plan: the service answers one equality, not {joint} (F5)"
    return f"{_short(node)} needs a plan: the service answers only equality on user_metadata (F2), and status"


def _short(node: Node) -> str:
    text = format_query(node)
    return text if len(text) <= 80 else text[:80] + "…"


# --- text → parts ------------------------------------------------------------------------------

_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


def read_query_string(text: str) -> ListRequest | None:
    """The parameters of a URL or a query string; None for a text that is neither."""
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
                text=text, span=span, code="unknown-parameter", hint="it takes q and status (F12)",
            )  # fmt: skip
        if name in found:
            raise QuerySyntaxError(
                f"{name} is given twice", text=text, span=span, code="repeated-parameter", hint="leave one out"
            )
        value = Span(span.start + len(name) + 1, span.end)
        found[name] = unescape(text, value)
        if name == "status":
            _check_status(found[name], text, value)
    if not found:
        raise _nothing_to_decode(text)
    return ListRequest(found.get("q"), found.get("status"))


def _check_status(status: str, text: str, span: Span) -> None:
    try:
        equality_value(SESSION_FIELDS["status"], status)
    except BuildError as error:
        problem = error
    else:
        return
    raise QuerySyntaxError(problem.message, text=text, span=span, code=problem.code, hint=problem.hint)


def _nothing_to_decode(text: str) -> QuerySyntaxError:
    message = "there is no q and no status to decode"
    return QuerySyntaxError(message, text=text, span=Span(0, len(text)), code="empty-query")


def is_encoded(text: str) -> bool:
    """Whether a text holds a percent escape."""
    return _ESCAPED.search(text) is not None


def unescape(text: str, span: Span) -> str:
    """The part of a text under a span, decoded as a form is: `+` is a space, which every encoder writes so or `%20`."""
    source = text[span.start : span.end]
    stray = re.search(r"%(?![0-9A-Fa-f]{2})", source)
    if stray:
        at = span.start + stray.start()
        raise QuerySyntaxError(
            "% is not followed by two hexadecimal digits",
            text=text, span=Span(at, at + 1), code="bad-percent", hint="write %25 for a percent sign",
        )  # fmt: skip
    from urllib.parse import unquote_plus

    try:
        return unquote_plus(source, errors="strict")
    except UnicodeDecodeError:
        raise QuerySyntaxError(
            "the escapes are not UTF-8", text=text, span=span, code="bad-percent", hint="encode the text as UTF-8"
        ) from None


def unescaped(text: str) -> tuple[str, list[int]] | None:
    """A text decoded as a form is, and where each of its characters, and its end, begins in `text`; None where the
    escapes are not UTF-8 or a `%` begins none."""
    pieces: list[str] = []
    offsets: list[int] = []
    at = 0
    for run in re.finditer(r"(?:%[0-9A-Fa-f]{2})++|[%+]", text):
        if run[0] == "%":
            return None
        try:
            decoded = " " if run[0] == "+" else bytes.fromhex(run[0].replace("%", "")).decode()
        except UnicodeDecodeError:
            return None
        pieces += [text[at : run.start()], decoded]
        offsets += range(at, run.start())
        at = run.start()
        for char in decoded:
            offsets.append(at)
            at += 3 * len(char.encode())
        at = run.end()
    return "".join([*pieces, text[at:]]), [*offsets, *range(at, len(text) + 1)]


def check_base_url(url: str) -> None:
    """An absolute http or https URL without a query string."""
    if not re.fullmatch(r"https?://[^/?#]+(?:/[^?#]*)?", url) or not re.fullmatch(r"[!-~]+", url):
        # What is no URL may be a key in the wrong place, and what stands before an @ a password: neither is shown.
        shown = repr(url[:80]) if "://" in url and "@" not in url else "what is given"
        raise BuildError(f"{shown} is not a base URL", hint=f"write for example {BASE_URL}", code="bad-url")
