"""One request and what came of it: when to send it again (F28), and what an answer that is no success says (F29).

Nothing here sends anything: a clock and the jitter come from the caller.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

from .errors import ApiError, AuthenticationError, BuildError, NotFound, RateLimited

T = TypeVar("T")

MAX_SECONDS = 1e6  # what a socket can be told to wait for is not much more


class Request(msgspec.Struct, frozen=True):
    """One HTTP request, without the headers that are the same for all."""

    method: str
    url: str
    body: bytes | None = None
    repeatable: bool = True
    """Whether sending it twice does no harm. Creating a session is not: each success is a paid browser (F22)."""
    patient: bool = True
    """Whether to ask again for an answer that took too long."""

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


class Step(msgspec.Struct, frozen=True):
    """What a generator of `execution` asks its driver for; the reply comes back into it."""


class Send(Step, frozen=True):
    """Send the request, and give up `until` seconds after the operation began."""

    request: Request
    until: float


class Pause(Step, frozen=True):
    """Wait this many seconds."""

    seconds: float


class Fork(Step, frozen=True):
    """Begin to run these side by side. A `Next` for each of them follows, and no more than `Certain` in between."""

    steps: tuple[Steps[Any], ...]
    go_on: bool = True
    """Whether to begin the others still, once one has failed."""


class Next(Step, frozen=True):
    """Wait for one more of the fork to end."""


class Certain(Step, frozen=True):
    """Part of the result, which no later answer can change: for those who read along."""

    part: Any


class Ended(msgspec.Struct, frozen=True):
    """What one part of a fork returned, or raised."""

    value: Any = None
    error: BaseException | None = None


class Answer(msgspec.Struct, frozen=True):
    """A whole response. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray


class Failure(msgspec.Struct, frozen=True):
    """No whole response came. `again` is whether another try may fare better, `sent` whether the service may have
    been reached, `late` whether it was that the answer took too long."""

    reason: str
    again: bool = True
    sent: bool = True
    late: bool = False


class Reply(msgspec.Struct, frozen=True):
    """What came of a step. `elapsed` counts seconds since the operation began, `now` since 1970; `took` are those of
    the step itself."""

    elapsed: float
    now: float
    outcome: Answer | Failure | Ended | None = None
    took: float = 0.0


Steps: TypeAlias = Generator[Step, Reply, T]


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds to wait for a connection, for the next bytes of an answer, and for a whole call with its retries.

    The service itself can take 75 seconds to answer a `q` without a status (F9).
    """

    connect: float = 5.0
    read: float = 90.0
    total: float = 180.0

    def __post_init__(self) -> None:
        if not all(0 < seconds <= MAX_SECONDS for seconds in (self.connect, self.read, self.total)):
            raise BuildError(
                f"a timeout is a number of seconds, more than 0 and at most {MAX_SECONDS:,.0f}", code="bad-timeout"
            )


# --- retries (F28) -----------------------------------------------------------------------------

_RETRIED = frozenset({408, 409, 429})


def retry_delay(request: Request, reply: Reply, attempt: int, jitter: Callable[[], float]) -> float | None:
    """Seconds to wait before trying again; None for not at all."""
    if not request.repeatable:
        return None
    outcome = reply.outcome
    if isinstance(outcome, Failure) and (not outcome.again or (outcome.late and not request.patient)):
        return None
    if isinstance(outcome, Answer) and outcome.status == 504 and not request.patient:
        return None
    if isinstance(outcome, Answer):
        wish = outcome.headers.get("x-should-retry")
        if wish == "false" or (wish != "true" and outcome.status not in _RETRIED and outcome.status < 500):
            return None
        asked = retry_after(outcome.headers, reply.now)
        if asked is not None:
            return asked
    return float(0.5 * 2 ** min(attempt, 4) * (1 - 0.25 * jitter()))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that the service asks to wait: `retry-after-ms`, or `retry-after` in seconds or as a date."""
    from email.utils import parsedate_to_datetime

    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * scale
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - now
            except (ValueError, OverflowError):
                continue
        if seconds == seconds and seconds != float("inf"):
            return max(0.0, seconds)
    return None


# --- answers -----------------------------------------------------------------------------------

_HINTS = {
    401: "check BROWSERBASE_API_KEY; keys are in the dashboard's settings",
    403: "the key has no right to this",
    404: "there is no such thing, or the key does not see it",
}
KINDS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFound,
    429: RateLimited,
}


def hint(request: Request, status: int) -> str:
    """What to do about an error status, as the end of a message."""
    if status == 408 or status >= 500:
        return doubt(request)
    return f"; {_HINTS[status]}" if status in _HINTS else ""


def doubt(request: Request) -> str:
    if request.repeatable:
        return ""
    return "; it may have been carried out all the same, and is not tried again (F22)"


def said(body: str) -> str:
    """What an error body says (F29), in one line: JSON with a message or an error, a gateway's HTML, or plain text."""
    try:
        decoded = json.loads(body)
    except (ValueError, RecursionError):
        decoded = None
    if isinstance(decoded, dict):
        for name in ("message", "error"):
            if isinstance(decoded.get(name), str):
                return _line(decoded[name])
    if body.lstrip().startswith("<"):
        title = re.search(r"<title>([^<]{1,100})", body, re.IGNORECASE)
        return f"an HTML page from a gateway ({_line(title[1])})" if title else "an HTML page from a gateway"
    return _line(body) or "nothing"


def _line(text: str) -> str:
    """The start of a text, without what would disturb a terminal or a log."""
    shown = "".join([char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text[:600]])
    return " ".join(shown.split())[:300]
