"""From a response or a failure to an exception, with the API key redacted."""

from __future__ import annotations

import json
import re

from ..errors import (
    ApiError,
    AuthenticationError,
    BadRequest,
    BBQueryError,
    NotFound,
    RateLimited,
    ServerError,
    TransportError,
)
from ..sessions.decoding import first_characters
from .effects import EffectResult, HttpResponse, Request, TransportFailure
from .retries import retry_after

_HINTS = {
    401: "check BROWSERBASE_API_KEY; keys are in the dashboard's settings",
    403: "the key has no right to this",
    404: "there is no such thing, or the key does not see it",
}
STATUS_ERRORS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFound,
    429: RateLimited,
}


_SHORTEST_SECRET = 8


class KeyRedactor:
    """Hides the API key in what a server sends back, star by star, so that no later cut leaves a part of it."""

    def __init__(self, key: str) -> None:
        self._key = key
        # A short key is that of a test. As a part of other words it would hide ids, and it is no secret.
        self._is_secret = len(key) >= _SHORTEST_SECRET

    def redact(self, text: str) -> str:
        """Return the text with stars in place of the key."""
        return text.replace(self._key, "*" * len(self._key)) if self._is_secret or text == self._key else text

    def first_characters(self, body: bytes | bytearray, size: int = 80) -> str:
        """Return the start of a body as text that an error can show."""
        # A key that reaches over the cut would leave its start behind.
        head = bytes(body[: size + len(self._key)])
        if self._is_secret:
            head = head.replace(self._key.encode(), b"*" * len(self._key))
        return first_characters(head, size)


def to_error(request: Request, result: EffectResult, attempts: int, redactor: KeyRedactor) -> BBQueryError:
    """Return the exception for a request that failed after so many attempts."""
    outcome = result.outcome
    tried = f" (tried {attempts} times)" if attempts > 1 else ""
    if isinstance(outcome, HttpResponse):
        return _api_error(request, outcome, result.now, tried, redactor)
    assert isinstance(outcome, TransportFailure), "only a SendRequest fails"
    hint = uncertainty_hint(request) if outcome.sent else ""
    return TransportError(
        f"{request}: {_shown(redactor.redact(outcome.reason))}{tried}{hint}",
        late=outcome.timed_out,
        sent=outcome.sent,
    )


def _api_error(request: Request, response: HttpResponse, now: float, tried: str, redactor: KeyRedactor) -> BBQueryError:
    status, headers = response.status, response.headers
    if 300 <= status < 400:
        target = redactor.redact(headers.get("location", "nowhere"))[:200]
        return TransportError(
            f"{request}: redirected to {target!a}; redirects are not followed, so that the key stays with its "
            "host: set the base URL to where the API is"
        )
    body = redactor.first_characters(response.body, 2_000)
    kind = STATUS_ERRORS.get(status, ServerError if status >= 500 else BadRequest)
    # Redact the message once more: JSON can escape the characters of a key, so that only decoding shows it.
    message = redactor.redact(error_message(body))
    return kind(
        f"{request} answered {status}{tried}: {message}{status_hint(request, status)}",
        status=status,
        request=f"{request.method} {request.url}",
        request_id=_one_line(redactor.redact(headers["x-request-id"])) if "x-request-id" in headers else None,
        body="\n".join(map(_shown, body.split("\n"))),
        retry_after=retry_after(headers, now),
    )


def status_hint(request: Request, status: int) -> str:
    """Return what to do about an error status, as the end of a message."""
    if status == 408 or status >= 500:
        return uncertainty_hint(request)
    return f"; {_HINTS[status]}" if status in _HINTS else ""


def uncertainty_hint(request: Request) -> str:
    """Return a warning that a request may have been carried out, if it was not idempotent; otherwise nothing."""
    if request.idempotent:
        return ""
    # Each session is a paid browser (docs/service.md#f22).
    return "; it may have been carried out all the same, and is not tried again, as each success is paid for"


def error_message(body: str) -> str:
    """Return what an error body says (docs/service.md#f29), in one line.

    The body is JSON with a message or an error, a gateway's HTML page, or plain text.
    """
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        decoded = None
    if isinstance(decoded, dict):
        for name in ("message", "error"):
            if isinstance(decoded.get(name), str):
                return _one_line(decoded[name])
    if body.lstrip().startswith("<"):
        title = re.search(r"<title>([^<]{1,100})", body, re.IGNORECASE)
        return f"an HTML page from a gateway ({_one_line(title[1])})" if title else "an HTML page from a gateway"
    return _one_line(body) or "nothing"


def _one_line(text: str) -> str:
    """Return the start of a text in one line."""
    return " ".join(_shown(text[:600]).split())[:300]


def _shown(text: str) -> str:
    """Return a text without characters that would disturb a terminal or a log. JSON stays the same JSON."""
    if text.isprintable():
        return text
    return "".join([char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text])
