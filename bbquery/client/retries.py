"""Decide whether and when to send a request again (docs/service.md#f28)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..errors import ApiError, BBQueryError
from .effects import EffectResult, HttpResponse, Request, TransportFailure

_RETRIED_STATUSES = frozenset({408, 409, 429})

_SHORTEST_PAUSE = 0.1
"""Seconds. It doubles with each try where the service asks for less, so that no answer makes the client hammer."""


def retry_delay(request: Request, result: EffectResult, attempt: int, jitter: Callable[[], float]) -> float | None:
    """Return the seconds to wait before the next try, or None to give up.

    `attempt` counts from 0. `jitter` gives numbers in [0, 1).
    """
    if not request.idempotent:
        return None
    outcome = result.outcome
    if isinstance(outcome, TransportFailure):
        if not outcome.retryable or (outcome.timed_out and not request.retry_on_timeout):
            return None
    elif isinstance(outcome, HttpResponse):
        if outcome.status == 504 and not request.retry_on_timeout:
            return None
        wish = outcome.headers.get("x-should-retry")
        if wish == "false" or (wish != "true" and outcome.status not in _RETRIED_STATUSES and outcome.status < 500):
            return None
        asked = retry_after(outcome.headers, result.now)
        if asked is not None:
            return max(asked, float(_SHORTEST_PAUSE * 2 ** min(attempt, 3)))
    return own_pause(attempt, jitter)


def own_pause(attempt: int, jitter: Callable[[], float]) -> float:
    """Return the seconds to wait where the service does not say: at random up to 0.5, 1, 2, 4 and then 8.

    All of it is random ("full jitter"), so that clients that failed together do not come back together.
    """
    return max(_SHORTEST_PAUSE, float(0.5 * 2 ** min(attempt, 4) * (1 - jitter())))


def is_refusal(error: BBQueryError) -> bool:
    """Return whether an error would be the same the next time: a 4xx other than those that are tried again."""
    return isinstance(error, ApiError) and error.status in range(400, 500) and error.status not in _RETRIED_STATUSES


def listing_pause(attempt: int, left: float) -> float | None:
    """Return the seconds to wait before listing again what is not there yet, or None if too little time is left.

    `attempt` counts from 0. The waits grow from half a second to eight, because the service may list a new session late
    (docs/service.md#f10).
    """
    if left < 0.5:
        return None
    # Half of what is left at most, so that the last listing still ends in time.
    return min(float(0.5 * 2 ** min(attempt, 4)), left / 2)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that the service asks to wait, or None if it does not say.

    It says so in `retry-after-ms`, or in `retry-after` as seconds or as a date; `now` is in seconds since 1970.
    """
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
        # Neither NaN nor infinity.
        if seconds == seconds and seconds != float("inf"):
            return max(0.0, seconds)
    return None
